//! What a real dockerd (20.10.24) asked an authorization plugin while the command line, docker-py and curl spoke
//! to it: every row of tests/data/docker/authz-recorded.jsonl, held against a table that was checked by hand.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says so when it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use portcullis_contract::docker::Body;
use portcullis_contract::types::Context;
use portcullis_docker_plugin::message::Message;
use portcullis_docker_plugin::read;
use serde_json::Value;

fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/docker").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The messages that were posted to this path.
fn messages(path: &str) -> Vec<Vec<u8>> {
    let rows = data("authz-recorded.jsonl");
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["path"] == path).map(|row| serde_json::to_vec(&row["body"]).unwrap()).collect()
}

/// Method, operation, targets and outcome, as the table has them.
fn read(text: &[u8]) -> String {
    let message = Message::parse(text).unwrap();
    let none = || "-".to_owned();
    match read::request(&message, Context::default(), "here", &BTreeSet::new()) {
        Ok(request) => {
            let targets = request.targets.iter().map(|target| format!("{}={}", target.kind, target.as_sent));
            let targets = targets.collect::<Vec<_>>().join(";");
            [request.method, request.operation.unwrap_or_else(none), targets, "ok".to_owned()].join("\t")
        }
        Err(refusal) => {
            let operation = refusal.operation.map_or_else(none, |operation| operation.to_string());
            [message.method, operation, none(), refusal.rule.to_owned()].join("\t")
        }
    }
}

#[test]
fn every_recorded_request_is_read_as_the_table_says() {
    let messages = messages("/AuthZPlugin.AuthZReq");
    let table = data("authz-recorded.expected.tsv");
    let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!((messages.len(), lines.len()), (288, 288));
    let mut wrong = Vec::new();
    for (at, (message, line)) in messages.iter().zip(lines).enumerate() {
        let (expected, _verdict) = line.rsplit_once('\t').unwrap();
        let found = format!("{}\t{}", at + 1, read(message));
        if found != expected {
            wrong.push(format!("expected {expected}\n   found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_recorded_answer_is_read_where_its_request_is() {
    let messages = messages("/AuthZPlugin.AuthZRes");
    assert_eq!(messages.len(), 280);
    let (mut with_body, mut unseen) = (0, 0);
    for text in messages {
        let message = Message::parse(&text).unwrap();
        let request = read::request(&message, Context::default(), "here", &BTreeSet::new());
        let response = read::response(&message, Context::default(), "here", &BTreeSet::new());
        match (request, response) {
            (Ok(request), Ok(response)) => {
                assert_eq!(response.request, request);
                assert_eq!(response.status, message.response_status);
                with_body += usize::from(matches!(response.body, Body::Json(_)));
                unseen += usize::from(matches!(response.body, Body::Unseen(_)));
                assert_eq!(response.body == Body::Absent, message.response_body.is_none());
            }
            (Err(request), Err(response)) => assert_eq!(request, response),
            (request, response) => panic!("{}: {request:?} {response:?}", message.uri),
        }
    }
    // Of 80 answers with a body three answer requests that are refused.
    assert_eq!((with_body, unseen), (77, 0));
}

#[test]
fn no_recorded_secret_reaches_a_policy() {
    let passwords = ["s3cret", "wrong", "ptr_abc"];
    for text in messages("/AuthZPlugin.AuthZReq") {
        let message = Message::parse(&text).unwrap();
        if let Ok(request) = read::request(&message, Context::default(), "here", &BTreeSet::new()) {
            let shown = serde_json::to_string(&request).unwrap();
            for password in passwords {
                assert!(!shown.contains(password), "{}", message.uri);
            }
        }
    }
}
