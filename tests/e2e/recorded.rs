//! What a real dockerd asked while real clients spoke to it, asked again: every row gets the verdict that was
//! settled by hand in `tests/data/docker/authz-recorded.expected.tsv`, under docker-baseline without settings and
//! then allow. Rows of `/AuthZPlugin.AuthZRes` and `/Plugin.Activate` are answered.

use portcullis_testing::{Portcullis, http};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
const RECORDING: &str = include_str!("../data/docker/authz-recorded.jsonl");
const EXPECTED: &str = include_str!("../data/docker/authz-recorded.expected.tsv");

#[test]
fn every_recorded_row_gets_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("portcullis.sock");
    let portcullis = Portcullis::start(PROGRAM, &config(&socket.to_string_lossy()));
    let mut verdicts = EXPECTED.lines().filter(|line| !line.starts_with('#'));
    let (mut requests, mut wrong) = (0, Vec::new());
    for row in RECORDING.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let path = row["path"].as_str().unwrap();
        let body = if row["body"].is_null() { String::new() } else { row["body"].to_string() };
        let (status, answer) = http::post_unix(&socket, path, &body).unwrap();
        assert_eq!(status, 200, "{path}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        match path {
            "/Plugin.Activate" => assert_eq!(answer, row["answer"]),
            "/AuthZPlugin.AuthZRes" => assert_eq!(answer["Allow"], true),
            _ => {
                requests += 1;
                let expected = verdicts.next().unwrap();
                let found = verdict(&answer);
                if !expected.ends_with(&format!("\t{found}")) {
                    wrong.push(format!("{found} instead of: {expected}"));
                }
            }
        }
    }
    assert_eq!((requests, verdicts.next()), (288, None));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    drop(portcullis);
}

fn verdict(answer: &Value) -> String {
    if answer["Allow"].as_bool().unwrap() {
        return "allow".to_owned();
    }
    let text = answer["Msg"].as_str().unwrap();
    let rule = text.rsplit("rule ").next().unwrap().split(',').next().unwrap();
    format!("deny {rule}")
}

fn config(socket: &str) -> String {
    format!(
        r#"
state = "state"
[listen]
docker = ["unix:{socket}"]
admin = []
[audit]
file = "decisions.jsonl"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
[[policies]]
name = "allow"
module = "builtin:allow"
"#
    )
}
