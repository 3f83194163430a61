//! No secret in any record or log, at the most talkative log level, however the call ends. (An answer may quote
//! to its caller what the caller wrote.)
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{BOTH, Connection, PATIENCE, Place, ask, message, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_testing::http;
use serde_json::{Value, json};
use std::fs;

/// In every secret that is planted.
const PLANTED: &str = "hunter2";

fn planted() -> Vec<Value> {
    let secret = |name: &str| format!("{PLANTED}-{name}");
    let mut messages = vec![
        message("POST", "/v1.44/auth", Some(&json!({ "username": "alice", "password": secret("password") }))),
        message(
            "POST",
            &format!("/v1.44/auth?token={}", secret("query")),
            Some(&json!({ "password": secret("body") })),
        ),
        message("GET", &format!("/containers/json?access_token={}", secret("get")), None),
        message("GET", &format!("/no/such/route?password={}", secret("nowhere")), None),
        message(
            "POST",
            &format!("/v1.44/build?remote=https%3A%2F%2Fuser%3A{}%40host%2Fx.git", secret("url")),
            None,
        ),
        message(
            "POST",
            &format!("/v1.44/build?remote=https://user:{}@host/x.git", secret("plain-url")),
            None,
        ),
        message(
            "POST",
            &format!("/v1.44/build?buildargs=%7B%22KEY%22%3A%22{}%22%7D", secret("buildargs")),
            None,
        ),
        message("POST", &format!("/images/create?fromSrc=http://u:{}@h/x.tar", secret("source")), None),
        message("POST", "/swarm/join", Some(&json!({ "RemoteAddrs": ["h"], "JoinToken": secret("join") }))),
        message(
            "POST",
            "/secrets/create",
            Some(&json!({ "Name": "s", "Data": STANDARD.encode(secret("data")) })),
        ),
        // A record says what was run. What tells a secret in a command from the rest is its name.
        message(
            "POST",
            "/containers/create",
            Some(&json!({
                "Image": "x",
                "Env": [secret("env")],
                "Cmd": ["mysql", "--password", secret("command"), format!("--env=TOKEN={}", secret("option"))],
                "Entrypoint": ["sh", "-c", format!("curl -u a:{} -H 'X-Api-Key: {}'", secret("user"), secret("header"))],
                "HostConfig": { "Privileged": true },
            })),
        ),
    ];
    for name in ["X-Registry-Auth", "X-Registry-Config", "Authorization", "Cookie", "X-Api-Key"] {
        let mut with_header = message("POST", "/images/create?fromImage=busybox", None);
        with_header["RequestHeaders"] = json!({ name: secret(name) });
        messages.push(with_header);
    }
    let mut twice = message("GET", "/info", None);
    twice["RequestURI"] = secret("twice").into();
    messages.push(twice);
    messages
}

#[test]
fn a_planted_secret_is_nowhere() {
    let place = Place::new();
    let records = place.at("decisions");
    fs::write(place.at("portcullis.toml"), place.config(&format!("[audit]\nfile = {records:?}\n{BOTH}")))
        .unwrap();
    let mut command = place.command(&["serve", "--config", "portcullis.toml"]);
    let mut service = place.serve(command.env("PORTCULLIS_LOG", "trace"));
    let messages = planted();
    for message in &messages {
        ask(&place.door(), message);
        http::post_unix(&place.door(), "/AuthZPlugin.AuthZRes", &message.to_string()).unwrap();
    }
    // What is no message at all, and headers that no dockerd sends.
    let mut connection = Connection::open(&place.door());
    let garbage = format!("{{\"RequestMethod\": \"GET\", {PLANTED}");
    let head = format!(
        "POST /AuthZPlugin.AuthZReq?token={PLANTED} HTTP/1.1\r\nHost: x\r\nAuthorization: {PLANTED}\r\n"
    );
    connection.send(format!("{head}Content-Length: {}\r\n\r\n{garbage}", garbage.len()).as_bytes());
    assert_eq!(connection.answer().unwrap().json()["Allow"], false);
    connection.send(format!("{PLANTED} / HTTP/9.9\r\n{PLANTED}\r\n\r\n").as_bytes());
    drop(connection);
    let mut listed = String::new();
    until("every record is there", || {
        listed = http::get_unix(&place.admin(), "/decisions").unwrap().1;
        listed.lines().count() > messages.len()
    });
    assert!(service.stop(PATIENCE).success());

    let (log, written) = (service.log(), fs::read_to_string(records).unwrap());
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is not talkative: {log}");
    assert_eq!(written.lines().count(), messages.len() + 1);
    for (name, text) in [("log", &log), ("records", &written), ("/decisions", &listed)] {
        let encoded = STANDARD.encode(PLANTED);
        // Base64 of a text that begins so; the last digits depend on what follows.
        let found = text.lines().find(|line| line.contains(PLANTED) || line.contains(&encoded[..8]));
        assert_eq!(found, None, "in the {name}");
    }
}
