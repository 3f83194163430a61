//! A policy of opa-docker-authz, unchanged, between a real dockerd and its clients.

use portcullis_testing::{Dockerd, Plugin, Portcullis, http, need_dockerd};
use std::fs;

use super::{PROGRAM, records};

/// The policy of OPA's tutorial "Docker" that refuses containers without seccomp.
const SECCOMP: &str = r#"package docker.authz

default allow := false

allow if not deny

deny if seccomp_unconfined

seccomp_unconfined if {
	# This expression asserts that the string on the right-hand side is equal
	# to an element in the array SecurityOpt referenced on the left-hand side.
	input.Body.HostConfig.SecurityOpt[_] == "seccomp=unconfined"
}
"#;

#[test]
fn a_policy_of_opa_docker_authz_decides_unchanged_and_is_changed_by_its_file() {
    let Some(needed) = need_dockerd() else { return };
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("authz.rego");
    fs::write(&policy, SECCOMP).unwrap();
    let plugin = Plugin::socket();
    let config = format!(
        r#"
state = "state"
[listen]
docker = ["unix:{}"]
admin = []
[audit]
file = "decisions.jsonl"
[[policies]]
name = "opa"
module = "builtin:rego"
hooks = ["docker-request"]
settings = {{ query = "data.docker.authz.allow", input = "opa-docker-authz" }}
settings_files = {{ files = ["{}"] }}
"#,
        plugin.path().display(),
        policy.display()
    );
    let mut portcullis = Portcullis::start(PROGRAM, &config);
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    let create = |option: &str| {
        let body = format!(
            r#"{{"Image":"bb:1","Cmd":["true"],"HostConfig":{{"NetworkMode":"none","SecurityOpt":["{option}"]}}}}"#
        );
        let request = format!(
            "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        http::send_unix(&dockerd.socket(), request.as_bytes()).unwrap()
    };
    assert_eq!(create("no-new-privileges").0, 201);
    let (status, text) = create("seccomp=unconfined");
    assert_eq!(status, 403, "{text}");
    assert!(
        text.contains("request rejected by administrative policy (policy opa, rule not-allowed"),
        "{text}"
    );
    let record = records(&portcullis).into_iter().rfind(|record| record["verdict"] == "deny").unwrap();
    assert_eq!((&record["policy"], &record["rule"]), (&"opa".into(), &"not-allowed".into()));

    fs::write(&policy, SECCOMP.replace("seccomp=unconfined", "no-new-privileges")).unwrap();
    portcullis.reload();
    assert_eq!(create("no-new-privileges").0, 403);
    assert_eq!(create("seccomp=unconfined").0, 201);
}
