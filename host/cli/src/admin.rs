//! The commands that talk to the running host, by its admin API: policies are listed and changed, decisions explained
//! and followed, and the glass is broken.
//!
//! * [`Target`]: which host is asked
//! * `policies`: `portcullis policy list|put|delete|rollback|restore|shadow`
//! * `ask`: `portcullis ask`
//! * `decisions`: `portcullis explain` and `portcullis decisions`
//! * `break_glass`: `portcullis break-glass`
//! * `record`: parts of a record for a person
//! * `revoke`: `portcullis aws revoke`

pub(super) mod ask;
pub(super) mod break_glass;
pub(super) mod decisions;
pub(super) mod policies;
pub(super) mod record;
pub(super) mod revoke;

use axum::body::Body;
use hyper::{Request, StatusCode};
use portcullis_listen::Address;
use portcullis_server::ServeError;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

use super::{config_of, http, print, runtime};

/// A change is built before it is answered, after those that wait.
const PATIENCE: Duration = Duration::from_mins(10);

/// The host that is asked.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The configuration that the host runs with, for the address of its admin API
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The admin API's address, e.g. `unix:/run/portcullis/portcullis-admin.sock` or `127.0.0.1:8182`
    #[arg(long, value_name = "ADDRESS", conflicts_with = "config")]
    admin: Option<String>,
    /// A file with the token that the admin API asks for on TCP
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// A request of the admin API.
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    pub(super) path: String,
    pub(super) media_type: &'a str,
    pub(super) body: Vec<u8>,
}

impl Ask<'_> {
    /// A request without a body.
    pub(super) fn new(method: &'static str, path: String) -> Ask<'static> {
        Ask { method, path, media_type: "", body: Vec::new() }
    }
}

impl Target {
    pub(super) fn address(&self) -> Result<Address, ServeError> {
        if let Some(text) = &self.admin {
            return text.parse().map_err(|error| ServeError::Usage(format!("`{text}`: {error}")));
        }
        let config = config_of(self.config.as_deref())?;
        let plain = config.listen.admin.iter().find(|endpoint| endpoint.tls.is_none());
        let endpoint = plain.ok_or_else(|| {
            ServeError::Usage(
                "the configuration has no admin address without TLS: add one to `[listen] admin`".into(),
            )
        })?;
        Ok(endpoint.address.clone())
    }

    pub(super) fn request(&self, ask: Ask<'_>) -> Result<Request<Body>, ServeError> {
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        if !ask.media_type.is_empty() {
            request = request.header("content-type", ask.media_type);
        }
        if let Some(file) = &self.token {
            let token = std::fs::read_to_string(file)
                .map_err(|error| ServeError::Usage(format!("`{}`: {error}", file.display())))?;
            request = request.header("authorization", format!("Bearer {}", token.trim()));
        }
        request.body(ask.body.into()).map_err(|error| ServeError::Usage(error.to_string()))
    }

    /// The body of the response, if the request was accepted.
    async fn ask(&self, ask: Ask<'_>) -> Result<Vec<u8>, ServeError> {
        let address = self.address()?;
        let response = http::send(&address, self.request(ask)?, PATIENCE).await;
        let response = response.map_err(|error| {
            ServeError::Usage(format!(
                "the admin API at {address} cannot be asked: {error}; is the host running?"
            ))
        })?;
        let (status, body) = http::read(response).await.map_err(ServeError::Usage)?;
        if status.is_success() { Ok(body.into()) } else { Err(refused(status, &body)) }
    }

    /// The record of a decision.
    pub(super) fn record<T: serde::de::DeserializeOwned>(&self, id: &str) -> Result<T, ServeError> {
        let path = format!("/decisions/{}", id.trim_end_matches(')'));
        let record = runtime()?.block_on(self.json(Ask::new("GET", path)))?;
        serde_json::from_value(record).map_err(|error| ServeError::Usage(format!("the record: {error}")))
    }

    /// The same, as one JSON value on each line.
    pub(super) async fn lines(&self, ask: Ask<'_>) -> Result<Vec<Value>, ServeError> {
        let body = self.ask(ask).await?;
        let lines = serde_json::Deserializer::from_slice(&body).into_iter();
        lines
            .collect::<Result<_, _>>()
            .map_err(|error| ServeError::Usage(format!("the admin API's response: {error}")))
    }

    /// The same, as JSON.
    async fn json(&self, ask: Ask<'_>) -> Result<Value, ServeError> {
        let body = self.ask(ask).await?;
        serde_json::from_slice(&body)
            .map_err(|error| ServeError::Usage(format!("the admin API's response: {error}")))
    }
}

/// What the admin API says of a request that it refuses.
pub(super) fn refused(status: StatusCode, body: &[u8]) -> ServeError {
    let text = serde_json::from_slice::<Value>(body).ok();
    let message = text.as_ref().and_then(|text| text["message"].as_str());
    ServeError::Usage(message.map_or_else(|| status.to_string(), str::to_owned))
}

/// The first digits of a digest, which tell revisions apart.
fn short(digest: &Value) -> &str {
    let digest = digest.as_str().unwrap_or("-");
    digest.get(..12).unwrap_or(digest)
}

/// A table with columns as wide as their widest cell.
fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        print(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
