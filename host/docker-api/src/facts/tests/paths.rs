//! Every member and parameter of Docker's API that describes a path is a fact, or an exception with its reason.

use std::collections::BTreeSet;

use portcullis_contract::docker::Request;
use portcullis_contract::types::{Context, Principal};

use crate::canonical::{self, ReadBody};
use crate::operation::ROUTES;
use crate::{ApiRequest, Body, Operation};

const PATHS: &str = include_str!("paths.tsv");

/// Paths that dockerd does not look up on its host, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("archive-path", "is resolved inside the container (moby daemon/archive.go, `ResolvePath`)"),
    ("blkio-device", "dockerd takes its device number with stat(2) and opens nothing; it sets a limit"),
    ("container-id-file", "the client writes it; dockerd only stores the text"),
    ("copy-resource", "is resolved inside the container"),
    ("credential-spec", "only dockerd on Windows reads it, below its own data directory"),
    ("dockerfile", "is resolved inside the build context"),
    ("masked-paths", "is a path in the container; `masked-paths` of the workload has it"),
    ("mount-target", "is a path in the container; `target` of the mount has it"),
    ("path-in-container", "is a path in the container; the device has it"),
    ("readonly-paths", "is a path in the container; `readonly-paths` of the workload has it"),
    ("secret-file", "is a path in the container"),
    ("subpath", "is resolved inside a volume or image, without links (moby volume/safepath)"),
    ("tmpfs", "is a path in the container; `target` of the mount has it"),
    ("volumes", "is a path in the container; `target` of the mount has it"),
    ("working-dir", "is a path in the container"),
];

fn request(operation: Operation, query: &str, body: &str) -> Request {
    let (route, _) = ROUTES.iter().find(|(_, routed)| *routed == operation).unwrap();
    let (method, path) = route.example();
    let uri = format!("{path}?{query}");
    let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
    let seen = if body.is_empty() { Body::NotShown } else { Body::Seen(body.as_bytes()) };
    let request = ApiRequest { method, uri: &uri, headers: &headers, body: seen };
    let not_shown = |_: &canonical::Head<'_>| Ok(ReadBody::absent());
    let principal = || Ok::<_, String>(Principal::default());
    canonical::request(&request, Context::default(), "here", not_shown, principal)
        .unwrap_or_else(|refusal| panic!("{operation} {query} {body}: {refusal:?}"))
}

/// `why access path` of each.
fn host_paths(request: &Request) -> Vec<String> {
    let line =
        |path: &portcullis_contract::docker::HostPath| format!("{} {} {}", path.why, path.access, path.path);
    request.host_paths.iter().map(line).collect()
}

#[test]
fn every_path_of_the_specification_is_a_fact_or_an_exception() {
    assert!(EXCEPTIONS.len() <= 20);
    let mut used = BTreeSet::new();
    for row in PATHS.lines().filter(|line| !line.starts_with('#')) {
        let [operation, place, key, _, kind, example] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("six columns: {row}");
        };
        let operation: Operation = operation.parse().unwrap();
        let request = match place {
            "query" => request(operation, &format!("{key}={example}"), ""),
            _ => request(operation, "", example),
        };
        let mounts = request.workload.iter().flat_map(|workload| &workload.mounts).chain(&request.volume);
        let mounted = mounts.filter_map(|mount| mount.host_path.as_deref()).any(|path| path == "/marker");
        let named = request.host_paths.iter().any(|path| path.path.ends_with("marker"));
        let facts = (mounted, named);
        match kind {
            "mount" => assert_eq!(facts, (true, false), "{row}"),
            "host-path" => assert_eq!(facts, (false, true), "{row}"),
            exception => {
                assert!(EXCEPTIONS.iter().any(|(name, _)| *name == exception), "no such exception: {row}");
                assert_eq!(facts, (false, false), "{row}");
                used.insert(exception);
            }
        }
    }
    assert!(EXCEPTIONS.iter().map(|(name, _)| *name).eq(used), "an exception is not used, or out of order");
}

#[test]
fn options_of_log_drivers_name_files_and_sockets() {
    let table: &[(&str, &str, &str, &[&str])] = &[
        ("syslog", "syslog-address", "unix:///run/docker.sock", &["log-option write /run/docker.sock"]),
        ("syslog", "syslog-address", "unixgram:///dev/./log", &["log-option write /dev/log"]),
        ("syslog", "syslog-address", "UNIX:///dev/log", &["log-option write /dev/log"]),
        ("syslog", "syslog-address", "unix:///run/%64ocker.sock?x#y", &["log-option write /run/docker.sock"]),
        ("syslog", "syslog-address", "unix://host/dev/log", &["log-option write /dev/log"]),
        ("syslog", "syslog-address", "unix:relative", &["log-option write relative"]),
        ("syslog", "syslog-address", "tcp://10.0.0.1:514", &[]),
        ("syslog", "syslog-tls-key", "etc/key", &["log-option read /etc/key"]),
        ("syslog", "syslog-tls-key", "etc/link/../key", &["log-option read /"]),
        ("syslog", "syslog-tls-key", "", &[]),
        ("splunk", "splunk-capath", "/etc/shadow", &["log-option read /etc/shadow"]),
        ("fluentd", "fluentd-address", "unix:///srv/f.sock", &["log-option write /srv/f.sock"]),
        ("awslogs", "awslogs-group", "/ecs/web", &[]),
        ("json-file", "tag", "/{{.Name}}", &[]),
        ("json-file", "max-size", "10m", &[]),
        ("", "awslogs-stream", "/web", &[]),
        ("", "labels", "/x", &[]),
        ("", "path", "/etc/x", &["log-option write /etc/x"]),
        ("vendor/log", "tag", "/etc/x", &["log-option write /etc/x"]),
        ("vendor/log", "sink", "file:///etc/x", &["log-option write /etc/x"]),
    ];
    for (driver, key, value, expected) in table {
        let body = format!(
            r#"{{"HostConfig":{{"LogConfig":{{"Type":"{driver}","Config":{{"{key}":"{value}"}}}}}}}}"#
        );
        assert_eq!(
            host_paths(&request(Operation::ContainerCreate, "", &body)),
            *expected,
            "{driver} {key}={value}"
        );
    }
}

#[test]
fn checkpoints_devices_and_cgroups_have_their_access() {
    let of = |operation, query: &str, body: &str| host_paths(&request(operation, query, body));
    assert_eq!(of(Operation::CheckpointList, "dir=/a//b", ""), ["checkpoint-directory read /a/b"]);
    assert_eq!(
        of(Operation::CheckpointDelete, "dir=/a&dir=/b", ""),
        ["checkpoint-directory write /a", "checkpoint-directory write /b"]
    );
    assert_eq!(of(Operation::CheckpointList, "dir=", ""), Vec::<String>::new());
    assert_eq!(of(Operation::CheckpointList, "dir=srv", ""), ["checkpoint-directory read srv"]);
    // The name is joined to the directory: it is never an absolute path.
    assert_eq!(
        of(Operation::ContainerStart, "checkpoint=/etc&checkpoint-dir=/a", ""),
        ["checkpoint-directory read /a", "checkpoint-name read etc"]
    );
    assert_eq!(of(Operation::ContainerStart, "checkpoint=c", ""), Vec::<String>::new());
    let update = r#"{"Devices":[{"PathOnHost":"/dev/sda","CgroupPermissions":"r"},{"PathOnHost":"/dev/kvm"}],"CgroupParent":"a/b"}"#;
    assert_eq!(
        of(Operation::ContainerUpdate, "", update),
        ["device read /dev/sda", "device write /dev/kvm", "cgroup-parent write a/b"]
    );
    assert_eq!(
        of(Operation::ContainerCreate, "", r#"{"HostConfig":{"Runtime":"runc"}}"#),
        Vec::<String>::new()
    );
    // Host configuration at the top counts as well.
    assert_eq!(
        of(
            Operation::ContainerCreate,
            "",
            r#"{"LogConfig":{"Type":"syslog","Config":{"syslog-address":"unix:///a"}}}"#
        ),
        ["log-option write /a"]
    );
}
