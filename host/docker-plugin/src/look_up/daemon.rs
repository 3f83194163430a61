//! The host's own requests to the daemon: GET alone, each with a nonce.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use portcullis_docker_api::json::{self, Value};
use portcullis_http_client::proxy::{ProxyError, ReverseProxy, Upstream, UpstreamAddress};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

use super::error::LookUpError;
use super::nonces::{HEADER, IssuedNonce, Nonces};

/// How long one response may take. A nonce lives as long.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes of a response.
const MAX_RESPONSE: usize = 16 << 20;

/// Bytes of the daemon's text about an error that are passed on.
const MAX_MESSAGE: usize = 256;

/// Look-ups at once: their responses take 256 MiB at most.
const MAX_CONCURRENT: usize = 16;

/// A connection to the daemon. There is one user of it, the host.
pub(super) struct Daemon {
    proxy: ReverseProxy<Body>,
    pub(super) nonces: Nonces,
    permits: Semaphore,
}

impl Daemon {
    /// Nothing is connected to yet.
    pub(super) fn new(socket: &Path) -> Self {
        let address = UpstreamAddress::Unix(socket.to_owned());
        let upstream = Upstream { address, tls: None, allowed: Arc::new(|_| false) };
        Self {
            proxy: ReverseProxy::new(upstream),
            nonces: Nonces::default(),
            permits: Semaphore::new(MAX_CONCURRENT),
        }
    }

    /// The response to a GET of `target`. None where the daemon has no such thing.
    pub(super) async fn get(&self, target: &str) -> Result<Option<Bytes>, LookUpError> {
        let asking = async {
            // INVARIANT: the semaphore is never closed, so there is always a permit.
            let _permit = self.permits.acquire().await;
            let nonce = self.nonces.issue(target, Instant::now()).ok_or(LookUpError::TooMany)?;
            let (head, body) = self.send(target, &nonce).await?.into_parts();
            if body.size_hint().lower() > MAX_RESPONSE as u64 {
                return Err(LookUpError::Broken(MAX_RESPONSE));
            }
            let body = Limited::new(body, MAX_RESPONSE).collect().await;
            let body = body.map_err(|_| LookUpError::Broken(MAX_RESPONSE))?.to_bytes();
            match head.status {
                StatusCode::OK => Ok(Some(body)),
                StatusCode::NOT_FOUND => Ok(None),
                status => Err(error(status, &body)),
            }
        };
        tokio::time::timeout(TIMEOUT, asking).await.unwrap_or(Err(LookUpError::Timeout(TIMEOUT)))
    }

    /// A response that goes on: its body, with the nonce that lives as long.
    pub(super) async fn follow(&self, target: &str) -> Result<(Incoming, IssuedNonce<'_>), LookUpError> {
        let nonce = self.nonces.issue(target, Instant::now()).ok_or(LookUpError::TooMany)?;
        let sent = tokio::time::timeout(TIMEOUT, self.send(target, &nonce)).await;
        let (head, body) = sent.unwrap_or(Err(LookUpError::Timeout(TIMEOUT)))?.into_parts();
        if head.status == StatusCode::OK { Ok((body, nonce)) } else { Err(error(head.status, b"")) }
    }

    async fn send(&self, target: &str, nonce: &IssuedNonce<'_>) -> Result<Response<Incoming>, LookUpError> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = target.parse().map_err(|_| ProxyError::Target)?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("docker"));
        let text = HeaderValue::from_str(nonce.text()).map_err(|_| ProxyError::Target)?;
        headers.insert(HEADER, text);
        Ok(self.proxy.send(0, request).await?)
    }
}

/// The daemon's own text, which names nothing but what the request names.
fn error(status: StatusCode, body: &[u8]) -> LookUpError {
    if status == StatusCode::FORBIDDEN {
        return LookUpError::Refused;
    }
    let text = json::parse(body).ok().and_then(|value| {
        Some(value.as_object()?.get("message").and_then(Value::as_str)?.chars().take(MAX_MESSAGE).collect())
    });
    let text: String = text.unwrap_or_default();
    LookUpError::Status { status, message: text.escape_debug().to_string() }
}
