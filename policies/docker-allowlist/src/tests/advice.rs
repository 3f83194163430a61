//! A refusal names a line of the rule. The same request is allowed once it stands there.

use super::*;
use docker::{Device, HostPath, Mount, Namespace, SecurityOption};
use proptest::prelude::*;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What stands between backticks and reads `key = value`.
fn lines(reason: &str) -> Vec<String> {
    reason.split('`').skip(1).step_by(2).filter(|part| part.contains(" = ")).map(str::to_owned).collect()
}

/// A rule with these lines in place of those of the same key.
fn with(base: &[&str], lines: &[String]) -> Allowlist {
    let key = |line: &str| line.split(" = ").next().unwrap_or_default().to_owned();
    let kept = base.iter().filter(|line| lines.iter().all(|new| key(new) != key(line)));
    let all: Vec<_> = kept.map(|line| (*line).to_owned()).chain(lines.iter().cloned()).collect();
    policy(&format!("[[rules]]\nname = \"r\"\n{}", all.join("\n")))
}

const BASE: [&str; 6] = [
    "users = [\"alice\"]",
    "operations = [\"run\", \"pull\", \"build\", \"networks\", \"volumes\", \"ContainerUpdate\", \"CheckpointCreate\"]",
    "containers = [\"ci-*\"]",
    "networks = [\"bridge\", \"ci-*\"]",
    "volumes = [\"ci-*\"]",
    "unresolved_ids = \"refuse\"",
];

fn plain(change: impl FnOnce(&mut Workload)) -> Request {
    let mut workload = Workload::default();
    change(&mut workload);
    create("alice", "ci-1", workload)
}

fn query(operation: &str, key: &str, value: &str) -> Request {
    Request { query: vec![(key.into(), value.into())], ..request("alice", operation) }
}

fn mount(kind: &str, change: impl FnOnce(&mut Mount)) -> Request {
    let mut mount = Mount { kind: kind.into(), source: Some("ci-1".into()), ..Mount::default() };
    change(&mut mount);
    plain(|workload| workload.mounts = vec![mount])
}

fn network(body: &str) -> Request {
    Request { body: Body::Json(body.into()), ..on("alice", "NetworkCreate", target("network", "ci-1")) }
}

/// Every option that opens the host, one after the other.
fn openings() -> Vec<Request> {
    let namespace = |kind: &str, mode: &str| {
        let container = (mode == "container").then(|| "ci-2".to_owned());
        plain(|workload| {
            workload.namespaces = vec![Namespace { kind: kind.into(), mode: mode.into(), container }];
        })
    };
    let security = |name: &str, value: Option<&str>| {
        let option = SecurityOption { name: name.into(), value: value.map(str::to_owned) };
        plain(|workload| workload.security_options = vec![option])
    };
    let named = HostPath { path: "/var/lib".into(), ..HostPath::default() };
    let volume = Mount { driver_options: vec![("device".into(), "/".into())], ..Mount::default() };
    let mut requests: Vec<_> = ["network", "pid", "ipc", "uts", "user", "cgroup", "later"]
        .iter()
        .flat_map(|kind| [namespace(kind, "host"), namespace(kind, "container")])
        .collect();
    requests.extend(vec![
        plain(|workload| workload.privileged = true),
        plain(|workload| workload.capabilities_added = vec!["CAP_SYS_ADMIN".into()]),
        plain(|workload| workload.capabilities_added = vec!["ALL".into()]),
        plain(|workload| workload.devices = vec![Device::default()]),
        plain(|workload| workload.device_cgroup_rules = vec!["a *:* rwm".into()]),
        plain(|workload| workload.device_requests = vec![docker::DeviceRequest::default()]),
        plain(|workload| workload.masked_paths = Some(vec![])),
        plain(|workload| workload.readonly_paths = Some(vec![])),
        plain(|workload| workload.runtime = Some("kata".into())),
        plain(|workload| workload.cgroup_parent = Some("/x".into())),
        security("seccomp", Some("unconfined")),
        security("apparmor", Some("unconfined")),
        security("no-new-privileges", Some("false")),
        security("label", Some("disable")),
        mount("bind", |mount| mount.host_path = Some("/etc".into())),
        mount("bind", |_| {}),
        mount("volume", |mount| mount.host_path = Some("/etc".into())),
        mount("volume", |mount| mount.driver = Some("rexray".into())),
        mount("volume", |mount| mount.driver_options = vec![("type".into(), "nfs".into())]),
        mount("container", |mount| mount.source = Some("ci-2".into())),
        mount("npipe", |_| {}),
        mount("later", |_| {}),
        Request { host_paths: vec![named], ..on("alice", "CheckpointCreate", target("container", "ci-1")) },
        Request { volume: Some(volume), ..on("alice", "VolumeCreate", target("volume", "ci-1")) },
        query("ImageBuild", "version", "2"),
        query("ImageBuild", "remote", "http://127.0.0.1/"),
        query("ImageCreate", "fromSrc", "http://127.0.0.1/"),
        Request { anomalies: vec!["unshown-form".into()], ..request("alice", "ImageBuild") },
        network(r#"{"Driver":"macvlan"}"#),
        network(r#"{"Driver":"rexray"}"#),
        network(r#"{"Options":{"com.docker.network.bridge.name":"eth0"}}"#),
        network(r#"{"ConfigFrom":{"Network":"x"}}"#),
        network("[]"),
    ]);
    requests
}

#[test]
fn options_that_open_the_host_are_refused_unless_the_rule_says_otherwise() {
    for request in openings() {
        let opinion = with(&BASE, &[]).authorize(&request).unwrap();
        assert_eq!(opinion.rule, "host-options", "{request:?}: {}", opinion.reason);
        let allowed = with(&BASE, &lines(&opinion.reason)).authorize(&request).unwrap();
        assert_eq!(allowed.verdict, Verdict::Allow, "{}: {}", opinion.reason, allowed.reason);
    }
}

#[test]
fn what_clients_always_send_opens_nothing() {
    let own = |kind: &str, mode: &str| Namespace { kind: kind.into(), mode: mode.into(), container: None };
    let request = plain(|workload| {
        workload.namespaces =
            vec![own("network", "default"), own("ipc", "private"), own("cgroup", "private")];
        workload.networks = vec!["default".into()];
        workload.capabilities_added = vec!["CAP_CHOWN".into()];
        workload.runtime = Some("runc".into());
        workload.cgroup_parent = Some(String::new());
        workload.security_options = vec![SecurityOption { name: "no-new-privileges".into(), value: None }];
        workload.mounts = vec![
            Mount { kind: "tmpfs".into(), ..Mount::default() },
            Mount { kind: "volume".into(), driver: Some("local".into()), ..Mount::default() },
        ];
    });
    assert_eq!(refused(&with(&BASE, &[]), &request), "");
    let service = Request {
        workload: Some(Workload { runtime: Some("container".into()), ..Workload::default() }),
        ..request_of_service()
    };
    assert_eq!(refused(&rule("operations = [\"ServiceCreate\"]"), &service), "");
    let plugin = Request {
        workload: Some(Workload { extra: vec![("plugin".into(), "x".into())], ..Workload::default() }),
        ..request_of_service()
    };
    assert_eq!(refused(&rule("operations = [\"ServiceCreate\"]"), &plugin), "host-options");
}

fn request_of_service() -> Request {
    on("alice", "ServiceCreate", target("service", "web-1"))
}

#[test]
fn the_line_that_a_refusal_names_allows_the_same_request() {
    let base = [&BASE[..], &["images = [\"docker.io/library/bb:1\"]"]].concat();
    let base: Vec<_> =
        base.into_iter()
            .map(|line| {
                if line.contains("build") {
                    "operations = [\"run\", \"networks\", \"volumes\"]"
                } else {
                    line
                }
            })
            .collect();
    let runs = |image: Image| plain(|workload| workload.image = Some(image));
    let id = Image { as_sent: DIGEST.into(), digest: Some(DIGEST.into()), ..Image::default() };
    let pinned = Image { digest: Some(DIGEST.into()), ..image("library/bb", Some("1")) };
    let short = Image { as_sent: "cafe".into(), ..image("library/cafe", None) };
    let volume = Mount { kind: "volume".into(), source: Some("data".into()), ..Mount::default() };
    for (request, rule) in vec![
        (runs(image("team/app", Some("v1"))), "image"),
        (runs(image("library/bb", None)), "image"),
        (runs(pinned), "image"),
        (runs(id), "image"),
        (runs(short), "image"),
        (create("alice", "web", Workload::default()), "name"),
        (create("alice", "", Workload::default()), "name"),
        (plain(|workload| workload.networks = vec!["db-net".into()]), "name"),
        (plain(|workload| workload.mounts = vec![volume]), "name"),
        (on("alice", "VolumeDelete", target("volume", "data")), "name"),
        (on("alice", "ContainerStop", target("container", &"a".repeat(64))), "id"),
        (request("alice", "ImagePush"), "operation"),
        (request("alice", "SwarmInit"), "operation"),
        (request("bob", "ContainerStop"), "operation"),
        (request("", "ContainerStop"), "operation"),
        (request("group:a \"b\\", "ContainerStop"), "operation"),
        (request("b\"ob\\\n", "ContainerStop"), "operation"),
    ] {
        let opinion = with(&base, &[]).authorize(&request).unwrap();
        assert_eq!(opinion.rule, rule, "{request:?}: {}", opinion.reason);
        let named = lines(&opinion.reason);
        assert!(!named.is_empty(), "{}", opinion.reason);
        let opened = if rule == "operation" {
            // A rule of its own.
            policy(&format!("[[rules]]\nname = \"new\"\n{}", named.join("\n")))
        } else {
            with(&base, &named)
        };
        let allowed = opened.authorize(&request).unwrap();
        assert_eq!(allowed.verdict, Verdict::Allow, "{}: {}", opinion.reason, allowed.reason);
    }
}

#[test]
fn a_reason_fits_the_contract_however_long_a_name_is() {
    let long = "x".repeat(100_000);
    for request in [
        on("alice", "ContainerStop", target("container", &long)),
        on(&long, "ContainerStop", target("container", "ci-1")),
        Request { operation: None, path: vec![long.clone()], ..request("alice", "") },
    ] {
        let reason = with(&BASE, &[]).authorize(&request).unwrap().reason;
        assert!(reason.len() < 1024, "{}", reason.len());
    }
}

proptest! {
    /// Nothing is allowed that no rule names.
    #[test]
    fn what_no_rule_names_is_refused(operation in "[A-Z][a-zA-Z]{0,16}", user in "[a-z*:]{0,8}", name in "[a-z0-9/-]{0,12}") {
        let policy = with(&["users = [\"alice\"]", "operations = [\"ContainerStop\"]", "containers = [\"ci-*\"]"], &[]);
        let request = on(&user, &operation, target("container", &name));
        let named = user == "alice" && operation == "ContainerStop" && name.trim_start_matches('/').starts_with("ci-");
        prop_assert_eq!(refused(&policy, &request).is_empty(), named);
    }
}
