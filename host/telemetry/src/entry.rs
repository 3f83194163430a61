//! A record as a log entry.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};

use crate::line::Line;
use crate::spans::{attributes, root_id};

/// The whole line is the body, as it is in the log.
pub(crate) fn of(line: &Line, text: &str) -> Option<LogRecord> {
    let trace_id = line.trace_id()?;
    let (severity, name) = severity(line);
    let (_, ended) = line.whole();
    Some(LogRecord {
        time_unix_nano: line.asked(),
        observed_time_unix_nano: ended,
        severity_number: severity.into(),
        severity_text: name.into(),
        body: Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) }),
        attributes: attributes(line),
        trace_id: trace_id.into(),
        span_id: root_id(line),
        event_name: format!("portcullis.{}", line.kind),
        ..LogRecord::default()
    })
}

fn severity(line: &Line) -> (SeverityNumber, &'static str) {
    if line.failed() {
        (SeverityNumber::Error, "ERROR")
    } else if line.verdict == "deny" {
        (SeverityNumber::Warn, "WARN")
    } else {
        (SeverityNumber::Info, "INFO")
    }
}
