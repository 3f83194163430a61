//! Break glass: on this machine alone, for a limited time and with a reason, what policies refuse is allowed.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use portcullis_authorization::{BreakGlass, MAX_BREAK_GLASS};
use portcullis_contract::types::Verdict;
use portcullis_policy_store::ChangedBy;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};
use utoipa::ToSchema;

use crate::access::Caller;
use crate::error::{AdminError, Refusal};
use crate::{Admin, json_response, parse};

/// How long the record may take.
const RECORD_TIME: Duration = Duration::from_secs(10);

/// APIs that can be opened. Not `aws-federation`: a role that no policy grants has no parameters.
const APIS: [&str; 3] = ["docker-plugin", "docker-gateway", "barbican"];

/// The body of a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BreakGlass)]
struct Wanted {
    /// E.g. `10m`, at most 24 hours.
    r#for: String,
    reason: String,
    /// Of `docker-plugin`, `docker-gateway` and `barbican`.
    apis: BTreeSet<String>,
}

/// Allows what policies refuse, for a limited time; on the unix socket alone
#[utoipa::path(
    post, path = "/break-glass", tag = "break-glass",
    request_body = Wanted,
    responses(
        (status = 200, content_type = "application/json", body = Object, description = "What is open, and until when"),
        (status = "4XX", body = Refusal, description = "Refused")
    )
)]
pub(crate) async fn open(
    State(admin): State<Admin>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, AdminError> {
    let wanted: Wanted = parse(&body)?;
    let time = humantime::parse_duration(&wanted.r#for)
        .map_err(|error| AdminError::Request(format!("`for` is a duration, e.g. \"10m\": {error}")))?;
    if time.is_zero() || time > MAX_BREAK_GLASS {
        return Err(AdminError::Request("`for` is between 1s and 24h".into()));
    }
    let reason = wanted.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(AdminError::Request("`reason` says why, for the records".into()));
    }
    if let Some(unknown) = wanted.apis.iter().find(|api| !APIS.contains(&api.as_str())) {
        return Err(AdminError::Request(format!(
            "`{unknown}` cannot be opened; there are {}",
            APIS.join(", ")
        )));
    }
    if wanted.apis.is_empty() {
        return Err(AdminError::Request(format!("`apis` names what is opened, of {}", APIS.join(", "))));
    }
    let until = SystemTime::now() + time;
    let deadline = Instant::now() + time;
    let glass = BreakGlass { apis: wanted.apis, until, deadline, reason, by: caller.by.to_string() };
    record(&admin, "OpenBreakGlass", &caller.by, &glass).await?;
    tracing::warn!(
        by = glass.by,
        reason = glass.reason,
        apis = ?glass.apis,
        until = %humantime::format_rfc3339_seconds(until),
        "the glass is broken: what policies refuse is allowed"
    );
    let response = json_response(&described(&glass));
    admin.break_glass.open(glass);
    Ok(response)
}

/// Has policies decide again
#[utoipa::path(
    delete, path = "/break-glass", tag = "break-glass",
    responses(
        (status = 200, content_type = "application/json", body = Object, description = "What was open"),
        (status = "4XX", body = Refusal, description = "The glass is not broken, or the caller is not on this machine")
    )
)]
pub(crate) async fn close(State(admin): State<Admin>, caller: Caller) -> Result<Response, AdminError> {
    // First closed, then recorded: a log that fails must not keep it open.
    let closed = admin.break_glass.close();
    let glass = closed.ok_or_else(|| AdminError::NotFound("the glass is not broken".into()))?;
    tracing::warn!(by = %caller.by, "the glass is closed: policies decide again");
    record(&admin, "CloseBreakGlass", &caller.by, &glass).await?;
    Ok(json_response(&json!({ "closed": described(&glass) })))
}

pub(crate) fn described(glass: &BreakGlass) -> Value {
    json!({
        "apis": glass.apis,
        "until": humantime::format_rfc3339_seconds(glass.until).to_string(),
        "reason": glass.reason,
        "by": glass.by,
    })
}

async fn record(
    admin: &Admin,
    operation: &'static str,
    by: &ChangedBy,
    glass: &BreakGlass,
) -> Result<(), AdminError> {
    let mut record = by.record(operation, Verdict::Allow);
    record.rule = "host:break-glass".into();
    record.generation = admin.host.generation().number();
    record.extra = vec![
        ("reason".into(), glass.reason.clone()),
        ("apis".into(), glass.apis.iter().cloned().collect::<Vec<_>>().join(",")),
        ("until".into(), humantime::format_rfc3339_seconds(glass.until).to_string()),
    ];
    let written = admin.log.write(record, Instant::now() + RECORD_TIME).await;
    written.map_err(|error| portcullis_policy_store::ChangeError::Record(error).into())
}
