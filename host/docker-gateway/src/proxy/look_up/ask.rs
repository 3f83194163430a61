//! The gateway's own requests to an engine: GET alone, with a time limit and a limit for what is read.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use portcullis_docker_api::inspect::DaemonDefaults;
use portcullis_http_client::proxy::ProxyError;
use std::sync::Arc;
use std::time::Duration;

use super::{Engine, LookUpError};

/// Whose connections carry look-ups: no user's.
const GATEWAY: i64 = i64::MIN;

/// How long one look-up may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a response. Inspecting a service with thousands of environment variables stays below.
const MAX_RESPONSE: usize = 4 << 20;

/// Where a 503 says that the engine is no member of a swarm, and so has no such things. Elsewhere it says nothing of what the
/// engine has: a proxy before it responds so under load.
const OF_A_SWARM: [&str; 5] = ["/services/", "/secrets/", "/configs/", "/nodes/", "/tasks/"];

fn is_absent(status: StatusCode, path: &str) -> bool {
    let is_of_a_swarm = || OF_A_SWARM.iter().any(|prefix| path.starts_with(prefix));
    status == StatusCode::NOT_FOUND || (status == StatusCode::SERVICE_UNAVAILABLE && is_of_a_swarm())
}

/// The response to a GET of `path`; none if the engine has no such thing.
pub(super) async fn get(engine: &Engine, path: &str) -> Result<Option<Bytes>, LookUpError> {
    let asking = async {
        // INVARIANT: the semaphore is never closed, so there is always a permit.
        let _permit = engine.permits.acquire().await;
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().map_err(|_| ProxyError::Target)?;
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("docker"));
        let (head, body) = engine.proxy.send(GATEWAY, request).await?.into_parts();
        if is_absent(head.status, path) {
            return Ok(None);
        }
        if head.status != StatusCode::OK {
            let path = path.split('?').next().unwrap_or_default();
            return Err(LookUpError::Status(head.status, path.to_owned()));
        }
        let body = Limited::new(body, MAX_RESPONSE).collect().await.map_err(|_| LookUpError::Unreadable)?;
        Ok(Some(body.to_bytes()))
    };
    tokio::time::timeout(TIMEOUT, asking).await.unwrap_or(Err(LookUpError::Timeout(TIMEOUT)))
}

/// What the engine fills into containers itself.
pub(super) async fn defaults(engine: &Engine) -> Result<Arc<DaemonDefaults>, LookUpError> {
    let asking = async {
        let body = get(engine, "/info").await?.unwrap_or_default();
        Ok(Arc::new(DaemonDefaults::read(&body)?))
    };
    engine.defaults.try_get_with((), asking).await.map_err(LookUpError::Shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unavailable_is_absent_of_a_swarm_alone() {
        for (status, path, expected) in [
            (StatusCode::NOT_FOUND, "/volumes/v", true),
            (StatusCode::SERVICE_UNAVAILABLE, "/volumes/v", false),
            (StatusCode::SERVICE_UNAVAILABLE, "/volumes/services", false),
            (StatusCode::SERVICE_UNAVAILABLE, "/containers/web/json", false),
            (StatusCode::SERVICE_UNAVAILABLE, "/exec/e/json", false),
            (StatusCode::SERVICE_UNAVAILABLE, "/info", false),
            (StatusCode::SERVICE_UNAVAILABLE, "/services/web", true),
            (StatusCode::SERVICE_UNAVAILABLE, "/secrets/s", true),
            (StatusCode::SERVICE_UNAVAILABLE, "/configs/c", true),
            (StatusCode::SERVICE_UNAVAILABLE, "/nodes/n", true),
            (StatusCode::SERVICE_UNAVAILABLE, "/tasks/t", true),
            (StatusCode::INTERNAL_SERVER_ERROR, "/services/web", false),
            (StatusCode::OK, "/services/web", false),
        ] {
            assert_eq!(is_absent(status, path), expected, "{status} {path}");
        }
    }
}
