//! Events of the daemon, by which it says what has changed: containers that end by themselves, and those of a swarm and of
//! builds, are changed by no request.

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use portcullis_docker_api::json::{self, Value};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::changes::{Change, Changes, Kind};

/// Bytes of one event.
const MAX_EVENT: usize = 1 << 20;

/// Events from before the connection that are asked for, in seconds: dockerd sends the head of its response before it
/// takes note of who listens (moby api/server/router/system, `getEvents`).
const BEFORE: u64 = 2;

/// `{"type":["container"],"event":["create","destroy","rename","update"]}`
const FILTERS: &str = "%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22destroy%22%2C%22rename\
                       %22%2C%22update%22%5D%7D";

/// The target of the request for events.
pub(super) fn target() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    format!("/events?filters={FILTERS}&since={}", now.saturating_sub(BEFORE))
}

/// Adds changes for as long as the daemon sends events. Each event is a JSON object on a line of its own.
pub(super) async fn follow(mut events: Incoming, changes: &Changes) {
    let mut line = Vec::new();
    while let Some(Ok(frame)) = events.frame().await {
        let data = frame.into_data().unwrap_or_else(|_| Bytes::new());
        for part in data.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                changes.add(read(&line));
                line.clear();
            } else if line.len() > MAX_EVENT {
                return;
            }
        }
    }
}

/// An event that cannot be read may be about any container.
fn read(line: &[u8]) -> Change {
    json::parse(line).ok().and_then(|event| change(&event)).unwrap_or_else(Change::all)
}

fn change(event: &Value<'_>) -> Option<Change> {
    let event = event.as_object()?;
    let kind = match event.get("Action").or_else(|| event.get("status"))?.as_str()? {
        "create" => Kind::Makes,
        "destroy" => Kind::Removes,
        "rename" => Kind::Renames,
        "update" => Kind::Updates,
        _ => return None,
    };
    let actor = event.get("Actor")?.as_object()?;
    let attributes = actor.get("Attributes").and_then(Value::as_object);
    let name = |key| {
        let name = attributes?.get(key)?.as_str()?;
        Some(name.strip_prefix('/').unwrap_or(name).to_owned())
    };
    let id = Some(actor.get("ID")?.as_str()?.to_owned());
    Some(Change { kind, id, names: ["name", "oldName"].into_iter().filter_map(name).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As dockerd 20.10.24 wrote it.
    const RENAME: &[u8] = br#"{"status":"rename","id":"ab12","from":"bb:1","Type":"container","Action":"rename","Actor":{"ID":"ab12","Attributes":{"image":"bb:1","name":"db","oldName":"/web"}},"scope":"local","time":1795873234,"timeNano":1795873234000000000}
"#;

    #[test]
    fn an_event_is_a_change() {
        let names = vec!["db".to_owned(), "web".to_owned()];
        assert_eq!(read(RENAME), Change { kind: Kind::Renames, id: Some("ab12".to_owned()), names });
        for wrong in ["", "{}", "[]", r#"{"Action":"create"}"#, r#"{"Action":"rename","Actor":{}}"#] {
            assert_eq!(read(wrong.as_bytes()), Change::all(), "{wrong}");
        }
    }
}
