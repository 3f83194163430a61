//! The admin API: what operators and their monitoring ask, on a listener of its own. Loopback unless the configuration
//! says otherwise, since records tell who did what.
//!
//! * [`Admin`]: what the handlers share
//! * [`AdminApi`]: the API as the server sees it
//! * [`Metrics`]: counters, fed by records
//! * [`ReloadStatus`]: whether the last reload was accepted
//!
//! A new route is a line in `router`, and a row in `docs/operating.md`.

mod metrics;
mod reloads;

pub use metrics::Metrics;
pub use reloads::ReloadStatus;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portcullis_api::{Api, ApiFuture, NotReady};
use portcullis_audit::Log;
use portcullis_contract::HookName;
use portcullis_engine::Host;
use portcullis_files::{FileStatus, FileWatcher};
use portcullis_listen::Handler as _;
use portcullis_policy_store::PolicyManager;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// What the handlers share.
#[derive(Clone)]
pub struct Admin {
    /// Changes policies.
    pub manager: PolicyManager,
    /// The engine.
    pub host: Arc<Host>,
    /// The decision log.
    pub log: Log,
    /// Counters, fed by the log.
    pub metrics: Metrics,
    /// The APIs that are on.
    pub apis: Arc<[Arc<dyn Api>]>,
    /// Watches the files of certificates and identity sources.
    pub files: FileWatcher,
    /// Whether the last reload was accepted.
    pub reloads: Arc<ReloadStatus>,
}

/// The routes of the admin listener.
fn router(admin: Admin) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/policies", get(policies))
        .route("/decisions", get(decisions))
        .route("/decisions/{id}", get(decision))
        .with_state(admin)
}

impl Admin {
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

async fn ready(State(admin): State<Admin>) -> Response {
    match admin.ready().await {
        Ok(()) => format!("ready\n{}", admin.warnings()).into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.metrics.text(&admin) {
        Ok(text) => {
            let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, media_type)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn policies(State(admin): State<Admin>) -> Response {
    let generation = admin.host.generation();
    let policies: Vec<_> = generation.status().map(|status| json!(status)).collect();
    json_response(&json!({
        "generation": generation.number(),
        "policies": policies,
        "last_reload_error": admin.reloads.last_error(),
    }))
}

/// How long a request for records waits for the queued ones.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// A client may ask for a decision by its id before the writer has handled its record. Where records cannot be
/// written, those in memory are shown all the same.
async fn flush(log: &Log) {
    let _ = tokio::time::timeout(FLUSH_TIMEOUT, log.flush()).await;
}

async fn decisions(State(admin): State<Admin>) -> Response {
    flush(&admin.log).await;
    let lines: String = admin.log.recent().iter().flat_map(|recent| [&*recent.line, "\n"]).collect();
    ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
}

async fn decision(State(admin): State<Admin>, Path(id): Path<String>) -> Response {
    flush(&admin.log).await;
    match admin.log.find(&id) {
        Some(line) => ([(header::CONTENT_TYPE, "application/json")], format!("{line}\n")).into_response(),
        None => (StatusCode::NOT_FOUND, "no decision of late has that id\n").into_response(),
    }
}

fn json_response(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], format!("{value:#}\n")).into_response()
}
