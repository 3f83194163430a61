//! Ends what was handed out to a user and is kept for further requests, and says how AWS is told to deny the rest.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use portcullis_api::{Revocation, Revoked};
use portcullis_contract::types::Verdict;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::error::{AdminError, Refusal};
use crate::{Admin, json_response};

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
    /// `ACCOUNT/ROLE`; without one, all roles.
    role: Option<String>,
    /// Without one, all mounts.
    mount: Option<String>,
}

/// Ends a user's cached AWS credentials
#[utoipa::path(
    post, path = "/revocations", tag = "revocation",
    request_body = Wanted,
    responses(
        (status = 200, content_type = "application/json", body = Object, description = "What ended, and a policy that denies the rest"),
        (status = "4XX", body = Refusal, description = "Refused")
    )
)]
pub(crate) async fn revoke(
    State(admin): State<Admin>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, AdminError> {
    let Wanted { user, role, mount } =
        serde_json::from_slice(&body).map_err(|error| AdminError::Request(format!("the body: {error}")))?;
    let names = [Some(&user), role.as_ref(), mount.as_ref()];
    if user.is_empty() || names.into_iter().flatten().any(|name| name.len() > LONGEST) {
        return Err(AdminError::Request(format!("`user` names one, and no name has over {LONGEST} bytes")));
    }
    let wanted = Revocation { user, role, mount };
    // First ended, then recorded: a log that fails must not keep sessions alive.
    let results: Vec<_> = admin.apis.iter().filter_map(|api| api.revoke(&wanted)).collect();
    if results.is_empty() {
        return Err(AdminError::NotFound(
            "no API is on that keeps sessions; `[federation]` has no mounts".into(),
        ));
    }
    let results: Result<Vec<_>, _> = results.into_iter().collect();
    let revoked = results.map_err(AdminError::Request)?.concat();
    let mut record = caller.by.record("RevokeSessions", Verdict::Allow);
    record.rule = "host:revocation".into();
    record.generation = admin.host.generation().number();
    let mut extra = vec![("user".into(), wanted.user.clone()), ("ended".into(), revoked.len().to_string())];
    extra.extend(wanted.role.clone().map(|role| ("role".into(), role)));
    extra.extend(wanted.mount.clone().map(|mount| ("mount".into(), mount)));
    record.extra = extra;
    let written = admin.log.write(record, Instant::now() + RECORD_TIME).await;
    // The sessions have ended, and the caller needs to know which: an error would hide them.
    let unrecorded = written.err().map(|error| portcullis_errors::chain(&error));
    if let Some(error) = &unrecorded {
        tracing::error!(error, "a revocation cannot be recorded");
    }
    tracing::warn!(by = %caller.by, user = wanted.user, role = wanted.role, ended = revoked.len(), "sessions are revoked");
    let sessions: Vec<_> = revoked
        .iter()
        .map(|Revoked { role_arn, session_name }| json!({ "role_arn": role_arn, "session_name": session_name }))
        .collect();
    let policy = deny_policy(&revoked, SystemTime::now());
    Ok(json_response(&json!({
        "ended": sessions.len(),
        "sessions": sessions,
        "policy": policy,
        "unrecorded_because": unrecorded,
    })))
}

/// Denies everything to sessions of these names that AWS gave before now (IAM User Guide, Revoking IAM role temporary
/// security credentials). None where no session is known: without a name, it would be a denial for all users.
fn deny_policy(revoked: &[Revoked], now: SystemTime) -> Option<Value> {
    let mut names: Vec<_> = revoked.iter().map(|session| format!("*:{}", session.session_name)).collect();
    names.sort();
    names.dedup();
    // AWS issues tokens in whole seconds: those of this second are meant too.
    let before = humantime::format_rfc3339_seconds(now + Duration::from_secs(1)).to_string();
    (!names.is_empty()).then(|| {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "RevokedByPortcullis",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "DateLessThan": { "aws:TokenIssueTime": before },
                    "StringLike": { "aws:userid": names },
                },
            }],
        })
    })
}
