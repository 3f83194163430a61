//! `[telemetry]`: what a collector reads by OpenTelemetry's own messages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

use super::place::Place;
use portcullis_testing::needs::{missing, virtual_environment};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

struct Collector {
    process: Child,
    lines: BufReader<ChildStdout>,
    port: String,
}

impl Collector {
    fn start() -> Option<Self> {
        let messages = "opentelemetry/proto/collector/trace/v1/trace_service_pb2.py";
        let has_messages = |folder: &std::path::PathBuf| {
            let libraries = std::fs::read_dir(folder.join("lib")).into_iter().flatten().flatten();
            libraries.into_iter().any(|python| python.path().join("site-packages").join(messages).is_file())
        };
        let Some(folder) = virtual_environment("sdks").filter(has_messages) else {
            return missing("sdks", "the messages of OpenTelemetry are not installed (tests/run does it)");
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/support/otlp/collector.py");
        let mut process =
            Command::new(folder.join("bin/python")).arg(script).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        let mut collector = Self { process, lines, port: String::new() };
        collector.port = collector.line().trim().to_owned();
        Some(collector)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    /// The next message that has such a list.
    fn next(&mut self, list: &str) -> Value {
        loop {
            let message: Value = serde_json::from_str(&self.line()).unwrap();
            if message[list].is_array() {
                return message[list][0].clone();
            }
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn attribute<'v>(of: &'v Value, key: &str) -> &'v Value {
    let found = of["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == key);
    &found.unwrap_or_else(|| panic!("{key}: {of}"))["value"]
}

/// The bytes of an id, as protobuf's JSON has them.
fn base64_of(id: &str) -> String {
    use base64::Engine as _;
    let bytes: Vec<_> =
        (0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_collector_reads_each_decision_as_a_trace_and_a_log_entry() {
    let Some(mut collector) = Collector::start() else { return };
    let place = Place::new();
    let telemetry = format!(
        "[telemetry]\nendpoint = \"http://127.0.0.1:{}\"\nlogs = true\nservice = \"gate\"\n",
        collector.port
    );
    let mut portcullis = place.start(&telemetry);
    let body = json!({ "User": "alice", "RequestMethod": "POST", "RequestUri": "/v1.41/containers/create",
        "RequestHeaders": { "Content-Type": "application/json" },
        "RequestBody": base64_of(&hex(br#"{"HostConfig":{"Privileged":true}}"#)) });
    let (_, answer) =
        portcullis_testing::http::post_unix(&place.door(), "/AuthZPlugin.AuthZReq", &body.to_string())
            .unwrap();
    let id = answer.split("decision ").nth(1).unwrap()[..32].to_owned();

    let traces = loop {
        let traces = collector.next("resourceSpans");
        let spans = traces["scopeSpans"][0]["spans"].clone();
        if spans.as_array().unwrap().iter().any(|span| span["traceId"] == base64_of(&id)) {
            break traces;
        }
    };
    assert_eq!(attribute(&traces["resource"], "service.name"), &json!({ "stringValue": "gate" }));
    let spans: Vec<_> = traces["scopeSpans"][0]["spans"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|span| span["traceId"] == base64_of(&id))
        .collect();
    assert_eq!(
        (&spans[0]["name"], &spans[0]["kind"]),
        (&json!("ContainerCreate"), &json!("SPAN_KIND_SERVER"))
    );
    assert_eq!(attribute(spans[0], "user.name")["stringValue"], "alice");
    assert_eq!(attribute(spans[0], "portcullis.rule")["stringValue"], "privileged");
    assert_eq!(spans[1]["name"], "policy docker-baseline");
    assert_eq!(spans[1]["parentSpanId"], spans[0]["spanId"]);
    assert_eq!(spans.len(), 2, "allow was not asked");
    let logs = collector.next("resourceLogs");
    let entries = logs["scopeLogs"][0]["logRecords"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["traceId"] == base64_of(&id)).unwrap();
    assert_eq!(entry["severityText"], "WARN");
    let record: Value = serde_json::from_str(entry["body"]["stringValue"].as_str().unwrap()).unwrap();
    assert_eq!((&record["id"], &record["verdict"]), (&json!(id), &json!("deny")));
    let (_, metrics) = portcullis_testing::http::get_unix(&place.admin(), "/metrics").unwrap();
    assert!(
        metrics.contains("portcullis_telemetry_records_total{signal=\"traces\",result=\"rejected\"} 0"),
        "{metrics}"
    );

    // What is decided last is sent before the end.
    let (_, answer) =
        portcullis_testing::http::post_unix(&place.door(), "/AuthZPlugin.AuthZReq", &body.to_string())
            .unwrap();
    let last = base64_of(&answer.split("decision ").nth(1).unwrap()[..32]);
    portcullis.terminate();
    loop {
        let traces = collector.next("resourceSpans");
        if traces.to_string().contains(&last) {
            break;
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
