//! The guarded socket: users of this machine, as the kernel names them.

use super::{PROGRAM, clients};
use portcullis_testing::{Dockerd, Portcullis, Run, need_dockerd};
use serde_json::Value;
use std::fs;

fn config(dockerd: &Dockerd, settings: &str) -> String {
    format!(
        r#"
state = "state"
[listen]
docker = []
admin = []
[docker_gateway]
socket = "unix:guarded.sock"
engine = "unix://{}"
[audit]
file = "decisions.jsonl"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
settings = {{ otherwise = "allow", {settings} }}
"#,
        dockerd.socket().display()
    )
}

fn host(portcullis: &Portcullis) -> String {
    format!("unix://{}", portcullis.folder().join("guarded.sock").display())
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
    let portcullis = Portcullis::start(PROGRAM, &config(&dockerd, ""));
    let client = portcullis.folder().join("client");
    fs::create_dir(&client).unwrap();
    clients::everyday_commands(&dockerd, &host(&portcullis), &client);
}

#[test]
fn the_user_of_the_process_is_the_principal() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let settings = r#"allow = { daemon = ["privileged"] }"#;
    let portcullis = Portcullis::start(PROGRAM, &config(&dockerd, settings));
    let client = portcullis.folder().join("client");
    fs::create_dir(&client).unwrap();
    let mut create = dockerd.clients_at(&host(&portcullis), &client).remove(0);
    create.args(["create", "--network", "none", "--privileged", "bb:1", "true"]);
    let refused = Run::of(&create).refused();
    assert!(refused.contains("policy docker-baseline, rule privileged"), "{refused}");
    let record = records(&portcullis).into_iter().find(|record| record["operation"] == "ContainerCreate");
    let principal = &record.unwrap()["principal"];
    assert_eq!((&principal["name"], &principal["authentication"]), (&"root".into(), &"peer".into()));

    // Another user of the machine, by the same socket.
    use std::os::unix::fs::PermissionsExt as _;
    let socket = portcullis.folder().join("guarded.sock");
    for path in [portcullis.folder(), client.as_path()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
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
