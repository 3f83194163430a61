//! Who may do what, and what an operator sees and does by hand.

use super::super::program::place::{ALLOW, PROGRAM, Place, until};
use super::*;
use portcullis_testing::Run;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

#[test]
fn put_rollback_restore_and_delete_say_what_they_do() {
    let mut host = Host::start(ALLOWS);
    let first = host.policy();
    assert_eq!((&first["origin"], &first["mode"]), (&json!("file"), &json!("enforce")));
    assert!(host.allows());

    let put = host.put_settings(DENIES);
    assert_eq!((&put["generation"], &put["published"]), (&json!(2), &json!(true)));
    assert_eq!(put["changed"][0]["revision_before"], first["revision"]);
    assert!(!host.allows());
    let second = host.policy();
    assert_eq!(second["origin"], "api");
    assert!(second["by"].as_str().unwrap().starts_with("uid "), "{second}");
    assert_eq!(second["settings"], json!({ "otherwise": "abstain" }));

    // A reload of files that have not changed leaves it.
    host.portcullis.reload();
    assert!(!host.allows());

    let rolled = host.accepted("POST", "/policies/docker-baseline/rollback", &Value::Null);
    assert_eq!(rolled["changed"][0]["revision"], first["revision"]);
    assert!(host.allows());
    let history = host.policy();
    let revisions = history["revisions"].as_array().unwrap();
    assert_eq!(revisions.len(), 2);
    assert_eq!((&revisions[0]["in_force"], &revisions[1]["withdrawn"]), (&json!(true), &json!(true)));
    // There is nothing left that was not withdrawn.
    let (status, answer) = host.call("POST", "/policies/docker-baseline/rollback", &Value::Null);
    assert_eq!(status, 409, "{answer}");

    // What was withdrawn comes back only when it is asked for by its digest.
    let digest = second["revision"].as_str().unwrap();
    let path = format!("/policies/docker-baseline/rollback?revision={}", &digest[..12]);
    host.accepted("POST", &path, &Value::Null);
    assert!(!host.allows());
    host.accepted("POST", "/policies/docker-baseline/restore", &Value::Null);
    assert!(host.allows() && host.policy()["origin"] == "file");

    let (status, answer) = host.call("DELETE", "/policies/docker-baseline", &Value::Null);
    assert_eq!((status, &answer["step"]), (409, &json!("publish")), "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("add `confirm`"), "{answer}");
    assert!(host.allows());
    host.accepted("DELETE", "/policies/docker-baseline?confirm", &Value::Null);
    assert!(!host.allows() && host.policies()["policies"] == json!([]));
    host.portcullis.restart();
    assert!(!host.allows(), "it stays removed until its entry changes");
    host.configure(ALLOWS, "deadline = \"90ms\"\n");
    until("the changed entry is in force", || host.allows());

    let changes = host.records("change");
    let operations: Vec<_> = changes.iter().map(|change| change["operation"].as_str().unwrap()).collect();
    let expected = [
        ("PutPolicy", "allow"),
        ("RollbackPolicy", "allow"),
        ("RollbackPolicy", "deny"),
        ("RollbackPolicy", "allow"),
        ("RestorePolicy", "allow"),
        ("DeletePolicy", "deny"),
        ("DeletePolicy", "allow"),
        ("ReloadPolicies", "allow"),
    ];
    assert_eq!(operations, expected.map(|(operation, _)| operation), "{changes:#?}");
    for (change, (operation, verdict)) in changes.iter().zip(expected) {
        assert_eq!(change["verdict"], verdict, "{operation}: {change}");
        let by = &change["principal"]["authentication"];
        assert_eq!(by, if operation == "ReloadPolicies" { "file" } else { "socket" }, "{change}");
    }
}

#[test]
fn a_whole_set_is_put_at_once() {
    let host = Host::start(ALLOWS);
    let set = json!({ "policies": [
        { "name": "docker-baseline", "mode": "monitor" },
        { "name": "twin", "settings": { "otherwise": "allow" }, "module": module() },
    ] });
    host.accepted("PUT", "/policies", &set);
    let names: Vec<_> = host.policies()["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| format!("{} {}", policy["name"].as_str().unwrap(), policy["mode"].as_str().unwrap()))
        .collect();
    assert_eq!(names, ["docker-baseline monitor", "twin enforce"]);
    assert!(host.allows());
    let (status, answer) = host.call("PUT", "/policies", &json!({ "policies": [] }));
    assert_eq!(status, 409, "{answer}");
    for (wrong, message) in [
        (json!({ "policies": [{ "name": "new" }] }), "`new` is a new policy and needs a module"),
        (json!({ "policies": [{ "name": "a b", "module": module() }] }), "`a b` is no name for a policy"),
        (json!({ "policies": [{ "name": "twin" }, { "name": "twin" }] }), "`twin` is listed twice"),
        (json!({ "policies": [{ "name": "twin", "module": "%" }] }), "`module` is no base64"),
    ] {
        let (status, answer) = host.call("PUT", "/policies", &wrong);
        assert_eq!(status, 400, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(message), "{answer}");
    }
    assert!(host.allows());
}

/// The module of docker-baseline, in base64.
fn module() -> String {
    use base64::Engine as _;
    let path = super::super::engine::asking::repository("policies/prebuilt/docker-baseline.wasm");
    base64::engine::general_purpose::STANDARD.encode(fs::read(path).unwrap())
}

#[test]
fn tcp_needs_a_token_and_health_does_not() {
    let place = Place::new();
    let (reader, changer) = ("r".repeat(32), "c".repeat(40));
    for (name, token) in [("reader", &reader), ("changer", &changer)] {
        fs::write(place.at(name), token).unwrap();
        fs::set_permissions(place.at(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let (read, change) = (place.at("reader"), place.at("changer"));
    let tokens = format!(
        "[admin]\nread_token = {{ file = {read:?} }}\nchange_token = {{ file = {change:?} }}\n{ALLOW}"
    );
    let config = place.config(&tokens).replace("admin = [", "admin = [\"127.0.0.1:0\", ");
    let portcullis = Portcullis::start(PROGRAM, &config);
    let log = portcullis.log();
    let address = log.split("admin listens on 127.").nth(1).unwrap().split(';').next().unwrap();
    let address = format!("127.{address}");
    let call = |method: &str, path: &str, token: &str| -> (u16, String) {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let header =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: x\r\n{header}Content-Length: 0\r\n\r\n").unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
        (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
    };
    for (method, path, none, read, change) in [
        ("GET", "/healthz", 200, 200, 200),
        ("GET", "/readyz", 200, 200, 200),
        ("GET", "/metrics", 401, 200, 200),
        ("GET", "/policies", 401, 200, 200),
        ("GET", "/decisions", 401, 200, 200),
        ("DELETE", "/policies/nothing", 401, 403, 404),
        ("POST", "/break-glass", 403, 403, 403),
    ] {
        let found = [("", none), (reader.as_str(), read), (changer.as_str(), change)]
            .map(|(token, expected)| (call(method, path, token).0, expected));
        for (status, expected) in found {
            assert_eq!(status, expected, "{method} {path}: {found:?}");
        }
    }
    assert!(call("GET", "/policies", "").1.contains("www-authenticate: Bearer"));
    assert_eq!(fs::metadata(place.admin()).unwrap().permissions().mode() & 0o777, 0o600);
    drop(portcullis);
    // It was killed, and leaves its sockets.
    let _ = [place.admin(), place.door()].map(fs::remove_file);
    fs::write(place.at("reader"), "short").unwrap();
    let line = place.refused(&place.config(&tokens));
    assert!(line.contains("a token has at least 32 characters"), "{line}");
}

#[test]
fn decisions_are_filtered_and_followed() {
    let host = Host::start(ALLOWS);
    let mut stream = UnixStream::connect(host.admin()).unwrap();
    stream.write_all(b"GET /decisions?follow&verdict=deny HTTP/1.0\r\nHost: x\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    while !lines.next().unwrap().unwrap().is_empty() {}
    assert!(host.allows());
    ask(&host.place.door(), &message("GET", "/no/such/route", None));
    let followed: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(followed["verdict"], "deny", "{followed}");
    let listed = |query: &str| {
        let (status, text) = http::get_unix(&host.admin(), &format!("/decisions?{query}")).unwrap();
        assert_eq!(status, 200, "{text}");
        text.lines().count()
    };
    assert_eq!((listed("operation=ContainerList"), listed("verdict=deny"), listed("limit=1")), (1, 1, 1));
    assert_eq!(http::get_unix(&host.admin(), "/decisions?verdikt=deny").unwrap().0, 400);
    let id = followed["id"].as_str().unwrap();
    let run = |arguments: &[&str]| -> Run { Run::of(&host.place.command(arguments)) };
    let socket = format!("unix:{}", host.admin().display());
    let explained = run(&["explain", id, "--admin", &socket]);
    assert!(explained.stdout.contains("verdict   deny by"), "{}{}", explained.stdout, explained.stderr);
    let listed = run(&["decisions", "--admin", &socket, "--filter", "verdict=deny"]);
    assert!(listed.stdout.lines().count() == 1 && listed.stdout.contains(id), "{}", listed.stdout);
    let listed = run(&["policy", "list", "--admin", &socket]);
    assert!(
        listed.stdout.contains("docker-baseline") && listed.stdout.contains("generation 1"),
        "{}",
        listed.stdout
    );
    let settings = host.place.at("settings.json");
    fs::write(&settings, DENIES).unwrap();
    let put = run(&[
        "policy",
        "put",
        "docker-baseline",
        "--settings",
        settings.to_str().unwrap(),
        "--admin",
        &socket,
    ]);
    assert!(put.stdout.contains("generation 2 is in force"), "{}{}", put.stdout, put.stderr);
    let rolled = run(&["policy", "rollback", "docker-baseline", "--admin", &socket]);
    assert!(rolled.stdout.contains("generation 3 is in force"), "{}{}", rolled.stdout, rolled.stderr);
    let shown = run(&["policy", "show", "docker-baseline", "--admin", &socket]);
    assert!(shown.stdout.contains("withdrawn"), "{}", shown.stdout);
    let unknown = run(&["policy", "delete", "nothing", "--admin", &socket]);
    assert_eq!(
        (unknown.status.code(), unknown.stderr.as_str()),
        (Some(1), "portcullis: there is no policy `nothing`\n")
    );
}

/// What would be decided is what is decided, and leaves no record.
#[test]
fn policies_are_asked_without_a_request() {
    let host = Host::start(DENIES);
    let facts = json!({
        "operation": "ContainerCreate", "principal": { "name": "alice", "authentication": "certificate" },
        "body": { "json": "{}" }, "workload": { "privileged": true },
    });
    let decisions = || http::call_unix(&host.admin(), "GET", "/decisions?kind=decision", "", b"").unwrap().1;
    let before = decisions();
    let answer = host.accepted("POST", "/ask/docker-request", &facts);
    assert_eq!((&answer["verdict"], &answer["rule"]), (&json!("deny"), &json!("privileged")), "{answer}");
    assert_eq!(
        (&answer["principal"]["name"], &answer["policy"]),
        (&json!("alice"), &json!("docker-baseline"))
    );
    let (_, answer) = host.call("POST", "/ask/aws-roles", &json!({ "purpose": "list" }));
    assert_eq!((&answer["verdict"], &answer["grants"]), (&json!("deny"), &json!([])), "{answer}");
    assert_eq!(decisions(), before, "nothing is recorded");
    let wrong = [
        ("/ask/docker-request", json!({ "operatoin": "x" }), 400, "unknown field `operatoin`"),
        ("/ask/docker-request", json!([]), 400, "input"),
        ("/ask/nothing", json!({}), 404, "there are `docker-request`"),
    ];
    for (path, body, wanted, text) in wrong {
        let (status, answer) = host.call("POST", path, &body);
        assert!(
            status == wanted && answer["message"].as_str().unwrap().contains(text),
            "{path}: {status} {answer}"
        );
    }
}
