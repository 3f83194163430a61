use portcullis_contract::docker::{
    Device, HostPath, Image, Mount, Namespace, Request, SecurityOption, Workload,
};
use serde_json::json;

use super::Facts;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn facts(workload: Workload) -> serde_json::Value {
    let request = Request { workload: Some(workload), ..Request::default() };
    serde_json::to_value(Facts::of(&request)).unwrap()
}

#[test]
fn a_workload_is_told_in_the_words_of_docker_run() {
    let request = Request {
        workload: Some(Workload {
            image: Some(Image { as_sent: "busybox:1".into(), ..Image::default() }),
            command: texts(&["sh", "-c", "id"]),
            user: Some("1000".into()),
            privileged: true,
            environment: texts(&["TOKEN=abc"]),
            mounts: vec![Mount {
                kind: "bind".into(),
                as_sent: "/etc/../etc:/host:ro".into(),
                host_path: Some("/etc".into()),
                target: Some("/host".into()),
                read_only: true,
                ..Mount::default()
            }],
            capabilities_added: texts(&["CAP_NET_ADMIN"]),
            namespaces: vec![
                Namespace { kind: "pid".into(), mode: "host".into(), container: None },
                Namespace { kind: "ipc".into(), mode: "container".into(), container: Some("web".into()) },
                Namespace { kind: "network".into(), mode: "none".into(), container: None },
            ],
            devices: vec![Device {
                path_on_host: "/dev/kvm".into(),
                path_in_container: "/dev/kvm".into(),
                permissions: "rwm".into(),
            }],
            security_options: vec![SecurityOption {
                name: "seccomp".into(),
                value: Some("unconfined".into()),
            }],
            networks: texts(&["none"]),
            ..Workload::default()
        }),
        host_paths: vec![HostPath {
            path: "/var/run/x".into(),
            why: "log-option".into(),
            access: "write".into(),
        }],
        ..Request::default()
    };
    let expected = json!({
        "image": "busybox:1", "command": ["sh", "-c", "id"], "user": "1000",
        "mounts": [{ "kind": "bind", "source": "/etc", "target": "/host", "access": "ro" }],
        "host_paths": [{ "path": "/var/run/x", "why": "log-option", "access": "write" }],
        "networks": ["none"],
        "privileges": ["cap-add=CAP_NET_ADMIN", "pid=host", "ipc=container:web", "device=/dev/kvm:rwm",
            "security-opt=seccomp=unconfined", "privileged"],
    });
    assert_eq!(serde_json::to_value(Facts::of(&request)).unwrap(), expected);
}

#[test]
fn a_request_that_runs_nothing_has_no_facts() {
    assert_eq!(Facts::of(&Request::default()), None);
    let request = Request { workload: Some(Workload::default()), ..Request::default() };
    assert_eq!(Facts::of(&request), None);
}

#[test]
fn secrets_are_masked_also_where_a_text_is_cut() {
    let long = format!("curl https://user:{}", "p".repeat(10_000));
    let command =
        texts(&["mysql", "--password", "hunter2", "--token=hunter2", "-h", "x://u:hunter2@db/", &long]);
    let value = facts(Workload {
        command,
        image: Some(Image { as_sent: "u:hunter2@registry/image".into(), ..Image::default() }),
        ..Workload::default()
    });
    assert_eq!(
        value["command"],
        json!(["mysql", "--password", "***", "--token=***", "-h", "x://***@db/", "curl ***"])
    );
    assert!(!value.to_string().contains("hunter2"), "{value}");
}

#[test]
fn secrets_of_commands_are_masked_in_the_ways_people_pass_them() {
    for (arguments, expected) in [
        (&["--env=TOKEN=hunter2"][..], &["--env=TOKEN=***"][..]),
        (&["--set=db.password=hunter2"], &["--set=db.password=***"]),
        (&["sh", "-c", "mysql --password hunter2 -e x"], &["sh", "-c", "mysql --password *** -e x"]),
        (&["--password", "-hunter2"], &["--password", "***"]),
        (&["A=1;TOKEN=hunter2;x"], &["A=1;TOKEN=***;x"]),
        (&["a&&TOKEN=hunter2|cat"], &["a&&TOKEN=***|cat"]),
        (&["curl", "-H", "Authorization: Bearer hunter2"], &["curl", "-H", "Authorization: ***"]),
        (&["curl", "-H", "X-Vault-Token:hunter2"], &["curl", "-H", "X-Vault-Token:***"]),
        (&["{\"password\":\"hunter2\"}"], &["{\"password\":***"]),
        (&["export PASSWORD='hunter2 hunter2'"], &["export PASSWORD=***"]),
        (&["curl", "-u", "alice:hunter2"], &["curl", "-u", "alice:***"]),
        (&["sh", "-c", "curl --user alice:hunter2 x"], &["sh", "-c", "curl --user alice:*** x"]),
        // What is masked by its decoded form is written anew, encoded.
        (&["x://u:hunter2@db/?token=hunter2"], &["x://***@db/%3Ftoken=***"]),
        // What is no secret stays.
        (&["sh", "-c", "echo a=b; ls -u root /x:y"], &["sh", "-c", "echo a=b; ls -u root /x:y"]),
        (&["run", "-v", "/a:/b:ro", "http://x/y?z=1"], &["run", "-v", "/a:/b:ro", "http://x/y?z=1"]),
    ] {
        let value = facts(Workload { command: texts(arguments), ..Workload::default() });
        assert_eq!(value["command"], json!(expected), "{arguments:?}");
    }
}

#[test]
fn lists_and_texts_are_bounded_and_say_so() {
    let value = facts(Workload {
        command: vec!["a ".repeat(2000); 40],
        networks: vec!["n".into(); 33],
        ..Workload::default()
    });
    assert_eq!(value["command"].as_array().unwrap().len(), 32);
    assert_eq!(value["left_out"], 9);
    let argument = value["command"][0].as_str().unwrap();
    assert!(argument.len() < 300 && argument.ends_with('…'), "{argument}");
}
