//! `portcullis docker import-socket-proxy`: the variables of Tecnativa's docker-socket-proxy, printed as rules of
//! docker-allowlist.
//!
//! A variable opens the paths that begin with its name, for GET and HEAD; with `POST=1` for every method (its README and
//! `haproxy.cfg`). A new variable is one row of [`VARIABLES`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::{note, print};
use portcullis_server::ServeError;

/// Files of variables are short.
const MAX_BYTES: u64 = 1 << 20;
/// Opens methods other than GET and HEAD.
const POST: &str = "POST";
/// Variables about the proxy itself.
const ITS_OWN: [&str; 7] =
    ["BIND_CONFIG", "DISABLE_IPV6", "LOG_LEVEL", "PROXY_CONTAINER", "SOCKET_PATH", "TZ", "UMASK"];

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file with the variables, one `NAME=value` on each line
    #[arg(value_name = "ENVFILE")]
    variables: PathBuf,
}

/// A variable, and the operations that it opens.
struct Variable {
    name: &'static str,
    /// Whether it is on where it is not set.
    is_default: bool,
    /// By GET and HEAD.
    reads: &'static str,
    /// By other methods.
    writes: &'static str,
    /// Whether one of the operations gives power over the host.
    opens_host: bool,
}

const fn variable(name: &'static str, reads: &'static str, writes: &'static str) -> Variable {
    Variable { name, is_default: false, reads, writes, opens_host: false }
}

const fn on(name: &'static str, reads: &'static str) -> Variable {
    Variable { is_default: true, ..variable(name, reads, "") }
}

const fn opening_host(name: &'static str, reads: &'static str, writes: &'static str) -> Variable {
    Variable { opens_host: true, ..variable(name, reads, writes) }
}

const VARIABLES: [Variable; 29] = [
    on("EVENTS", "SystemEvents"),
    on("PING", "SystemPing SystemPingHead"),
    on("VERSION", "SystemVersion"),
    variable("ALLOW_RESTARTS", "", "ContainerKill ContainerRestart ContainerStop"),
    variable("ALLOW_START", "", "ContainerStart"),
    variable("ALLOW_STOP", "", "ContainerStop"),
    variable("ALLOW_PAUSE", "", "ContainerPause"),
    variable("ALLOW_UNPAUSE", "", "ContainerUnpause"),
    variable("AUTH", "", "SystemAuth"),
    variable("BUILD", "", "BuildCancel BuildPrune ImageBuild"),
    variable("COMMIT", "", "ImageCommit"),
    variable("CONFIGS", "ConfigInspect ConfigList", "ConfigCreate ConfigDelete ConfigUpdate"),
    variable(
        "CONTAINERS",
        "CheckpointList ContainerArchive ContainerArchiveInfo ContainerAttachWebsocket ContainerChanges ContainerExport \
         ContainerInspect ContainerList ContainerLogs ContainerStats ContainerTop",
        "CheckpointCreate CheckpointDelete ContainerAttach ContainerCopy ContainerCreate ContainerDelete ContainerExec \
         ContainerKill ContainerLogsClear ContainerPause ContainerPrune ContainerRename ContainerResize ContainerRestart \
         ContainerStart ContainerStop ContainerUnpause ContainerUpdate ContainerWait PutContainerArchive",
    ),
    variable("DISTRIBUTION", "DistributionInspect", ""),
    variable("EXEC", "ExecInspect", "ExecResize ExecStart"),
    opening_host("GRPC", "", "Grpc"),
    variable(
        "IMAGES",
        "ImageGet ImageGetAll ImageHistory ImageInspect ImageList ImageSearch",
        "ImageCreate ImageDelete ImageLoad ImagePrune ImagePush ImageTag",
    ),
    variable("INFO", "SystemInfo", ""),
    variable(
        "NETWORKS",
        "NetworkInspect NetworkList",
        "NetworkConnect NetworkCreate NetworkDelete NetworkDisconnect NetworkPrune",
    ),
    opening_host("NODES", "NodeInspect NodeList", "NodeDelete NodeUpdate"),
    opening_host(
        "PLUGINS",
        "GetPluginPrivileges PluginInspect PluginList",
        "PluginCreate PluginDelete PluginDisable PluginEnable PluginPull PluginPush PluginSet PluginUpgrade",
    ),
    variable("SECRETS", "SecretInspect SecretList", "SecretCreate SecretDelete SecretUpdate"),
    variable(
        "SERVICES",
        "ServiceInspect ServiceList ServiceLogs",
        "ServiceCreate ServiceDelete ServiceUpdate",
    ),
    opening_host("SESSION", "", "Session"),
    opening_host(
        "SWARM",
        "SwarmInspect SwarmUnlockkey",
        "SwarmInit SwarmJoin SwarmLeave SwarmUnlock SwarmUpdate",
    ),
    variable("SYSTEM", "SystemDataUsage", ""),
    variable("TASKS", "TaskInspect TaskList TaskLogs", ""),
    variable("VOLUMES", "VolumeInspect VolumeList", "VolumeCreate VolumeDelete VolumePrune VolumeUpdate"),
    // Opens no path of its own.
    variable(POST, "", ""),
];

/// The rules, and what a person should know.
#[derive(Debug)]
struct Imported {
    toml: String,
    warnings: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let wrong = |what: String| ServeError::Usage(format!("`{}`: {what}", arguments.variables.display()));
    let length = std::fs::metadata(&arguments.variables).map_err(|error| wrong(error.to_string()))?.len();
    if length > MAX_BYTES {
        return Err(wrong("it has more than 1 MiB".into()));
    }
    let text = std::fs::read_to_string(&arguments.variables).map_err(|error| wrong(error.to_string()))?;
    let Imported { toml, warnings } = import(&text).map_err(wrong)?;
    print(format_args!("{}", toml.trim_end()));
    for warning in &warnings {
        note(format_args!("warning: {warning}"));
    }
    note(format_args!("write this to a file, and `portcullis check --config FILE` tells whether it holds"));
    Ok(())
}

fn import(text: &str) -> Result<Imported, String> {
    let mut set = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| format!("line {number}: `{line}` is not of the form `NAME=value`"))?;
        let name = name.trim().trim_start_matches("export ").trim();
        let value = value.trim().trim_matches(['"', '\'']).trim();
        set.insert(name.to_owned(), value.to_owned());
    }
    let mut warnings = Vec::new();
    for name in set.keys() {
        if !ITS_OWN.contains(&name.as_str()) && !VARIABLES.iter().any(|variable| variable.name == name) {
            warnings.push(format!(
                "`{name}` is no variable of docker-socket-proxy that is known here; nothing is made of it"
            ));
        }
    }
    let is_on = |variable: &Variable| match set.get(variable.name) {
        None => Ok(variable.is_default),
        Some(value) => {
            boolean(value).ok_or_else(|| format!("`{}={value}` is no boolean; write 0 or 1", variable.name))
        }
    };
    let mut with_post = false;
    for variable in VARIABLES.iter().filter(|variable| variable.name == POST) {
        with_post = is_on(variable)?;
    }
    let mut toml = String::from(HEAD);
    let mut rules = 0;
    for variable in VARIABLES.iter().filter(|variable| variable.name != POST) {
        let writes = if with_post { variable.writes } else { "" };
        let operations: Vec<_> = variable.reads.split_whitespace().chain(writes.split_whitespace()).collect();
        let how = if set.contains_key(variable.name) { "" } else { " by default" };
        if !is_on(variable)? {
            // Writing to a string cannot fail.
            let _ = writeln!(toml, "\n# {}=0{how}: refused", variable.name);
        } else if operations.is_empty() {
            let _ = writeln!(toml, "\n# {}=1 opens nothing, since POST=0: refused", variable.name);
        } else {
            rules += 1;
            rule(&mut toml, variable, how, &operations, with_post);
        }
    }
    if rules == 0 {
        return Err("nothing is on, so that no rule can be made of it".into());
    }
    if with_post {
        warnings.push(
            "docker-socket-proxy lets a client that may create containers take the host; the rules do not. What opens the \
             host is allowed by `host_options = \"allow\"`, beside docker-baseline"
                .into(),
        );
    }
    Ok(Imported { toml, warnings })
}

fn rule(toml: &mut String, variable: &Variable, how: &str, operations: &[&str], with_post: bool) {
    let methods = if with_post && !variable.writes.is_empty() { ", POST=1" } else { "" };
    let name = variable.name.to_ascii_lowercase().replace('_', "-");
    let list: Vec<_> = operations.iter().map(|operation| format!("    \"{operation}\",\n")).collect();
    let _ = write!(
        toml,
        "\n# {}=1{how}{methods}\n[[policies.settings.rules]]\nname = \"{name}\"\nusers = [\"*\"]\noperations = [\n{}]\n",
        variable.name,
        list.concat()
    );
    let is_host = |operation: &&str| {
        matches!(*operation, "Grpc" | "Session" | "NodeDelete" | "NodeUpdate")
            || operation.starts_with("Swarm")
            || (operation.starts_with("Plugin") && !matches!(*operation, "PluginInspect" | "PluginList"))
    };
    if variable.opens_host && operations.iter().any(is_host) {
        toml.push_str(
            "# Power over the host: leave it out if no client needs it.\nhost_options = \"allow\"\n",
        );
    }
}

const HEAD: &str = "# Made of the variables of docker-socket-proxy, a rule for each that is on.
[[policies]]
name = \"docker-allowlist\"
module = \"builtin:docker-allowlist\"
";

/// As `HAProxy`'s `-m bool` reads a variable.
fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "" | "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the host's table: `"GET /path" => Operation: Kind`.
    const TABLE: &str = include_str!("../../docker-api/src/operation/table.rs");

    /// Operation, method and the first part of the path.
    fn routes() -> Vec<(&'static str, &'static str, &'static str)> {
        let code = TABLE.lines().map(str::trim).filter(|line| line.starts_with('"'));
        code.filter_map(|line| {
            let (route, rest) = line.split_once(" => ")?;
            let (method, path) = route.trim_matches('"').split('"').next()?.split_once(" /")?;
            Some((rest.split(':').next()?, method, path.split(['/', '"']).next()?))
        })
        .collect()
    }

    #[test]
    fn each_variable_opens_the_paths_of_its_name_by_the_methods_of_its_column() {
        let routes = routes();
        assert!(routes.len() > 100);
        let is_of = |variable: &Variable, operations: &str, reads: bool| {
            for operation in operations.split_whitespace() {
                let (_, method, path) = routes.iter().find(|(name, ..)| *name == operation).unwrap();
                assert_eq!(matches!(*method, "GET" | "HEAD"), reads, "{operation}");
                let expected = if variable.name.starts_with("ALLOW_") {
                    "containers"
                } else {
                    path.trim_start_matches('_')
                };
                let name = variable.name.to_ascii_lowercase();
                assert!(name == expected || name.starts_with("allow_"), "{name}: {operation} of /{path}");
            }
        };
        for variable in &VARIABLES {
            is_of(variable, variable.reads, true);
            is_of(variable, variable.writes, false);
        }
        for (operation, _, path) in &routes {
            let opened = VARIABLES.iter().any(|variable| {
                let mut all = variable.reads.split_whitespace().chain(variable.writes.split_whitespace());
                all.any(|name| name == *operation)
            });
            assert_eq!(opened, !matches!(*operation, "Options" | "Debug"), "{operation} of /{path}");
        }
    }

    #[test]
    fn what_is_on_by_default_is_on_and_what_is_unknown_is_named() {
        let Imported { toml, warnings } = import("# proxy\nCONTAINERS=1\nINFOS=1\nLOG_LEVEL=info\n").unwrap();
        for (name, expected) in [
            ("events", true),
            ("ping", true),
            ("version", true),
            ("containers", true),
            ("images", false),
            ("auth", false),
        ] {
            assert_eq!(toml.contains(&format!("name = \"{name}\"")), expected, "{name}: {toml}");
        }
        assert!(toml.contains("\"ContainerList\"") && !toml.contains("ContainerCreate"), "{toml}");
        assert!(
            toml.contains("# EVENTS=1 by default") && toml.contains("# IMAGES=0 by default: refused"),
            "{toml}"
        );
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("`INFOS` is no variable"), "{warnings:?}");
        let off = import("EVENTS=0\nPING=\"0\"\nexport VERSION=no\nALLOW_START=1").unwrap_err();
        assert!(off.contains("nothing is on"), "{off}");
    }

    #[test]
    fn post_opens_the_other_methods() {
        let read = import("PLUGINS=1\nALLOW_START=1").unwrap().toml;
        assert!(!read.contains("host_options") && read.contains("ALLOW_START=1 opens nothing"), "{read}");
        let Imported { toml, warnings } = import("PLUGINS=1\nALLOW_START=1\nPOST=1").unwrap();
        assert!(toml.contains("host_options = \"allow\"") && toml.contains("\"PluginPull\""), "{toml}");
        assert!(toml.contains("# ALLOW_START=1, POST=1") && toml.contains("\"ContainerStart\""), "{toml}");
        assert!(!toml.contains("ContainerCreate"), "{toml}");
        assert!(warnings.iter().any(|warning| warning.contains("docker-baseline")));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (text, expected) in
            [("CONTAINERS", "line 1: `CONTAINERS`"), ("\nPOST=maybe", "`POST=maybe` is no boolean")]
        {
            let error = import(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
