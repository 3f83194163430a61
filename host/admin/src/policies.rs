//! The policies in force: listed, and changed while the host runs.
//!
//! * `body`: what a change says

mod body;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use portcullis_engine::{PolicyStatus, ShadowStats};
use portcullis_policy_store::{Applied, Change, State as PolicyState};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::access::Caller;
use crate::error::{AdminError, Refusal};
use crate::query::is_on;
use crate::{Admin, json_response, parse};
use body::{Flags, PutPolicies, PutPolicy, patch};

type Answer = Result<Response, AdminError>;

/// Bytes of a request that puts policies: a module of 64 MiB in base64, and what is said of it.
pub(crate) const MAX_BODY: usize = 96 << 20;

/// Policies in force, shadows, and the last refusal of a change
#[utoipa::path(
    get, path = "/policies", tag = "policies",
    responses((status = 200, content_type = "application/json", body = Object, description = "As `portcullis policy list --json`"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn list(State(admin): State<Admin>) -> Response {
    let generation = admin.host.generation();
    let state = admin.manager.state();
    let policies: Vec<_> = generation.status().map(|status| described(status, &state)).collect();
    let shadows: Vec<_> = generation.shadows().map(|(status, stats)| shadow_line(status, stats)).collect();
    let refusal = admin.manager.last_refusal().map(|refusal| {
        json!({
            "time": time(refusal.at),
            "operation": refusal.operation,
            "policy": refusal.policy,
            "step": refusal.step,
            "reason": refusal.reason,
        })
    });
    json_response(&json!({
        "generation": generation.number(),
        "policies": policies,
        "shadows": shadows,
        "last_refusal": refusal,
        "last_reload_error": admin.reloads.last_error(),
        "break_glass": admin.break_glass.get().map(|glass| crate::break_glass::described(&glass)),
    }))
}

/// One policy with its revisions
#[utoipa::path(
    get, path = "/policies/{name}", tag = "policies",
    params(("name" = String, Path, description = "The policy's name")),
    responses((status = 200, content_type = "application/json", body = Object, description = "Settings only for those who may change policies"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn one(State(admin): State<Admin>, Path(name): Path<String>, caller: Caller) -> Answer {
    let generation = admin.host.generation();
    let state = admin.manager.state();
    let status = generation.status().find(|status| *status.name == name);
    // Settings may hold what only those may see who could change it.
    let shows_settings = caller.may_change;
    let revisions = revisions(&state, &name, shows_settings);
    if status.is_none() && revisions.is_empty() {
        return Err(AdminError::NotFound(format!("there is no policy `{name}`")));
    }
    let mut policy = status.map_or_else(|| json!({ "name": name }), |status| described(status, &state));
    if let Some(active) = state.active(&name).filter(|_| shows_settings) {
        policy["settings"] = settings(&active.policy.settings);
    }
    policy["revisions"] = revisions.into();
    let shadow = generation.shadows().find(|(status, _)| *status.name == name);
    policy["shadow"] = shadow.map_or(Value::Null, |(status, stats)| shadow_line(status, stats));
    Ok(json_response(&policy))
}

fn settings(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn described(status: &PolicyStatus, state: &PolicyState) -> Value {
    let mut policy = json!(status);
    if let Some(active) = state.active(&status.name) {
        policy["origin"] = json!(active.origin);
        policy["since"] = time(active.since).into();
        policy["by"] = active.by.clone().into();
    }
    policy
}

fn revisions(state: &PolicyState, name: &str, shows_settings: bool) -> Vec<Value> {
    let current = state.active(name).map(|active| active.revision.as_str());
    let one = |revision: &portcullis_policy_store::Revision| {
        json!({
            "revision": revision.revision,
            "in_force": current == Some(revision.revision.as_str()),
            "withdrawn": state.is_withdrawn(name, &revision.revision),
            "origin": revision.origin,
            "since": time(revision.since),
            "by": revision.by,
            "source": revision.policy.source,
            "module_sha256": revision.policy.module_sha256,
            "settings": shows_settings.then(|| settings(&revision.policy.settings)),
        })
    };
    state.revisions(name).iter().map(one).collect()
}

fn shadow_line(status: &PolicyStatus, shadow: &Arc<ShadowStats>) -> Value {
    let counts = shadow.counts();
    json!({
        "name": status.name,
        "revision": status.revision,
        "module_sha256": status.module_sha256,
        "since": humantime::format_rfc3339_millis(counts.since).to_string(),
        "agreed": counts.agreed,
        "disagreed": counts.disagreed,
        "dropped": counts.dropped,
    })
}

/// Milliseconds since 1970 as RFC 3339, UTC.
fn time(millis: u64) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(millis)).to_string()
}

/// Puts a policy, or a part of it, in force
#[utoipa::path(
    put, path = "/policies/{name}", tag = "policies",
    params(("name" = String, Path, description = "The policy's name"), Flags),
    request_body(description = "A module, or an object that says more", content(
        (Vec<u8> = "application/wasm"), (PutPolicy = "application/json"))),
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn put(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(flags): Query<Flags>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (body, _permit) = admin.body(body).await?;
    let patch = patch(&headers, &body)?;
    drop(body);
    apply(&admin, Change::Put { name, patch, confirm: is_on(flags.confirm) }, caller).await
}

/// Puts a whole set of policies in force, in one step
#[utoipa::path(
    put, path = "/policies", tag = "policies",
    params(Flags),
    request_body = PutPolicies,
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn put_all(
    State(admin): State<Admin>,
    Query(flags): Query<Flags>,
    caller: Caller,
    body: Body,
) -> Answer {
    let (body, _permit) = admin.body(body).await?;
    let set: PutPolicies = parse(&body)?;
    drop(body);
    let policies = set.patches()?;
    apply(&admin, Change::PutAll { policies, confirm: is_on(flags.confirm) }, caller).await
}

/// Removes a policy
#[utoipa::path(
    delete, path = "/policies/{name}", tag = "policies",
    params(("name" = String, Path, description = "The policy's name"), Flags),
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn delete(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(flags): Query<Flags>,
    caller: Caller,
) -> Answer {
    apply(&admin, Change::Delete { name, confirm: is_on(flags.confirm) }, caller).await
}

/// Puts an earlier revision in force: the one before, or the one in `revision`
#[utoipa::path(
    post, path = "/policies/{name}/rollback", tag = "policies",
    params(("name" = String, Path, description = "The policy's name"), Flags),
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn rollback(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(flags): Query<Flags>,
    caller: Caller,
) -> Answer {
    let Flags { revision, force, confirm } = flags;
    let (force, confirm) = (is_on(force), is_on(confirm));
    apply(&admin, Change::Rollback { name, revision, force, confirm }, caller).await
}

/// Puts in force what the configuration says
#[utoipa::path(
    post, path = "/policies/{name}/restore", tag = "policies",
    params(("name" = String, Path, description = "The policy's name"), Flags),
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn restore(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(flags): Query<Flags>,
    caller: Caller,
) -> Answer {
    apply(&admin, Change::Restore { name, confirm: is_on(flags.confirm) }, caller).await
}

/// The shadow of a policy, with its latest disagreements
#[utoipa::path(
    get, path = "/policies/{name}/shadow", tag = "policies",
    params(("name" = String, Path, description = "The policy's name")),
    responses((status = 200, content_type = "application/json", body = Object, description = "Counts and records"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn shadow(State(admin): State<Admin>, Path(name): Path<String>) -> Answer {
    let generation = admin.host.generation();
    let found = generation.shadows().find(|(status, _)| *status.name == name);
    let (status, counted) =
        found.ok_or_else(|| AdminError::NotFound(format!("there is no shadow of `{name}`")))?;
    let mut shadow = shadow_line(status, counted);
    let disagreements: Vec<Value> =
        counted.latest().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    shadow["disagreements"] = disagreements.into();
    Ok(json_response(&shadow))
}

/// Asks a candidate beside the policy in force
#[utoipa::path(
    put, path = "/policies/{name}/shadow", tag = "policies",
    params(("name" = String, Path, description = "The policy's name")),
    request_body(description = "A module, or an object that says more", content(
        (Vec<u8> = "application/wasm"), (PutPolicy = "application/json"))),
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn put_shadow(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (body, _permit) = admin.body(body).await?;
    let patch = patch(&headers, &body)?;
    drop(body);
    apply(&admin, Change::PutShadow { name, patch }, caller).await
}

/// Stops asking a candidate
#[utoipa::path(
    delete, path = "/policies/{name}/shadow", tag = "policies",
    params(("name" = String, Path, description = "The policy's name")),
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn delete_shadow(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    caller: Caller,
) -> Answer {
    apply(&admin, Change::DeleteShadow { name }, caller).await
}

/// Puts a shadow in force
#[utoipa::path(
    post, path = "/policies/{name}/shadow/promote", tag = "policies",
    params(("name" = String, Path, description = "The policy's name"), Flags),
    responses((status = 200, content_type = "application/json", body = Object, description = "What changed"), (status = "4XX", body = Refusal, description = "Refused; what is in force stays"))
)]
pub(crate) async fn promote(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Query(flags): Query<Flags>,
    caller: Caller,
) -> Answer {
    apply(&admin, Change::Promote { name, confirm: is_on(flags.confirm) }, caller).await
}

async fn apply(admin: &Admin, change: Change, caller: Caller) -> Answer {
    let Applied { generation, published, changed, took } = admin.manager.change(change, caller.by).await?;
    let changed: Vec<_> = changed
        .into_iter()
        .map(|(name, before, now)| json!({ "name": name, "revision_before": before, "revision": now }))
        .collect();
    Ok(json_response(&json!({
        "generation": generation,
        "published": published,
        "changed": changed,
        "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    })))
}
