//! docker-leash's files, asked as dockerd asks: what its functional tests send, with the host's own reading of URIs.

use portcullis_testing::{Dockerd, Plugin, Portcullis, http, need_dockerd};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

use super::PROGRAM;

const GROUPS: &str = "admins: [mal]\nusers: [jre]\n";
const POLICIES: &str = r"
- description: workstations
  hosts:
    - +^wks\d\d.*
  default: ReadOnly
  policies:
    - members: [admins]
      rules:
        any: Allow
    - members: [users]
      rules:
        containersLogs:
          ContainerName: [^bar-, ^foo-, ^$USER-]
        containers:
          ContainerName:
            - ^foo-
            - ^$USER-
          BindMounts:
            - -/
            - +/home/$USER
            - +/0
";

fn config(socket: &Path, folder: &Path) -> String {
    fs::write(folder.join("groups.yml"), GROUPS).unwrap();
    fs::write(folder.join("policies.yml"), POLICIES).unwrap();
    format!(
        r#"
state = "state"
[listen]
docker = ["unix:{}"]
admin = []
[docker]
daemon = "wks01"
always_allow = []
[audit]
file = "decisions.jsonl"
[[policies]]
name = "docker-leash"
module = "builtin:docker-leash"
settings_files = {{ groups = "{folder}/groups.yml", policies = "{folder}/policies.yml" }}
"#,
        socket.display(),
        folder = folder.display()
    )
}

#[test]
fn the_cases_of_docker_leash_are_decided_as_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("leash.sock");
    let _portcullis = Portcullis::start(PROGRAM, &config(&socket, folder.path()));
    let ask = |method: &str, uri: &str, user: &str, body: Option<&Value>| {
        let mut message = json!({ "RequestMethod": method, "RequestUri": uri, "Host": "elsewhere" });
        if !user.is_empty() {
            message["User"] = user.into();
        }
        let mut headers = json!({ "Content-Length": "0" });
        if let Some(body) = body {
            message["RequestBody"] = body.clone();
            headers = json!({ "Content-Type": "application/json" });
        }
        message["RequestHeaders"] = headers;
        let message = message.to_string();
        let request = format!(
            "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{message}",
            message.len()
        );
        let (status, text) = http::send_unix(&socket, request.as_bytes()).unwrap();
        assert_eq!(status, 200, "{method} {uri}: {text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        (answer["Allow"] == json!(true), answer["Msg"].to_string())
    };
    let create = |binds: &[&str]| json!({ "Image": "bb:1", "HostConfig": { "Binds": binds } });
    let new = "/v1.32/containers/create?name=foo-bar";
    let rows = [
        ("GET", "/_ping", "", None, true),
        ("HEAD", "/_ping", "", None, true),
        ("GET", "/v1.35/containers/json", "", None, true),
        ("GET", "/v1.35/containers/json?all=1", "jre", None, true),
        // Not dockerd's routes.
        ("POST", "/v1.35/containers/json", "", None, false),
        ("GET", "/v1.35/containers/json/", "mal", None, false),
        ("POST", "/v1.35/containers/create/?name=x", "mal", Some(create(&[])), false),
        ("GET", "/no-match", "mal", None, false),
        ("EXOTIC", "/_ping", "mal", None, false),
        ("POST", "/build/something", "mal", None, false),
        ("POST", "/v1.32/containers/create", "mal", Some(create(&[])), true),
        ("POST", new, "jre", Some(create(&[])), true),
        ("POST", "/containers/create?name=foo-bar", "jre", Some(create(&[])), true),
        ("POST", "/v1.32/containers/create?name=foobar", "jre", Some(create(&[])), false),
        ("POST", "/v1.32/containers/create", "jre", Some(create(&[])), false),
        ("POST", new, "", Some(create(&[])), false),
        ("POST", new, "jre", Some(create(&["/0:/mnt/0:rw"])), true),
        ("POST", new, "jre", Some(create(&["/home/jre/x:/mnt"])), true),
        ("POST", new, "jre", Some(create(&["/home/jre/../mal:/mnt"])), false),
        ("POST", new, "jre", Some(create(&["/home/$USER:/mnt"])), false),
        ("POST", new, "jre", Some(create(&["/etc:/mnt/etc:rw"])), false),
        ("POST", new, "", Some(create(&["/etc:/mnt/etc:rw"])), false),
        ("GET", "/v1.32/containers/bar-1/logs", "jre", None, true),
        ("GET", "/containers/baz/logs", "jre", None, false),
        ("DELETE", "/v1.32/containers/jre-1", "jre", None, true),
        ("DELETE", "/v1.32/containers/foo-1.bar", "jre", None, true),
        ("DELETE", "/v1.32/containers/abc123", "jre", None, false),
        ("DELETE", "/v1.32/containers/", "jre", None, false),
        ("GET", "/v1.32/images/registry.example.net/traefik:alpine/json", "jre", None, true),
        ("DELETE", "/v1.32/images/alpine", "jre", None, false),
    ];
    for (method, uri, user, body, expected) in rows {
        let (is_allowed, why) = ask(method, uri, user, body.as_ref());
        assert_eq!(is_allowed, expected, "{method} {uri} by `{user}` {body:?}: {why}");
    }
}

#[test]
fn a_client_without_a_name_reads_through_a_real_dockerd() {
    let Some(needed) = need_dockerd() else { return };
    let folder = tempfile::tempdir().unwrap();
    let plugin = Plugin::socket();
    let _portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), folder.path()));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.docker(&["ps"]).ok();
    dockerd.docker(&["system", "df"]).ok();
    let text = dockerd.docker(&["volume", "create", "v"]).refused();
    assert!(text.contains("Operations are restricted to read-only"), "{text}");
    assert!(text.contains("policy docker-leash, rule read-only"), "{text}");
}
