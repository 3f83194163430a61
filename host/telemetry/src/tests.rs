//! What a collector is sent, and what becomes of what it does not take.

use super::*;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use portcullis_audit::{Kind, Recent};
use prost::Message as _;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};

const ID: &str = "01a21ce0ac0d76aaa32793eade4e5563";

/// A status and a body.
type Answer = (StatusCode, Vec<u8>);

/// A collector that answers in turn with what it is told, and then with 200.
#[derive(Clone)]
struct Fake {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: mpsc::UnboundedSender<(String, HeaderMap, Bytes)>,
}

async fn collector(answers: &[Answer]) -> (String, mpsc::UnboundedReceiver<(String, HeaderMap, Bytes)>) {
    let (seen, requests) = mpsc::unbounded_channel();
    let fake = Fake { answers: Arc::new(Mutex::new(answers.iter().cloned().collect())), seen };
    let answer = |State(fake): State<Fake>, uri: axum::http::Uri, headers: HeaderMap, body: Bytes| async move {
        fake.seen.send((uri.path().to_owned(), headers, body)).unwrap();
        let answer = fake.answers.lock().unwrap().pop_front();
        let (status, body) = answer.unwrap_or((StatusCode::OK, Vec::new()));
        let wait = [("retry-after", "0")];
        (status, wait, body).into_response()
    };
    let app = Router::new().fallback(answer).with_state(fake);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, requests)
}

fn options(endpoint: &str) -> TelemetryOptions {
    TelemetryOptions {
        endpoint: endpoint.into(),
        headers: vec![("authorization".into(), "Bearer secret".into())],
        ca: None,
        service: "portcullis".into(),
        traces: true,
        logs: true,
        timeout: Duration::from_secs(5),
    }
}

fn recent(line: &str) -> Recent {
    Recent { kind: Kind::Decision, id: ID.into(), line: line.into() }
}

fn line(more: &str) -> String {
    format!(
        r#"{{"time":"2026-11-27T12:00:15.885Z","kind":"decision","id":"{ID}","api":"docker-plugin","verdict":"deny",
        "rule":"host-mount","operation":"ContainerCreate","principal":{{"name":"alice"}},"micros":100,"total_micros":150,
        "outcomes":[{{"policy":"docker-baseline","outcome":"opinion","verdict":"deny","micros":60}},
        {{"policy":"slow","outcome":"deadline","detail":"too long","micros":40}},{{"policy":"allow","outcome":"not-asked"}}]{more}}}"#
    )
}

fn text<'s>(span: &'s Span, key: &str) -> Option<&'s str> {
    span.attributes.iter().find(|pair| pair.key == key).and_then(|pair| {
        match pair.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text.as_str()),
            _ => None,
        }
    })
}

#[tokio::test]
async fn a_decision_is_a_trace_with_a_span_for_each_policy_and_a_log_entry() {
    let (url, mut requests) = collector(&[]).await;
    let log = broadcast::Sender::new(8);
    let telemetry = Telemetry::start(options(&url), log.subscribe()).unwrap();
    log.send(recent(&line(""))).unwrap();
    log.send(recent("no record")).unwrap();
    let (path, headers, body) = requests.recv().await.unwrap();
    assert_eq!(path, "/base/v1/traces");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(headers["authorization"], "Bearer secret");
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let spans = &request.resource_spans[0].scope_spans[0].spans;
    let [decision, baseline, slow] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(decision.trace_id, u128::from_str_radix(ID, 16).unwrap().to_be_bytes());
    assert_eq!((&*decision.name, text(decision, "user.name")), ("ContainerCreate", Some("alice")));
    assert_eq!(decision.end_time_unix_nano - decision.start_time_unix_nano, 150_000);
    assert!(decision.status.is_none(), "a refusal is no error");
    for below in [baseline, slow] {
        assert_eq!((&below.parent_span_id, &below.trace_id), (&decision.span_id, &decision.trace_id));
    }
    assert_ne!(baseline.span_id, slow.span_id);
    assert_eq!(baseline.end_time_unix_nano, slow.start_time_unix_nano);
    assert_eq!(slow.end_time_unix_nano, decision.end_time_unix_nano);
    assert_eq!(slow.status.as_ref().unwrap().message, "too long");
    let (path, _, body) = requests.recv().await.unwrap();
    assert_eq!(path, "/base/v1/logs");
    let request = ExportLogsServiceRequest::decode(body).unwrap();
    let entry = &request.resource_logs[0].scope_logs[0].log_records[0];
    assert_eq!((&*entry.severity_text, &*entry.event_name), ("WARN", "portcullis.decision"));
    assert_eq!(entry.trace_id, decision.trace_id);
    assert_eq!(entry.body.as_ref().unwrap().value, Some(Value::StringValue(line(""))));
    let counts = Arc::clone(telemetry.counts());
    telemetry.close().await;
    assert_eq!((counts.sent(Signal::Traces), counts.sent(Signal::Logs), counts.lost()), (1, 1, 0));
}

#[test]
fn a_monitor_is_below_the_decision_and_no_two_spans_have_one_id() {
    let spans = |kind: &str| spans::of(&line::Line::read(&line("").replace("\"decision\"", kind)).unwrap());
    let (decision, monitor, shadow) = (spans("\"decision\""), spans("\"monitor\""), spans("\"shadow\""));
    // A shadow's first outcome is the policy in force, which the decision has already.
    assert_eq!((decision.len(), monitor.len(), shadow.len()), (3, 2, 1));
    let response = line(r#","hook":"docker-response""#);
    let response = spans::of(&line::Line::read(&response).unwrap());
    assert_eq!(response[0].trace_id, decision[0].trace_id);
    let all: Vec<_> = [&decision, &monitor, &shadow, &response].into_iter().flatten().collect();
    let ids: std::collections::BTreeSet<_> = all.iter().map(|span| &span.span_id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(monitor.iter().chain(&shadow).all(|span| span.parent_span_id == decision[0].span_id));
    let failed = line::Line::read(&line(r#","error":"disk full""#)).unwrap();
    assert_eq!(spans::of(&failed)[0].status.as_ref().unwrap().message, "disk full");
    for none in [
        "",
        "{}",
        r#"{"id":"0"}"#,
        r#"{"id":"00000000000000000000000000000000"}"#,
        r#"{"id":"+1a21ce0ac0d76aaa32793eade4e5563"}"#,
    ] {
        assert!(line::Line::read(none).is_none_or(|line| spans::of(&line).is_empty()), "{none}");
    }
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_and_in_the_end_counted() {
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 1,
            error_message: "too old".into(),
        }),
    };
    let answers = [
        (StatusCode::SERVICE_UNAVAILABLE, Vec::new()),
        (StatusCode::TOO_MANY_REQUESTS, Vec::new()),
        (StatusCode::OK, Vec::new()),
        (StatusCode::BAD_REQUEST, Vec::new()),
        (StatusCode::OK, partial.encode_to_vec()),
    ];
    let (url, mut requests) = collector(&answers).await;
    let log = broadcast::Sender::new(8);
    let telemetry =
        Telemetry::start(TelemetryOptions { logs: false, ..options(&url) }, log.subscribe()).unwrap();
    for expected in [3, 1, 1] {
        log.send(recent(&line(""))).unwrap();
        for _ in 0..expected {
            requests.recv().await.unwrap();
        }
    }
    let counts = Arc::clone(telemetry.counts());
    telemetry.close().await;
    assert_eq!((counts.sent(Signal::Traces), counts.rejected(Signal::Traces)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_is_away_costs_nothing_but_a_count() {
    let nowhere = options("http://127.0.0.1:1");
    let log = broadcast::Sender::new(8);
    let telemetry = Telemetry::start(nowhere, log.subscribe()).unwrap();
    // More than may wait: the first are being sent, and the queue holds 8,192.
    for _ in 0..10_000 {
        log.send(recent(&line(""))).unwrap();
        tokio::task::yield_now().await;
    }
    let counts = Arc::clone(telemetry.counts());
    telemetry.close().await;
    assert_eq!(counts.sent(Signal::Traces), 0);
    assert!(counts.lost() >= 1_000, "{}", counts.lost());
    assert!(counts.rejected(Signal::Traces) + counts.lost() <= 10_000);
}

#[test]
fn an_endpoint_that_is_no_collectors_url_is_refused() {
    for wrong in ["", "127.0.0.1:4318", "ftp://x", "http://", "http://a b", "http://x#y"] {
        let error = collector::Collector::new(&options(wrong)).err();
        assert!(matches!(error, Some(TelemetryError::Endpoint(_))), "{wrong}");
    }
    for secret in ["http://u:secret@x", "http://x?key=secret", "secret@"] {
        let error = collector::Collector::new(&options(secret)).err().unwrap().to_string();
        assert!(error.starts_with("`...` is no URL") && !error.contains("secret"), "{error}");
    }
    let header = vec![("a b".to_owned(), "c".to_owned())];
    let options = TelemetryOptions { headers: header, ..options("http://localhost:4318") };
    assert!(!format!("{options:?}").contains("a b"));
    assert!(matches!(collector::Collector::new(&options).err(), Some(TelemetryError::Header(_))));
}
