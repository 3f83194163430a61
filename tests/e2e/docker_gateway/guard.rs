//! The guarded socket: users of this machine, as the kernel names them.

use super::{PROGRAM, clients};
use portcullis_testing::{Dockerd, Portcullis, Run, need_dockerd};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// A folder for the socket, which other users reach.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn config(dockerd: &Dockerd, folder: &TempDir, settings: &str) -> String {
    format!(
        r#"
state = "state"
[listen]
docker = []
admin = []
[docker_gateway]
socket = {{ address = "unix:{}", mode = "0666" }}
engine = "unix://{}"
[audit]
file = "decisions.jsonl"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
settings = {{ otherwise = "allow", {settings} }}
"#,
        folder.path().join("guarded.sock").display(),
        dockerd.socket().display()
    )
}

fn host(folder: &TempDir) -> String {
    format!("unix://{}", folder.path().join("guarded.sock").display())
}

fn records(portcullis: &Portcullis) -> Vec<Value> {
    let text = fs::read_to_string(portcullis.folder().join("decisions.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_stock_clients_work_through_it() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let folder = folder();
    let _portcullis = Portcullis::start(PROGRAM, &config(&dockerd, &folder, ""));
    let client = folder.path().join("client");
    fs::create_dir(&client).unwrap();
    clients::everyday_commands(&dockerd, &host(&folder), &client);
}

#[test]
fn the_user_of_the_process_is_the_principal() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let settings = r#"allow = { daemon = ["privileged"] }"#;
    let folder = folder();
    let portcullis = Portcullis::start(PROGRAM, &config(&dockerd, &folder, settings));
    let client = folder.path().join("client");
    fs::create_dir(&client).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o777)).unwrap();
    let mut create = dockerd.clients_at(&host(&folder), &client).remove(0);
    create.args(["create", "--network", "none", "--privileged", "bb:1", "true"]);
    let refused = Run::of(&create).refused();
    assert!(refused.contains("policy docker-baseline, rule privileged"), "{refused}");
    let record = records(&portcullis).into_iter().find(|record| record["operation"] == "ContainerCreate");
    let principal = &record.unwrap()["principal"];
    assert_eq!((&principal["name"], &principal["authentication"]), (&"root".into(), &"peer".into()));

    // What a page of another site could make a browser send.
    let forged = b"POST /v1.41/containers/prune HTTP/1.1\r\nHost: docker\r\nOrigin: https://evil.example\r\n\
                   Connection: close\r\nContent-Length: 0\r\n\r\n";
    let (status, answer) =
        portcullis_testing::http::send_unix(&folder.path().join("guarded.sock"), forged).unwrap();
    assert!(status == 403 && answer.contains("host:cross-site"), "{status} {answer}");

    // Another user of the machine, by the same socket.
    let mut as_daemon = std::process::Command::new("setpriv");
    as_daemon.args(["--reuid=daemon", "--regid=daemon", "--init-groups"]).arg(create.get_program());
    as_daemon.args(create.get_args());
    for (name, value) in create.get_envs() {
        if let Some(value) = value {
            as_daemon.env(name, value);
        }
    }
    Run::of(&as_daemon).ok();
}
