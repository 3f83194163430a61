//! A record as spans.
//!
//! A decision is a span, and each policy that was asked for it is a span below. Policies in mode `monitor` and shadows have
//! records of their own under the decision's id: their spans are below the decision's, too. A Docker request that is asked
//! on several hooks has a decision for each, all in one trace. Names of attributes are those of OpenTelemetry's semantic
//! conventions where they have one, and else begin with `portcullis.`.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use crate::line::{Line, Outcome};

/// Every span of a record.
pub(crate) fn of(line: &Line) -> Vec<Span> {
    let Some(trace_id) = line.trace_id() else { return Vec::new() };
    let root = root_id(line);
    let is_beside = matches!(line.kind.as_str(), "monitor" | "shadow");
    let mut spans = Vec::with_capacity(line.outcomes.len() + 1);
    if !is_beside {
        spans.push(decision(line, trace_id, root.clone()));
    }
    // The first outcome of a shadow is that of the policy in force, which the decision has.
    let repeated = usize::from(line.kind == "shadow");
    let mut begins = line.asked();
    for outcome in line.outcomes.iter().skip(repeated).filter(|outcome| outcome.outcome != "not-asked") {
        let ends = begins.saturating_add(outcome.micros.saturating_mul(1000));
        let parts = [&line.id, &line.hook, &line.kind, &outcome.policy, &outcome.mode, &outcome.revision];
        let span = Span {
            trace_id: trace_id.into(),
            span_id: span_id(&parts),
            parent_span_id: root.clone(),
            name: format!("policy {}", outcome.policy),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: begins,
            end_time_unix_nano: ends,
            attributes: of_outcome(line, outcome),
            status: status(outcome.outcome != "opinion", &outcome.detail),
            ..Span::default()
        };
        spans.push(span);
        begins = ends;
    }
    spans
}

fn decision(line: &Line, trace_id: [u8; 16], root: Vec<u8>) -> Span {
    let (begins, ends) = line.whole();
    Span {
        trace_id: trace_id.into(),
        span_id: root,
        name: line.title().to_owned(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: begins,
        end_time_unix_nano: ends,
        attributes: attributes(line),
        status: status(line.failed(), &line.error),
        ..Span::default()
    }
}

/// What is known of a record: of spans and log entries alike.
pub(crate) fn attributes(line: &Line) -> Vec<KeyValue> {
    let texts = [
        ("portcullis.kind", &line.kind),
        ("portcullis.api", &line.api),
        ("portcullis.hook", &line.hook),
        ("portcullis.operation", &line.operation),
        ("portcullis.verdict", &line.verdict),
        ("portcullis.rule", &line.rule),
        ("portcullis.reason", &line.reason),
        ("portcullis.policy", &line.policy),
        ("portcullis.uri", &line.uri),
        ("portcullis.daemon", &line.daemon),
        ("portcullis.authentication", &line.principal.authentication),
        ("user.name", &line.principal.name),
        ("client.address", &line.peer),
        ("http.request.method", &line.method),
        ("error.message", &line.error),
    ];
    let numbers = [
        ("portcullis.generation", Some(line.generation)),
        ("http.response.status_code", line.status.map(u64::from)),
    ];
    pairs(&texts, &numbers)
}

fn of_outcome(line: &Line, outcome: &Outcome) -> Vec<KeyValue> {
    let texts = [
        ("portcullis.kind", &line.kind),
        ("portcullis.hook", &line.hook),
        ("portcullis.policy", &outcome.policy),
        ("portcullis.revision", &outcome.revision),
        ("portcullis.mode", &outcome.mode),
        ("portcullis.outcome", &outcome.outcome),
        ("portcullis.verdict", &outcome.verdict),
        ("portcullis.rule", &outcome.rule),
    ];
    let waited = Some(outcome.queue_micros).filter(|micros| *micros > 0);
    pairs(&texts, &[("portcullis.queue_micros", waited)])
}

/// Those that are there.
fn pairs(texts: &[(&str, &String)], numbers: &[(&str, Option<u64>)]) -> Vec<KeyValue> {
    let texts = texts.iter().filter(|(_, value)| !value.is_empty());
    let texts = texts.map(|(key, value)| pair(key, Value::StringValue((*value).clone())));
    let numbers = numbers.iter().filter_map(|(key, value)| {
        Some(pair(key, Value::IntValue(i64::try_from((*value)?).unwrap_or(i64::MAX))))
    });
    texts.chain(numbers).collect()
}

pub(crate) fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// A refusal is no error: the span is left unset then.
fn status(failed: bool, message: &str) -> Option<Status> {
    failed.then(|| Status { code: StatusCode::Error.into(), message: message.into() })
}

/// The id of a decision's span.
pub(crate) fn root_id(line: &Line) -> Vec<u8> {
    span_id(&[&line.id, &line.hook])
}

/// The same id wherever it is computed. Zero is no id.
fn span_id(parts: &[&String]) -> Vec<u8> {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish().max(1).to_be_bytes().to_vec()
}
