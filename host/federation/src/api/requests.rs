//! `/requests`: access for a time, with a reason. Users request roles that a policy lets them request, and others approve
//! that a policy lets approve.
//!
//! Each step is a decision of the policies, with its record, and then a record of kind `change`. Withdrawing one's own
//! request, and ending one's own access, takes no decision.

use axum::http::{StatusCode, header};
use axum::response::Response;
use portcullis_contract::Pairs;
use portcullis_contract::aws::Grant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

use super::body::RequestBody;
use super::call::{Call, Purpose};
use super::{ours, record};
use crate::access::{AccessError, AccessRefusal, AccessRequest, AccessRequests, NewRequest, Step, now};
use crate::mounts::RequestLimits;
use crate::response::{self, Failure};

/// Characters of a reason.
const MAX_REASON: usize = 500;
/// The shortest access: STS gives no shorter session.
const SHORTEST: Duration = Duration::from_mins(15);
/// Requests in one response.
const MAX_LISTED: usize = 500;

/// What a user asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) account: String,
    pub(super) role: String,
    pub(super) duration_seconds: u64,
    pub(super) reason: String,
}

/// A request, and what the user may do with it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    pub(super) request: AccessRequest,
    /// Whether the user may approve and deny it.
    pub(super) may_decide: bool,
}

/// What a user sees of requests.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    pub(super) requests: Vec<Shown>,
    /// Roles that the user may request, as `ACCOUNT/ROLE`.
    pub(super) requestable: BTreeSet<String>,
}

/// Lists the user's own requests, those that the user may decide about, and what the user may request.
pub(super) async fn list(call: &Call<'_>) -> Result<Response, Failure> {
    Ok(response::of_user(response::json(&overview(call).await?), call.user()))
}

/// Stores a request, whose body is JSON.
pub(super) async fn create(call: &Call<'_>, body: &RequestBody) -> Result<Response, Failure> {
    let wanted: Wanted = json(call, body)?;
    let request = request(call, wanted).await?;
    let mut response = response::of_user(response::json(&request), call.user());
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Approves or denies a request, for which the body is an empty object of JSON.
pub(super) async fn take(
    call: &Call<'_>,
    id: &str,
    step: Step,
    body: &RequestBody,
) -> Result<Response, Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let Nothing {} = json(call, body)?;
    Ok(response::of_user(response::json(&decide(call, id, step).await?), call.user()))
}

pub(super) async fn overview(call: &Call<'_>) -> Result<Overview, Failure> {
    let (access, _) = parts(call)?;
    let name = |grant: Grant| format!("{}/{}", grant.account, grant.role);
    let may_approve: BTreeSet<_> = call.all(Purpose::Approve).await?.into_iter().map(name).collect();
    let requestable = call.all(Purpose::Request).await?.into_iter().map(name).collect();
    let all = access.all(&call.mount.name, now()).await.map_err(|error| failed(call, &error.into()))?;
    let user = call.user();
    let shown = |request: AccessRequest| {
        let may_approve = may_approve.contains(&format!("{}/{}", request.account, request.role));
        let is_own = request.requester == user;
        (is_own || may_approve).then_some(Shown { request, may_decide: may_approve && !is_own })
    };
    let requests = all.into_iter().filter_map(shown).take(MAX_LISTED).collect();
    Ok(Overview { requests, requestable })
}

/// Stores a request, if a policy lets the user request the role for so long.
pub(super) async fn request(call: &Call<'_>, wanted: Wanted) -> Result<AccessRequest, Failure> {
    let (access, limits) = parts(call)?;
    let Wanted { account, role, duration_seconds, reason } = wanted;
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
        return Err(Failure::bad_request(&format!(
            "`reason` is why you need the role, on one line of at most {MAX_REASON} characters"
        )));
    }
    let duration = Duration::from_secs(duration_seconds);
    if duration < SHORTEST {
        return Err(Failure::bad_request(
            "`duration_seconds` is at least 900: AWS gives no shorter sessions",
        ));
    }
    let extra = Pairs::from([
        ("access-reason".to_owned(), reason.clone()),
        ("access-seconds".to_owned(), duration_seconds.to_string()),
    ]);
    let grant = call.one_with(Purpose::Request, &account, &role, extra).await?;
    let longest = longest(&grant, limits);
    if duration > longest {
        return Err(Failure::bad_request(&format!(
            "this role may be requested for {} at most",
            humantime::format_duration(longest)
        )));
    }
    let new = NewRequest {
        mount: call.mount.name.clone(),
        requester: call.user().to_owned(),
        account,
        role,
        // INVARIANT: `longest` is no more than 12 hours.
        seconds: u32::try_from(duration_seconds).unwrap_or(u32::MAX),
        reason,
    };
    let created = access.create(new, now()).await.map_err(|error| failed(call, &error))?;
    call.decider.record(record::access(&created, &call.principal, call.peer.clone()));
    Ok(created)
}

/// The longest access that a grant for requesting or approving is about.
fn longest(grant: &Grant, limits: &RequestLimits) -> Duration {
    let of_policy = grant.duration_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    of_policy.map_or(limits.longest, |longest| longest.min(limits.longest))
}

/// Approves or denies a request, if a policy lets the user do so. Who made a request may take it back.
pub(super) async fn decide(call: &Call<'_>, id: &str, step: Step) -> Result<AccessRequest, Failure> {
    let (access, limits) = parts(call)?;
    let mount = &call.mount.name;
    let found = access.get(mount, id, now()).await.map_err(|error| failed(call, &error))?;
    let is_own = found.requester == call.user();
    if is_own && step == Step::Approve {
        let refusal = AccessRefusal::Own;
        refused(call, "host:own-request", &found, &refusal);
        return Err(failed(call, &refusal.into()));
    }
    if !is_own {
        let extra = Pairs::from([
            ("access-request".to_owned(), found.id.clone()),
            ("access-requester".to_owned(), found.requester.clone()),
            ("access-reason".to_owned(), found.reason.clone()),
            ("access-seconds".to_owned(), found.duration_seconds.to_string()),
        ]);
        let grant = call.one_with(Purpose::Approve, &found.account, &found.role, extra).await?;
        let longest = longest(&grant, limits);
        // The request may be of another rule, or of a time when more was allowed.
        if step == Step::Approve && Duration::from_secs(found.duration_seconds.into()) > longest {
            let refusal = AccessRefusal::TooLong(longest);
            refused(call, "host:too-long", &found, &refusal);
            return Err(failed(call, &refusal.into()));
        }
    }
    let taken =
        access.take(mount, id, step, call.user(), now()).await.map_err(|error| failed(call, &error))?;
    // Credentials that the request led to stay cached: policies are asked for each request, and refuse them, while
    // `portcullis aws revoke` finds the names of their sessions there.
    call.decider.record(record::access(&taken, &call.principal, call.peer.clone()));
    Ok(taken)
}

/// Records an approval that we refuse, after a policy was asked or without.
fn refused(call: &Call<'_>, rule: &'static str, request: &AccessRequest, refusal: &AccessRefusal) {
    let reason = refusal.to_string();
    call.decider.record(record::refused_approval(rule, reason, request, &call.principal, call.peer.clone()));
}

fn parts<'a>(call: &'a Call<'_>) -> Result<(&'a AccessRequests, &'a RequestLimits), Failure> {
    let limits = call.mount.requests.as_ref().ok_or_else(|| Failure::no_route("requests"))?;
    let access = call.requests.ok_or_else(|| {
        Failure::unavailable("`requests` of this mount was turned on while the host ran: it takes a restart")
    })?;
    Ok((access, limits))
}

/// What a client is told, and the log where the database is the cause.
fn failed(call: &Call<'_>, error: &AccessError) -> Failure {
    match error {
        AccessError::Refused(AccessRefusal::NotFound) => Failure::no_request(),
        AccessError::Refused(refusal @ AccessRefusal::Own) => Failure::forbidden(&refusal.to_string()),
        AccessError::Refused(refusal) => Failure::conflict(&refusal.to_string()),
        AccessError::Store(error) => {
            tracing::error!(mount = call.mount.name, %error, "requests for access cannot be read or written");
            Failure::unavailable("requests for access cannot be read or written at the moment")
        }
    }
}

/// The body, of a client that no page of another site made ask: such a page can send no JSON without a question to us
/// (CORS), and browsers say where a request comes from.
fn json<T: for<'de> Deserialize<'de>>(call: &Call<'_>, body: &RequestBody) -> Result<T, Failure> {
    let headers = &call.parts.headers;
    if ours::is_of_browser(headers) && !ours::is_ours(headers, &call.parts.uri) {
        return Err(Failure::foreign_page());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Failure::bad_request("the body is no `application/json`"));
    }
    serde_json::from_slice(body.bytes()?).map_err(|error| Failure::bad_request(&format!("the body: {error}")))
}
