//! What operators and their monitoring ask, on a listener of its own: loopback unless the configuration says
//! otherwise, since records tell who did what.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portcullis_audit::Log;
use portcullis_barbican::vault::Vault;
use portcullis_contract::HookName;
use portcullis_engine::Host;
use portcullis_files::{FileStatus, FileWatcher};
use portcullis_listen::Proxies;
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
    /// Hooks that a door in use asks on.
    pub(crate) hooks: Arc<[HookName]>,
    /// What the Barbican door keeps things in, where it is on.
    pub(crate) vault: Option<Vault>,
    /// What the federation door's mounts have open.
    pub(crate) in_use: InUse,
    /// Watches the files of certificates and identity sources.
    pub(crate) files: FileWatcher,
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
    /// What keeps it from deciding, if anything does.
    async fn not_ready(&self) -> Option<String> {
        let generation = self.host.generation();
        if let Some(hook) = self.hooks.iter().find(|hook| !generation.serves(**hook)) {
            return Some(format!("no policy serves `{hook}`"));
        }
        if let Err(error) = self.log.check() {
            return Some(format!("decisions cannot be recorded: {error}"));
        }
        if let Some(vault) = &self.vault
            && let Err(error) = vault.check().await
        {
            return Some(format!("the store accepts no writes: {error}"));
        }
        let denies = |status: &FileStatus| status.failure.as_ref().is_some_and(|failure| failure.denies);
        self.files.statuses().iter().find(|status| denies(status)).map(ToString::to_string)
    }

    /// Files whose last good state is in force since they cannot be used now, one a line.
    fn warnings(&self) -> String {
        let failing = self.files.statuses().into_iter().filter(|status| status.failure.is_some());
        failing.fold(String::new(), |text, status| format!("{text}warning: {status}\n"))
    }
}

async fn ready(State(admin): State<Admin>) -> Response {
    match admin.not_ready().await {
        None => format!("ready\n{}", admin.warnings()).into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.metrics.text(&admin.host, admin.in_use.stats().await, &admin.files.statuses()) {
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
