//! A refusal names settings. The same request is allowed once they stand in the configuration, as the text has them.

use super::*;
use crate::hardening::REQUIRABLE;
use crate::rule::Rule;
use docker::{Device, DeviceRequest, HostPath, Image, SecurityOption};
use std::collections::BTreeSet;

/// What stands between backticks and reads `key = value`.
fn lines(reason: &str) -> Vec<&str> {
    reason.split('`').skip(1).step_by(2).filter(|part| part.contains(" = ")).collect()
}

/// The settings of a policy with these lines of TOML, as the host hands them to it.
fn configured(lines: &[&str]) -> Baseline {
    let table: toml::Table = lines.join("\n").parse().unwrap_or_else(|error| panic!("{lines:?}: {error}"));
    baseline(&serde_json::to_string(&table).unwrap())
}

fn call(operation: &str) -> Request {
    Request { operation: Some(operation.into()), body: Body::Json("{}".into()), ..Request::default() }
}

fn create(workload: Workload) -> Request {
    Request { workload: Some(workload), ..call("ContainerCreate") }
}

fn query(operation: &str, key: &str, value: &str) -> Request {
    Request { query: vec![(key.into(), value.into())], ..call(operation) }
}

fn network(body: &str) -> Request {
    Request { body: Body::Json(body.into()), ..call("NetworkCreate") }
}

fn named(operation: &str, path: &str, why: &str, access: &str) -> Request {
    let named = HostPath { path: path.into(), why: why.into(), access: access.into() };
    Request { host_paths: vec![named], ..call(operation) }
}

fn security(name: &str, value: Option<&str>) -> Request {
    let option = SecurityOption { name: name.into(), value: value.map(str::to_owned) };
    create(Workload { security_options: vec![option], ..Workload::default() })
}

fn namespace(kind: &str, mode: &str) -> Request {
    let container = (mode == "container").then(|| "db".to_owned());
    let namespace = Namespace { kind: kind.into(), mode: mode.into(), container };
    create(Workload { namespaces: vec![namespace], ..Workload::default() })
}

fn mounted(mount: Mount) -> Request {
    create(Workload { mounts: vec![mount], ..Workload::default() })
}

fn volume(options: &[(&str, &str)], host_path: Option<&str>) -> Request {
    let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let volume = Mount {
        kind: "volume".into(),
        driver_options: options.collect(),
        host_path: host_path.map(str::to_owned),
        ..Mount::default()
    };
    Request { volume: Some(volume), ..call("VolumeCreate") }
}

/// Namespaces of the host, and capabilities.
fn namespaces_and_capabilities() -> Vec<(&'static str, Request)> {
    let mut refused = Vec::new();
    let modes = [("pid", "host-pid"), ("ipc", "host-ipc"), ("uts", "host-uts"), ("user", "host-user")];
    for (kind, rule) in modes.into_iter().chain([("cgroup", "host-cgroup"), ("network", "host-network")]) {
        refused.push((rule, namespace(kind, "host")));
    }
    for name in ["SYS_ADMIN", "all", "cap_later"] {
        let capabilities_added = vec![name.to_owned()];
        refused.push(("capability", create(Workload { capabilities_added, ..Workload::default() })));
    }
    refused
}

/// Every refusal that names a setting, by its rule.
fn refused() -> Vec<(&'static str, Request)> {
    let of_mount = |path: &str, change: fn(&mut Mount)| {
        let mut workload = bind(path);
        workload.mounts.iter_mut().for_each(change);
        create(workload)
    };
    let ryuk = Image { domain: "docker.io".into(), path: "testcontainers/ryuk".into(), ..Image::default() };
    let device = |path: &str| Device { path_on_host: path.into(), ..Device::default() };
    let gpus =
        DeviceRequest { count: -1, capabilities: vec![vec!["gpu".into()]], ..DeviceRequest::default() };
    let mut refused = vec![
        ("privileged", create(Workload { privileged: true, ..Workload::default() })),
        ("container-namespace", namespace("pid", "container")),
        ("container-namespace", namespace("ipc", "container")),
        ("container-namespace", namespace("network", "container")),
        ("unknown-kind", namespace("moon", "host")),
        ("host-network", create(Workload { networks: vec!["host".into()], ..Workload::default() })),
        ("device", create(Workload { devices: vec![device("/dev/kvm")], ..Workload::default() })),
        (
            "device-cgroup-rule",
            create(Workload { device_cgroup_rules: vec!["c 1:3 rw".into()], ..Workload::default() }),
        ),
        ("device-request", create(Workload { device_requests: vec![gpus], ..Workload::default() })),
        ("security-option", security("seccomp", Some("unconfined"))),
        ("security-option", security("seccomp", Some(r#"{"defaultAction":"SCMP_ACT_ALLOW"}"#))),
        ("security-option", security("seccomp", Some("profile.json"))),
        ("security-option", security("apparmor", Some("unconfined"))),
        ("security-option", security("label", Some("disable"))),
        ("security-option", security("label", Some("type:spc_t"))),
        ("security-option", security("no-new-privileges", Some("false"))),
        ("security-option", security("later", None)),
        ("system-paths", create(Workload { masked_paths: Some(vec![]), ..Workload::default() })),
        ("runtime", create(Workload { runtime: Some("kata".into()), ..Workload::default() })),
        ("cgroup-parent", create(Workload { cgroup_parent: Some("/x".into()), ..Workload::default() })),
        ("host-mount", create(bind("/etc"))),
        ("host-mount", of_mount("/etc", |mount| mount.read_only = true)),
        ("host-mount", create(bind("relative"))),
        ("host-mount", mounted(Mount { kind: "bind".into(), ..Mount::default() })),
        ("host-mount", named("CheckpointDelete", "/var/lib", "checkpoint-directory", "write")),
        ("host-mount", named("CheckpointList", "/var/lib", "checkpoint-directory", "read")),
        ("host-mount", named("ContainerStart", "../x", "checkpoint-name", "read")),
        ("host-mount", named("ContainerCreate", "/etc/ssl/ca.pem", "log-option", "read")),
        ("host-mount", named("ContainerCreate", "/dev/log", "log-option", "write")),
        ("host-mount", volume(&[("type", "none"), ("o", "bind"), ("device", "/etc")], Some("/etc"))),
        // As `-v /:/host`, and as Testcontainers' Ryuk: one answer names all that is needed.
        ("docker-socket", create(bind("/"))),
        ("docker-socket", of_mount("/", |mount| mount.read_only = true)),
        ("docker-socket", create(bind("/run/docker/plugins"))),
        ("docker-socket", create(bind("/var"))),
        ("docker-socket", create(Workload { image: Some(ryuk), ..bind("/var/run/docker.sock") })),
        ("docker-socket", named("ContainerCreate", "/run/docker.sock", "log-option", "write")),
        (
            "mount-propagation",
            of_mount("volume", |mount| {
                *mount =
                    Mount { kind: "volume".into(), propagation: Some("rshared".into()), ..Mount::default() };
            }),
        ),
        (
            "volumes-from",
            mounted(Mount { kind: "container".into(), as_sent: "db".into(), ..Mount::default() }),
        ),
        (
            "volume-driver",
            mounted(Mount { kind: "volume".into(), driver: Some("nfs".into()), ..Mount::default() }),
        ),
        ("volume-options", volume(&[("type", "nfs"), ("device", ":/x")], None)),
        ("volume-options", volume(&[("type", "none"), ("device", "x")], None)),
        ("unknown-kind", mounted(Mount { kind: "teleport".into(), ..Mount::default() })),
        ("network-driver", network(r#"{"Driver":"vendor/net:1"}"#)),
        ("host-interface", network(r#"{"Driver":"macvlan","Options":{"parent":"eth0"}}"#)),
        ("host-interface", network(r#"{"Driver":"macvlan","ConfigFrom":{"Network":"c"}}"#)),
        ("plugin-administration", call("PluginSet")),
        (
            "plugin-administration",
            Request {
                workload: Some(Workload { runtime: Some("plugin".into()), ..Workload::default() }),
                ..call("ServiceCreate")
            },
        ),
        ("swarm-administration", call("SwarmInit")),
        ("service-rollback", query("ServiceUpdate", "rollback", "previous")),
        ("service-rollback", query("ServiceUpdate", "rollback", "later")),
        ("swarm-join-tokens", call("SwarmInspect")),
        ("debug", call("Debug")),
        ("buildkit", call("Session")),
        ("buildkit", query("ImageBuild", "version", "2")),
        ("daemon-fetch", query("ImageBuild", "remote", "https://example.com/x.git")),
        ("daemon-fetch", query("ImageCreate", "fromSrc", "http://127.0.0.1/")),
        ("unshown-form", Request { anomalies: vec!["unshown-form".into()], ..call("ImageBuild") }),
        (
            "unshown-form",
            Request { anomalies: vec!["unshown-form".into()], ..query("ImageCreate", "fromSrc", "-") },
        ),
    ];
    refused.extend(namespaces_and_capabilities());
    refused
}

#[test]
fn every_refusal_names_what_opens_it() {
    let names = ["alice", "", "O=Example, CN=\"al ice\" \\ x"];
    for (rule, request) in refused() {
        for name in names {
            let mut request = request.clone();
            request.principal.name = Some(name.to_owned()).filter(|name| !name.is_empty());
            let opinion = baseline("{}").authorize(&request).unwrap();
            assert_eq!((opinion.verdict, &*opinion.rule), (Verdict::Deny, rule), "{request:?}");
            let lines = lines(&opinion.reason);
            assert!(!lines.is_empty(), "{rule}: {}", opinion.reason);
            let settings: Vec<_> =
                opinion.extra.iter().map(|(name, line)| (name.as_str(), line.as_str())).collect();
            assert_eq!(settings, lines.iter().map(|line| ("setting", *line)).collect::<Vec<_>>());
            let again = configured(&lines).authorize(&request).unwrap();
            assert_eq!(again.verdict, Verdict::Abstain, "{rule}: {} -> {}", opinion.reason, again.reason);
            // It opens that and not another rule.
            let other = create(Workload { privileged: true, ..Workload::default() });
            assert!(
                rule == "privileged"
                    || configured(&lines).authorize(&other).unwrap().verdict == Verdict::Deny
            );
        }
    }
}

proptest! {
    /// What a client chooses ends up in the text: the advice can be followed for any value.
    #[test]
    fn advice_can_be_followed_with_any_name(name in "[ -_a-~ä\\t]{1,20}") {
        // This would look like a setting to the test.
        prop_assume!(!name.contains(" = "));
        let driver = || Some(name.clone());
        let json = |key: &str, options: &str| {
            network(&format!("{{\"{key}\":{}{options}}}", serde_json::to_string(&name).unwrap()))
        };
        let option = format!(r#","Driver":"macvlan","Options":{{"parent":{}}}"#, serde_json::to_string(&name).unwrap());
        let requests = vec![
            create(Workload { runtime: driver(), ..Workload::default() }),
            create(Workload { capabilities_added: vec![name.clone()], ..Workload::default() }),
            create(bind(&name)),
            create(bind(&format!("/{name}"))),
            mounted(Mount { kind: "volume".into(), driver: driver(), ..Mount::default() }),
            volume(&[("type", &name), ("device", "/x")], None),
            security("seccomp", Some(&name)),
            security("apparmor", Some(&name)),
            security(&name, Some("x")),
            security(&name, None),
            json("Driver", ""),
            json("Name", &option),
        ];
        for request in requests {
            let opinion = baseline("{}").authorize(&request).unwrap();
            if opinion.verdict == Verdict::Deny {
                let again = configured(&lines(&opinion.reason)).authorize(&request).unwrap();
                // A parent of several names is one refusal for each.
                let several = name.contains(':') && opinion.rule == "host-interface";
                prop_assert!(again.verdict == Verdict::Abstain || several, "{} -> {}", opinion.reason, again.reason);
            }
        }
    }
}

/// Another request is the only advice where no setting could help.
#[test]
fn rules_without_a_setting_say_what_to_send() {
    let without = ["unknown-operation", "unseen-body", "start-body"];
    let tried: BTreeSet<_> = refused().into_iter().map(|(rule, _)| rule).collect();
    for rule in Rule::ALL.iter().map(|rule| rule.name()) {
        let is_required = REQUIRABLE.iter().any(|required| required.name() == rule);
        let expected = !without.contains(&rule) && rule != "container-archive" && !is_required;
        assert_eq!(tried.contains(rule), expected, "{rule}");
    }
    let closed = baseline(r#"{"container_archive":"refuse"}"#);
    let reason = closed.authorize(&call("PutContainerArchive")).unwrap().reason;
    assert_eq!(lines(&reason), ["container_archive = \"allow\""]);
    assert_eq!(
        configured(&lines(&reason)).authorize(&call("PutContainerArchive")).unwrap().verdict,
        Verdict::Abstain
    );
    let start = Request { body: Body::Json(r#"{"Privileged":true}"#.into()), ..call("ContainerStart") };
    for (request, expected) in [
        (Request { path: vec!["x".into()], ..Request::default() }, "that this policy knows"),
        (Request { body: Body::Absent, ..call("ContainerCreate") }, "send JSON of less than 1 MiB"),
        (start, "configure the container when it is created"),
    ] {
        let reason = baseline("{}").authorize(&request).unwrap().reason;
        assert!(reason.contains(expected) && lines(&reason).is_empty(), "{reason}");
    }
}

#[test]
fn an_exception_opens_what_is_required() {
    let port = docker::Port { container_port: 80, host_port: Some("80".into()), ..docker::Port::default() };
    let body = r#"{"HostConfig":{"RestartPolicy":{"Name":"always"}}}"#;
    let workload = Workload { published: vec![port], ..Workload::default() };
    let request = Request { body: Body::Json(body.into()), ..create(workload) };
    for rule in REQUIRABLE {
        let require = format!("require = [\"{}\"]", rule.name());
        let refused = configured(&[&require]).authorize(&request).unwrap();
        assert_eq!(refused.rule, rule.name(), "{}", refused.reason);
        let advice = [&[require.as_str()][..], &lines(&refused.reason)].concat();
        assert_eq!(configured(&advice).authorize(&request).unwrap().verdict, Verdict::Abstain);
    }
}

#[test]
fn what_clients_of_testcontainers_may_do_instead_is_named() {
    let ryuk = Image { path: "testcontainers/ryuk".into(), ..Image::default() };
    let reason = |image| ask(&baseline("{}"), Workload { image, ..bind("/var/run/docker.sock") }).reason;
    assert!(reason(Some(ryuk)).contains("TESTCONTAINERS_RYUK_DISABLED=true"));
    assert!(!reason(None).contains("RYUK"));
}
