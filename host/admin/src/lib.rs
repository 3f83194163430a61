//! The admin API: what operators and their monitoring ask and change, on a listener of its own: a unix socket, since
//! records tell who did what, and policies decide what is allowed.
//!
//! * [`Admin`]: what the handlers share
//! * [`Tokens`]: who may read and change on TCP
//! * `policies`: the policies in force, listed and changed
//! * `ask`: what the policies in force would decide
//! * `decisions`: records in memory, filtered and followed
//! * `break_glass`: the way out of a bad policy
//! * `openapi`: the description of the API, made of its routes
//! * `revocation`: ends what was handed out to a user and is cached
//! * `query`: switches in queries
//! * `error`: how each error is answered
//! * [`AdminApi`]: the API as the server sees it
//! * [`Metrics`]: counters, fed by records
//! * [`ReloadStatus`]: whether the last reload was accepted
//!
//! A new route is a handler with `utoipa::path`, a line in `router`, and a row in `docs/operating.md`.

mod access;
mod ask;
mod break_glass;
mod decisions;
mod error;
mod metrics;
mod openapi;
mod policies;
mod query;
mod reloads;
mod revocation;

pub use access::Tokens;
pub use metrics::Metrics;
pub use reloads::ReloadStatus;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, middleware};
use portcullis_api::{Api, ApiFuture, NotReady};
use portcullis_audit::Log;
use portcullis_authorization::{Authorizer, BreakGlassCell};
use portcullis_contract::HookName;
use portcullis_engine::Host;
use portcullis_files::{FileStatus, FileWatcher};
use portcullis_listen::Handler as _;
use portcullis_policy_store::{ChangeError, PolicyManager};
use portcullis_telemetry::Counts;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use access::Caller;
use error::AdminError;

/// What the handlers share.
#[derive(Clone)]
pub struct Admin {
    /// Changes policies.
    pub manager: PolicyManager,
    /// The way out of a bad policy.
    pub break_glass: BreakGlassCell,
    /// Asks policies.
    pub authorizer: Authorizer,
    /// The engine.
    pub host: Arc<Host>,
    /// The decision log.
    pub log: Log,
    /// What was sent to the telemetry collector; absent where there is none.
    pub telemetry: Option<Arc<Counts>>,
    /// Counters, fed by the log.
    pub metrics: Metrics,
    /// The APIs that are on.
    pub apis: Arc<[Arc<dyn Api>]>,
    /// Watches the files of certificates and identity sources.
    pub files: FileWatcher,
    /// Whether the last reload was accepted.
    pub reloads: Arc<ReloadStatus>,
    /// Who may read and change on TCP.
    pub tokens: Tokens,
    /// Becomes true when the host stops, so that clients that follow records are let go.
    pub stopping: watch::Receiver<bool>,
    /// One for each client that may follow records.
    pub followers: Arc<Semaphore>,
    /// One for each body of a change that may be in memory.
    pub bodies: Arc<Semaphore>,
}

/// Bodies of changes that are in memory at once.
const BODIES: usize = 2;
/// How long the body of a change may take.
const BODY_TIME: Duration = Duration::from_mins(2);

/// The routes of the admin listener, by who may call them.
fn router(admin: Admin) -> Router {
    let tokens = Arc::new(admin.tokens.clone());
    let health = OpenApiRouter::new().routes(routes!(healthy)).routes(routes!(ready));
    let read = OpenApiRouter::new()
        .routes(routes!(metrics))
        .routes(routes!(openapi::description))
        .routes(routes!(policies::list))
        .routes(routes!(policies::one))
        .routes(routes!(policies::shadow))
        .routes(routes!(decisions::list))
        .routes(routes!(decisions::one))
        .routes(routes!(ask::ask))
        .route_layer(middleware::from_fn(access::readers));
    let change = OpenApiRouter::new()
        .routes(routes!(policies::put_all))
        .routes(routes!(policies::put, policies::delete))
        .routes(routes!(policies::rollback))
        .routes(routes!(policies::restore))
        .routes(routes!(policies::put_shadow, policies::delete_shadow))
        .routes(routes!(policies::promote))
        .routes(routes!(revocation::revoke))
        .route_layer(middleware::from_fn(access::changers));
    let local = OpenApiRouter::new()
        .routes(routes!(break_glass::open, break_glass::close))
        .route_layer(middleware::from_fn(access::local));
    let all =
        OpenApiRouter::with_openapi(openapi::head()).merge(health).merge(read).merge(change).merge(local);
    let (routes, description) = all.split_for_parts();
    routes
        .layer(Extension(Arc::new(description)))
        .layer(middleware::from_fn_with_state(tokens, access::identify))
        .with_state(admin)
}

impl Admin {
    /// Permits for clients that follow records, and for bodies of changes.
    pub fn permits() -> (Arc<Semaphore>, Arc<Semaphore>) {
        (Arc::new(Semaphore::new(decisions::FOLLOWERS)), Arc::new(Semaphore::new(BODIES)))
    }

    /// The body of a change, with the permit that bounds how many of them are in memory.
    async fn body(&self, body: Body) -> Result<(Bytes, OwnedSemaphorePermit), AdminError> {
        let permit = Arc::clone(&self.bodies).acquire_owned().await.map_err(|_| ChangeError::Ending)?;
        let read = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, policies::MAX_BODY)).await;
        let read = read.map_err(|_| {
            AdminError::Request(format!("the body took longer than {} s", BODY_TIME.as_secs()))
        })?;
        let limit = policies::MAX_BODY >> 20;
        let bytes = read
            .map_err(|_| AdminError::Request(format!("the body broke off, or is larger than {limit} MiB")))?;
        Ok((bytes, permit))
    }

    /// Why an API cannot decide its requests now.
    async fn ready(&self) -> Result<(), NotReady> {
        for api in self.apis.iter() {
            api.ready().await?;
        }
        let denies = |status: &FileStatus| status.failure.as_ref().is_some_and(|failure| failure.denies);
        let denying = self.files.statuses().into_iter().find(denies);
        denying.map_or(Ok(()), |status| Err(NotReady::StaleFile(status.to_string())))
    }

    /// What is in force though something newer cannot be used, one line each.
    fn warnings(&self) -> String {
        let reload = self.reloads.last_error();
        let reload = reload.map(|error| format!("warning: the last reload was refused: {error}\n"));
        let failing = self.files.statuses().into_iter().filter(|status| status.failure.is_some());
        reload.into_iter().chain(failing.map(|status| format!("warning: {status}\n"))).collect()
    }
}

/// The admin API as the server sees it.
pub struct AdminApi(Router);

impl AdminApi {
    /// The API over what `admin` holds.
    pub fn new(admin: Admin) -> Self {
        Self(router(admin))
    }
}

impl Api for AdminApi {
    fn name(&self) -> &'static str {
        "admin"
    }

    fn hooks(&self) -> &'static [HookName] {
        &[]
    }

    fn claims(&self, _: &str) -> bool {
        true
    }

    fn paths(&self) -> Vec<String> {
        vec!["/readyz".into()]
    }

    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response> {
        self.0.handle(request)
    }

    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn example_path(&self) -> String {
        "/readyz".into()
    }
}

/// Says that the process answers
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String, description = "`ok`")))]
async fn healthy() -> &'static str {
    "ok\n"
}

/// Says whether every API can decide its requests, and why not
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses(
        (status = 200, body = String, description = "`ready`, and a line for each warning"),
        (status = 503, body = String, description = "Why not, for those who may read")
    )
)]
async fn ready(State(admin): State<Admin>, caller: Caller) -> Response {
    match admin.ready().await {
        Ok(()) if !caller.may_read => "ready\n".into_response(),
        Err(_) if !caller.may_read => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
        Ok(()) => format!("ready\n{}", admin.warnings()).into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
    }
}

/// Metrics in the `OpenMetrics` format
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, content_type = "application/openmetrics-text", body = String, description = "As docs/records.md says"))
)]
async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.metrics.text(&admin) {
        Ok(text) => {
            let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, media_type)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn json_response(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], format!("{value:#}\n")).into_response()
}

/// The body of a request, in JSON.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, AdminError> {
    serde_json::from_slice(body).map_err(|error| AdminError::Request(format!("the body: {error}")))
}
