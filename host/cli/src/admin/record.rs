//! Parts of a record for a person.

use serde_json::Value;

/// A text of the record; empty where it has none.
pub(crate) fn text<'a>(record: &'a Value, at: &str) -> &'a str {
    record.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

/// Who sent the request.
pub(crate) fn user(record: &Value) -> &str {
    match text(record, "/principal/name") {
        "" => "anonymous",
        name => name,
    }
}

/// Who decided.
pub(crate) fn decided_by(record: &Value) -> String {
    match text(record, "/policy") {
        "" => "the host".to_owned(),
        policy => format!("policy {policy}"),
    }
}
