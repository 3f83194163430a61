//! Ends what APIs have handed out to a user and keep for further requests.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use portcullis_api::Revocation;
use portcullis_contract::types::Verdict;
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::error::{AdminError, Refusal};
use crate::{Admin, json_response, parse};

/// How long the record may take.
const RECORD_TIME: Duration = Duration::from_secs(10);
/// The longest name that is recorded.
const LONGEST: usize = 1024;

/// The body of a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Revocation)]
struct Wanted {
    user: String,
    /// What was handed out, e.g. `ACCOUNT/ROLE`; without one, all of it.
    target: Option<String>,
    /// Which instance of an API, e.g. a mount; without one, all of them.
    instance: Option<String>,
}

/// Ends what was handed out to a user and is cached, e.g. AWS credentials
#[utoipa::path(
    post, path = "/revocations", tag = "revocation",
    request_body = Wanted,
    responses(
        (status = 200, content_type = "application/json", body = Object, description = "What ended, of each API"),
        (status = "4XX", body = Refusal, description = "Refused")
    )
)]
pub(crate) async fn revoke(
    State(admin): State<Admin>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, AdminError> {
    let Wanted { user, target, instance } = parse(&body)?;
    let names = [Some(&user), target.as_ref(), instance.as_ref()];
    if user.is_empty() || names.into_iter().flatten().any(|name| name.len() > LONGEST) {
        return Err(AdminError::Request(format!("`user` names one, and no name has over {LONGEST} bytes")));
    }
    let wanted = Revocation { user, target, instance };
    // First ended, then recorded: a log that fails must not keep sessions alive.
    let (mut ended, mut of_apis) = (0, Vec::new());
    for api in admin.apis.iter() {
        let Some(revoked) = api.revoke(&wanted).await else { continue };
        let revoked = revoked.map_err(AdminError::Request)?;
        ended += revoked.ended;
        of_apis.push(json!({ "api": api.name(), "ended": revoked.ended, "details": revoked.details }));
    }
    if of_apis.is_empty() {
        return Err(AdminError::NotFound("no API is on that hands out what could be ended".into()));
    }
    let mut record = caller.by.record("RevokeSessions", Verdict::Allow);
    record.rule = "host:revocation".into();
    record.generation = admin.host.generation().number();
    record.extra = vec![("user".into(), wanted.user.clone()), ("ended".into(), ended.to_string())];
    record.extra.extend(wanted.target.clone().map(|target| ("target".into(), target)));
    record.extra.extend(wanted.instance.clone().map(|instance| ("instance".into(), instance)));
    let written = admin.log.write(record, Instant::now() + RECORD_TIME).await;
    // The sessions have ended, and the caller needs to know which: an error would hide them.
    let unrecorded = written.err().map(|error| portcullis_errors::chain(&error));
    if let Some(error) = &unrecorded {
        tracing::error!(error, "a revocation cannot be recorded");
    }
    let Revocation { user, target, .. } = wanted;
    tracing::warn!(by = %caller.by, user, target, ended, "what was handed out is revoked");
    Ok(json_response(&json!({ "ended": ended, "revoked": of_apis, "unrecorded_because": unrecorded })))
}
