//! The Barbican door as an operator meets it: what turns it on, what its configuration refuses, and tokens without a
//! Keystone. What Barbican's clients make of it is in `barbican.rs`.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{Connection, PROGRAM, Place, get_json, until};
use portcullis_testing::{Portcullis, Run};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

pub(crate) const POLICY: &str = "[[policies]]\nname = \"barbican-acl\"\nmodule = \"builtin:barbican-acl\"\n";

/// `[barbican]` on a socket in the folder, with these keys.
fn door(place: &Place, keys: &str) -> String {
    format!("[barbican]\nlisten = [\"unix:{}\"]\n{keys}\n", place.at("secrets.sock").display())
}

/// The key that names the file of tokens. The program's own folder is another one than the place's.
pub(crate) fn by_file(place: &Place) -> String {
    door(place, &format!("tokens = \"{}\"", place.at("tokens.toml").display()))
}

/// A file of tokens: each is its user's name.
pub(crate) fn tokens(place: &Place, users: &[(&str, &str)]) {
    let entry = |(user, role): &(&str, &str)| {
        let digest = Run::of(Command::new("sh").args(["-c", &format!("printf {user} | sha256sum")])).ok();
        let digest = digest.split(' ').next().unwrap().to_owned();
        format!(
            "[[tokens]]\nsha256 = \"{digest}\"\nuser = \"{user}\"\nproject = \"p\"\nroles = [\"{role}\"]\n"
        )
    };
    let text: String = users.iter().map(entry).collect();
    let file = place.at("new.toml");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(file, place.at("tokens.toml")).unwrap();
}

/// Status and JSON.
pub(crate) fn call(socket: &Path, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = Connection::open(socket).exchange(
        format!(
            "{method} {path} HTTP/1.1\r\nHost: secrets\r\nX-Auth-Token: {token}\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

#[test]
fn a_bad_key_is_named_with_its_line() {
    let place = Place::new();
    // Each stands on line 7.
    let cases = [
        ("x = 1", "unknown key `x`, expected one of `listen`, `host_href`, "),
        ("host_href = \"kms:9311\"", "`kms:9311` is no address of a service"),
        ("oslo_services = [\"nova\"]", "the rules of `nova` are not known"),
        ("keystone = {}", "missing key `url`"),
        ("keystone = { url = \"keystone\" }", "this is no URL of a Keystone"),
        ("keystone = { url = \"u:hunter2@k\" }", "this is no URL of a Keystone"),
        ("keystone = { url = \"http://k\", username = \"u\" }", "`username` and `password` go together"),
        (
            "keystone = { url = \"http://k\", username = \"u\", password = \"hunter2\" }",
            "a secret does not stand in the configuration: write `{ file = \"...\" }` or",
        ),
        (
            "keystone = { url = \"http://k\", username = \"u\", password = { file = \"none\" } }",
            "cannot read `none`: No such file",
        ),
        (
            "keystone = { url = \"http://k\", username = \"u\", password = { env = \"NO_SUCH\" } }",
            "the environment variable `NO_SUCH`: ",
        ),
        (
            "keystone = { url = \"http://k\", cache_time = \"2h\" }",
            "`cache_time` is between 0s and 1h, not `2h`",
        ),
    ];
    for (key, message) in cases {
        let said = place.refused(&place.config(&format!("{}{POLICY}", door(&place, key))));
        assert!(said.starts_with("portcullis.toml:7: ") && said.contains(message), "{key}\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    for (config, message) in [
        (
            door(&place, "oslo_services = [\"barbican\"]\noslo_clients = [\"CN=b\"]"),
            "`oslo_clients` names certificates",
        ),
        (
            format!("[store]\nurl = \"postgres://u@h/d\"\n{}", by_file(&place)),
            "wants one key for all of them",
        ),
    ] {
        let said = place.refused(&place.config(&config));
        assert!(said.contains(message), "{said}");
    }
    let both = door(&place, "tokens = \"t\"\nkeystone = { url = \"http://k\" }");
    let said = place.refused(&place.config(&both));
    assert!(said.starts_with("portcullis.toml:7: `tokens` and `[barbican.keystone]` exclude"), "{said}");
    for (url, message) in
        [("mysql://x", "a database is `sqlite:FILE` or `postgres://"), ("sqlite:none/x.db", "none/x.db")]
    {
        tokens(&place, &[("alice", "member")]);
        let config = format!("[store]\nurl = \"{url}\"\n{}{POLICY}", by_file(&place));
        let said = place.refused(&place.config(&config));
        assert!(said.starts_with("portcullis.toml:6: ") && said.contains(message), "{said}");
    }
}

#[test]
fn it_is_off_until_somebody_says_whose_a_token_is() {
    let place = Place::new();
    let portcullis = place.start(&door(&place, ""));
    let line = "the Barbican API stays off: `[barbican.keystone]` or `tokens`";
    assert!(portcullis.log().contains(line), "{}", portcullis.log());
    assert!(!place.at("secrets.sock").exists());
    assert!(!place.at("state/portcullis.db").exists(), "a store that nobody uses");
}

#[test]
fn with_a_file_of_tokens_it_works_alone_and_hears_of_changes() {
    let place = Place::new();
    tokens(&place, &[("alice", "member"), ("bob", "member")]);
    let config = format!("{}{POLICY}", by_file(&place));
    let mut portcullis = place.start(&config);
    let socket = place.at("secrets.sock");
    let secret = json!({ "name": "s", "payload": "it is 42", "payload_content_type": "text/plain" });
    let (status, made) = call(&socket, "alice", "POST", "/v1/secrets", &secret);
    assert_eq!(status, 201, "{made}");
    let path = made["secret_ref"].as_str().unwrap().split_once("secrets/v1").unwrap().1.to_owned();
    let path = format!("/v1{path}");
    let private = json!({ "read": { "project-access": false } });
    assert_eq!(call(&socket, "alice", "PUT", &format!("{path}/acl"), &private).0, 200);
    let (status, refused) = call(&socket, "bob", "GET", &path, &Value::Null);
    assert_eq!(status, 403);
    // The refusal says which decision, whose record says the rest.
    let description = refused["description"].as_str().unwrap();
    let id = description.rsplit("decision ").next().unwrap().trim_end_matches(')');
    let record = get_json(&place.admin(), &format!("/decisions/{id}"));
    assert_eq!(
        (&record["operation"], &record["verdict"]),
        (&"secret-get".into(), &"deny".into()),
        "{record}"
    );
    assert_eq!(record["principal"]["name"], "bob", "{record}");
    assert_eq!(call(&socket, "carol", "GET", &path, &Value::Null).0, 401);
    // It is all there after a start anew, and in nobody's clear text.
    portcullis.restart();
    assert_eq!(call(&socket, "alice", "GET", &path, &Value::Null).1["name"], "s");
    for file in ["portcullis.db", "portcullis.db-wal"] {
        let bytes = fs::read(place.at("state").join(file)).unwrap_or_default();
        assert!(!bytes.windows(8).any(|window| window == b"it is 42"), "{file}");
    }
    tokens(&place, &[("alice", "member"), ("bob", "admin")]);
    until("bob is an administrator", || call(&socket, "bob", "GET", &path, &Value::Null).0 == 200);
}

#[test]
fn a_key_that_is_not_the_one_that_sealed_is_told_of_at_the_start() {
    let place = Place::new();
    tokens(&place, &[("alice", "member")]);
    let rest = format!("{}{POLICY}", by_file(&place));
    let config = place.config(&rest);
    let mut portcullis = Portcullis::start(PROGRAM, &config);
    let secret = json!({ "name": "s", "payload": "p", "payload_content_type": "text/plain" });
    assert_eq!(call(&place.at("secrets.sock"), "alice", "POST", "/v1/secrets", &secret).0, 201);
    portcullis.terminate();
    fs::remove_file(place.at("state/store.key")).unwrap();
    let said = place.refused(&config);
    assert!(said.contains("which this program does not have; bring the key back"), "{said}");
    assert!(
        !place.at("state/store.key").exists(),
        "a key that opens nothing stands where the right one is looked for"
    );
}

#[test]
fn check_reads_the_file_of_tokens() {
    let place = Place::new();
    tokens(&place, &[("alice", "member")]);
    let config = place.config(&format!("{}{POLICY}", by_file(&place)));
    fs::write(place.at("portcullis.toml"), &config).unwrap();
    let check = || Run::of(&place.command(&["check", "--config", "portcullis.toml"]));
    check().ok();
    for (text, message) in [
        ("[[tokens]]\nsha256 = \"x\"\nuser = \"alice\"\n", "line 1: `sha256` must be 64 hexadecimal digits"),
        ("[[tokens]]\nuser = \"alice\"\n", "missing field `sha256`"),
        ("tokens = 1\n", "tokens.toml"),
    ] {
        fs::write(place.at("tokens.toml"), text).unwrap();
        let said = place.assert_refused(&check());
        assert!(said.starts_with("portcullis.toml:") && said.contains(message), "{said}");
    }
    fs::remove_file(place.at("tokens.toml")).unwrap();
    assert!(place.assert_refused(&check()).contains("tokens.toml"));
}
