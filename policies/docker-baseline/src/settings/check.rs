//! Checks of the settings that serde cannot make: what is malformed, and entries that no request could ever match.

use super::{AllowedMount, Checked, NETWORK_DRIVERS, Settings};
use crate::hardening::REQUIRABLE;
use crate::paths::{self, within};
use crate::rule::{Rule, Rules};
use crate::sockets;
use portcullis_policy_docker_common::capabilities;
use std::collections::{BTreeMap, BTreeSet};

/// Operations that read an archive, or a form in its place.
const ARCHIVES: [&str; 2] = ["ImageBuild", "ImageCreate"];
/// The longest name of a network interface (Linux `IFNAMSIZ`, without the terminating zero).
const MAX_INTERFACE_NAME: usize = 15;

impl Settings {
    /// Checks what serde cannot.
    pub fn check(mut self) -> Result<Checked, String> {
        self.check_entries()?;
        let protected_paths = self.protected_paths.iter().map(|path| absolute("protected_paths", path));
        let protected_paths = protected_paths.collect::<Result<Vec<_>, _>>()?;
        let allowed_mounts = self.mounts(&protected_paths)?;
        let capabilities = self.allowed_capabilities.iter().map(|name| known_capability(name));
        let mut checked = Checked {
            allowed_capabilities: capabilities.collect::<Result<_, _>>()?,
            allowed_mounts,
            protected_paths,
            required: required(&self.require)?,
            everybody: Rules::default(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            written: Settings::default(),
        };
        for (who, names) in std::mem::take(&mut self.allow) {
            let rules = rules(&who, &names)?;
            match (who.as_str(), who.strip_prefix("group:")) {
                ("*", _) => checked.everybody.extend(rules),
                (_, Some("")) | ("", _) => return Err(format!("`allow`: `{who}` names nobody")),
                (_, Some(group)) => checked.groups.entry(group.to_owned()).or_default().extend(rules),
                (user, None) => checked.users.entry(user.to_owned()).or_default().extend(rules),
            }
        }
        checked.written = self;
        Ok(checked)
    }

    fn mounts(&self, protected: &[String]) -> Result<Vec<AllowedMount>, String> {
        let excepted = self.allow.values().flatten().any(|rule| rule == Rule::DockerSocket.name());
        let clean = |entry: &AllowedMount| {
            let path = absolute("allowed_mounts", &entry.path)?;
            let never =
                |why: String| Err(format!("`allowed_mounts`: `{}` can never be mounted: {why}", entry.path));
            if let Some(protected) = protected.iter().find(|protected| within(&path, protected)) {
                return never(format!("it lies in `{protected}` of `protected_paths`"));
            }
            if entry.exact && protected.iter().any(|protected| within(protected, &path)) {
                return never("it holds a path of `protected_paths`".into());
            }
            let socket = sockets::is_socket(&path)
                || sockets::DIRECTORIES.iter().any(|socket| within(&path, socket))
                || (entry.exact && sockets::leads_to_socket(&path));
            if socket && !self.allow_docker_socket && !excepted {
                return never(
                    "it is or leads to the daemon's socket; set `allow_docker_socket = true`".into(),
                );
            }
            Ok(AllowedMount { path, ..entry.clone() })
        };
        self.allowed_mounts.iter().map(clean).collect()
    }

    /// Entries that are compared as they stand.
    fn check_entries(&self) -> Result<(), String> {
        for entry in &self.allowed_runtimes {
            named("allowed_runtimes", entry)?;
        }
        for entry in &self.allowed_security_options {
            security_option(entry)?;
        }
        for entry in &self.allowed_seccomp_profiles {
            let digest = entry.strip_prefix("sha256:").unwrap_or_default();
            if digest.len() != 64 || !digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(format!(
                    "`allowed_seccomp_profiles`: `{entry}` is no digest; write `sha256:` and 64 hexadecimal digits in \
                     lower case, as the refusal of the profile names them"
                ));
            }
        }
        for entry in &self.allowed_volume_drivers {
            named("allowed_volume_drivers", entry)?;
        }
        for entry in &self.allowed_volume_types {
            named("allowed_volume_types", entry)?;
            if matches!(entry.as_str(), "none" | "bind" | "tmpfs") {
                return Err(format!(
                    "`allowed_volume_types`: `{entry}` is never looked up: tmpfs is allowed, and a bind is judged by its \
                     path; put that into `allowed_mounts`"
                ));
            }
        }
        for entry in &self.allowed_network_drivers {
            named("allowed_network_drivers", entry)?;
            if NETWORK_DRIVERS.contains(&entry.as_str()) {
                return Err(format!(
                    "`allowed_network_drivers`: `{entry}` is dockerd's own and never looked up: macvlan, ipvlan and \
                     bridges are judged by their interface; put that into `allowed_host_interfaces`"
                ));
            }
        }
        for entry in &self.allowed_host_interfaces {
            named("allowed_host_interfaces", entry)?;
            if entry.len() > MAX_INTERFACE_NAME || entry.contains('/') {
                return Err(format!(
                    "`allowed_host_interfaces`: `{entry}` is no name of an interface, which has at most \
                     {MAX_INTERFACE_NAME} bytes and no `/`; write one such as `eth0`"
                ));
            }
        }
        match self.assume_no_form.iter().find(|name| !ARCHIVES.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(format!(
                "`assume_no_form`: `{name}` is neither `ImageBuild` nor `ImageCreate`, whose parameters alone a form \
                 could replace"
            )),
        }
    }
}

/// The rules that `require` names.
fn required(names: &BTreeSet<String>) -> Result<Rules, String> {
    let mut required = Rules::default();
    for name in names {
        let Some(rule) = REQUIRABLE.iter().find(|rule| rule.name() == name) else {
            let known: Vec<_> = REQUIRABLE.iter().map(|rule| format!("`{}`", rule.name())).collect();
            return Err(format!("`require`: `{name}` cannot be required; known are {}", known.join(", ")));
        };
        required.insert(*rule);
    }
    Ok(required)
}

/// Whether a list takes this entry.
pub(crate) fn accepts(list: &str, entry: &str) -> bool {
    let mut settings = Settings::default();
    let entries = match list {
        "allowed_capabilities" => return known_capability(entry).is_ok(),
        "allowed_runtimes" => &mut settings.allowed_runtimes,
        "allowed_security_options" => &mut settings.allowed_security_options,
        "allowed_seccomp_profiles" => &mut settings.allowed_seccomp_profiles,
        "allowed_volume_drivers" => &mut settings.allowed_volume_drivers,
        "allowed_volume_types" => &mut settings.allowed_volume_types,
        "allowed_network_drivers" => &mut settings.allowed_network_drivers,
        "allowed_host_interfaces" => &mut settings.allowed_host_interfaces,
        "assume_no_form" => &mut settings.assume_no_form,
        _ => return false,
    };
    entries.insert(entry.to_owned());
    settings.check_entries().is_ok()
}

/// No name that dockerd compares is empty or holds white space.
fn named(setting: &str, entry: &str) -> Result<(), String> {
    if entry.is_empty() || entry.contains(char::is_whitespace) {
        return Err(format!(
            "`{setting}`: `{entry}` is empty or holds white space, so that it never matches; write a name"
        ));
    }
    Ok(())
}

/// Options are compared as `name=value`, in the spelling that the host gives them.
fn security_option(entry: &str) -> Result<(), String> {
    let instead = match entry.split_once('=') {
        Some(("systempaths", _)) => {
            "docker sends it as `MaskedPaths` and `ReadonlyPaths`; except users from the rule `system-paths` under `allow`"
                .to_owned()
        }
        Some(("seccomp", "unconfined")) => return Ok(()),
        Some(("seccomp", _)) => {
            "docker sends what is in the file; put its digest into `allowed_seccomp_profiles`".to_owned()
        }
        Some((name, _)) if !name.is_empty() && !name.contains(':') => return Ok(()),
        None if entry == "disable" => "it is compared as `label=disable`; write that".to_owned(),
        None if entry == "no-new-privileges" => "it is always allowed; leave it out".to_owned(),
        _ => match entry.split_once(':') {
            Some((name, value)) => format!("it is compared as `{name}={value}`; write that"),
            None => "it is no option with a value; write one such as `apparmor=web`".to_owned(),
        },
    };
    Err(format!("`allowed_security_options`: `{entry}` never matches: {instead}"))
}

fn known_capability(written: &str) -> Result<String, String> {
    let name = capabilities::normalise(written);
    if name == "ALL" {
        return Err(
            "`allowed_capabilities`: `ALL` is not a capability; name each, or except a user from the rule \
                    `capability` under `allow`"
                .into(),
        );
    }
    if !capabilities::is_known(&name) {
        return Err(format!(
            "`allowed_capabilities`: `{written}` is no capability of Linux; write one such as `NET_ADMIN`"
        ));
    }
    Ok(name)
}

fn rules(who: &str, names: &[String]) -> Result<Rules, String> {
    let mut rules = Rules::default();
    for name in names {
        let Some(rule) = Rule::from_name(name) else {
            let known: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
            return Err(format!("`allow.{who}`: there is no rule `{name}`; there are: {}", known.join(", ")));
        };
        rules.insert(rule);
    }
    Ok(rules)
}

fn absolute(setting: &str, path: &str) -> Result<String, String> {
    paths::clean(path).ok_or_else(|| format!("`{setting}`: `{path}` does not start with `/`"))
}

#[cfg(test)]
mod tests;
