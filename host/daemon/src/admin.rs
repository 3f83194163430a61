//! What operators and their monitoring ask, on a listener of its own: loopback unless the configuration says
//! otherwise, since records tell who did what.

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
use portcullis_listen::{Handler as _, Proxies};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::federation::InUse;
use crate::metrics::Metrics;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) host: Arc<Host>,
    pub(crate) log: Log,
    pub(crate) metrics: Metrics,
    /// The APIs that are on.
    pub(crate) apis: Arc<[Arc<dyn Api>]>,
    /// What the federation API's mounts have open.
    pub(crate) in_use: InUse,
    /// Peers whose connections no listener counts, as configured last.
    pub(crate) proxies: Proxies,
    /// Why the last reload was not taken.
    pub(crate) complaint: Arc<Mutex<Option<String>>>,
}

/// The routes of the admin listener.
pub(crate) fn router(admin: Admin) -> Router {
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
        Ok(())
    }
}

/// The admin API as the server sees it.
pub(crate) struct AdminApi(pub(crate) Router);

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
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.metrics.text(&admin.host, &admin.apis) {
        Ok(text) => {
            let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, media_type)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn policies(State(admin): State<Admin>) -> Response {
    let generation = admin.host.generation();
    let complaint = admin.complaint.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let policies: Vec<_> = generation.status().map(|status| json!(status)).collect();
    json_response(&json!({
        "generation": generation.number(),
        "policies": policies,
        "last_reload_refused": complaint,
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
