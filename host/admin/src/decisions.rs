//! Records in memory: filtered, and followed as they are written.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use portcullis_audit::{Log, Recent};
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use utoipa::IntoParams;

use crate::Admin;
use crate::error::{AdminError, Refusal};
use crate::query::{Switch, is_on};

/// How long a request for records waits for the queued ones.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Clients that may follow records at once.
pub(crate) const FOLLOWERS: usize = 16;

/// The records that are wanted. A field of a record is compared whole; what is absent is not compared.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    kind: Option<String>,
    api: Option<String>,
    hook: Option<String>,
    verdict: Option<String>,
    policy: Option<String>,
    rule: Option<String>,
    principal: Option<String>,
    operation: Option<String>,
    /// The most records.
    limit: Option<usize>,
    /// Records from now on, until the client goes.
    #[param(value_type = Option<bool>)]
    follow: Option<Switch>,
}

impl Filter {
    fn matches(&self, line: &str) -> bool {
        let fields = [
            ("/kind", &self.kind),
            ("/api", &self.api),
            ("/hook", &self.hook),
            ("/verdict", &self.verdict),
            ("/policy", &self.policy),
            ("/rule", &self.rule),
            ("/principal/name", &self.principal),
            ("/operation", &self.operation),
        ];
        if fields.iter().all(|(_, wanted)| wanted.is_none()) {
            return true;
        }
        let Ok(record) = serde_json::from_str::<Value>(line) else { return false };
        fields.iter().all(|(at, wanted)| {
            wanted.as_ref().is_none_or(|wanted| record.pointer(at).and_then(Value::as_str) == Some(wanted))
        })
    }
}

/// A client may ask for a decision by its id before the writer has handled its record. Where records cannot be
/// written, those in memory are shown all the same.
async fn flush(log: &Log) {
    let _ = tokio::time::timeout(FLUSH_TIMEOUT, log.flush()).await;
}

/// Records in memory, newest first; or those to come
#[utoipa::path(
    get, path = "/decisions", tag = "decisions",
    params(Filter),
    responses((status = 200, content_type = "application/x-ndjson", body = String, description = "One record on each line"))
)]
pub(crate) async fn list(
    State(admin): State<Admin>,
    Query(filter): Query<Filter>,
) -> Result<Response, AdminError> {
    let ndjson = [(header::CONTENT_TYPE, "application/x-ndjson")];
    if is_on(filter.follow) {
        let permit = Arc::clone(&admin.followers).try_acquire_owned();
        let permit = permit.map_err(|_| AdminError::TooManyFollowers)?;
        let stream =
            Following { records: admin.log.follow(), filter, stopping: admin.stopping, _permit: permit };
        return Ok((ndjson, stream.body()).into_response());
    }
    flush(&admin.log).await;
    let limit = filter.limit.unwrap_or(usize::MAX);
    let recent = admin.log.recent();
    let wanted = recent.iter().filter(|recent| filter.matches(&recent.line)).take(limit);
    let lines: String = wanted.flat_map(|recent| [&*recent.line, "\n"]).collect();
    Ok((ndjson, lines).into_response())
}

/// One record
#[utoipa::path(
    get, path = "/decisions/{id}", tag = "decisions",
    params(("id" = String, Path, description = "The decision's id, with which the text of a refusal ends")),
    responses(
        (status = 200, content_type = "application/json", body = Object, description = "As docs/records.md says"),
        (status = 404, body = Refusal, description = "No record in memory has this id")
    )
)]
pub(crate) async fn one(State(admin): State<Admin>, Path(id): Path<String>) -> Result<Response, AdminError> {
    flush(&admin.log).await;
    let line = admin.log.find(&id);
    let line = line.ok_or_else(|| {
        AdminError::NotFound(format!(
            "no record in memory has the id `{id}`; `[audit] recent` says how many are kept"
        ))
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], format!("{line}\n")).into_response())
}

/// Records as they are written, to one client.
struct Following {
    records: broadcast::Receiver<Recent>,
    filter: Filter,
    stopping: tokio::sync::watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Following {
    fn body(self) -> Body {
        Body::from_stream(futures_util::stream::unfold(self, |mut following| async move {
            let line = following.next().await?;
            Some((Ok::<_, Infallible>(line), following))
        }))
    }

    /// The next line; none once the host stops.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let received = tokio::select! {
                received = self.records.recv() => received,
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            };
            match received {
                Ok(recent) if self.filter.matches(&recent.line) => {
                    return Some(format!("{}\n", recent.line).into());
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    return Some(format!("{}\n", json!({ "missed": missed })).into());
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_compared_whole_and_together() {
        let line = r#"{"kind":"decision","verdict":"deny","principal":{"name":"alice"}}"#;
        let filter = |text: &str| serde_json::from_str::<Filter>(text).unwrap();
        assert!(filter("{}").matches(line) && filter("{}").matches("no JSON"));
        assert!(filter(r#"{"verdict":"deny","principal":"alice"}"#).matches(line));
        assert!(!filter(r#"{"verdict":"deny","principal":"ali"}"#).matches(line));
        assert!(!filter(r#"{"operation":"ContainerCreate"}"#).matches(line));
    }
}
