//! Forwards a request that was allowed, and passes the response on.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, Version, header};
use axum::response::Response;
use portcullis_authorization::Policies;
use portcullis_http_client::proxy::{ProxyError, strip_hop_by_hop};

use super::SessionEnd;
use super::decide::Decided;
use super::engines::Engine;
use super::response_hook::{self, Passed};
use super::stream::SessionBody;
use super::upgraded::Hijack;
use crate::error::GatewayError;

/// Headers that are for the gateway and not for the engine: credentials, and what each side of a proxy says itself.
const OURS: [HeaderName; 4] =
    [header::AUTHORIZATION, header::COOKIE, HeaderName::from_static("x-api-key"), header::EXPECT];

/// dockerd looks at no host. Some of its clients send a path or nothing.
const HOST: HeaderValue = HeaderValue::from_static("docker");

/// A request on its way.
pub(super) struct Outgoing<'o> {
    pub(super) user: i64,
    pub(super) target: &'o str,
    pub(super) head: Parts,
    pub(super) decided: Decided,
    pub(super) session_end: SessionEnd,
    /// Bytes of a response that a policy is shown, at most.
    pub(super) max_body: usize,
}

/// Forwards a request. The session's end drops it, and with it the connection to the engine.
pub(super) async fn forward(
    engine: &Engine,
    outgoing: Outgoing<'_>,
    policies: &Policies,
) -> Result<Response, ProxyError> {
    let Outgoing { user, target, mut head, decided, mut session_end, max_body } = outgoing;
    let Decided { operation, request: decided, body } = decided;
    let hijack = Hijack::of(&mut head, operation);
    let request = request(target, &head, hijack.is_some(), body.into_body())?;
    let sending = async {
        match &hijack {
            Some(_) => engine.upgrade(request).await,
            None => engine.send(user, request).await,
        }
    };
    let response = tokio::select! {
        response = sending => response?,
        () = &mut session_end => return Ok(session_ended()),
    };
    let response = match response_hook::ask(policies, operation, &decided, response, max_body).await {
        Ok(Passed::Unread(response)) => response,
        Ok(Passed::Read(response)) => return Ok(response),
        Err(withheld) => return Ok(withheld),
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(match hijack {
            Some(hijack) => hijack.connect(response, session_end),
            // dockerd does not do this unasked.
            None => GatewayError::new(
                StatusCode::BAD_GATEWAY,
                "the engine answers with a protocol that was not asked for",
                "",
            )
            .into_docker_response(),
        });
    }
    let (mut head, body) = response.into_parts();
    strip_hop_by_hop(&mut head.headers);
    head.version = Version::HTTP_11;
    Ok(Response::from_parts(head, SessionBody::new(body, session_end)))
}

/// The request for the engine.
fn request(target: &str, head: &Parts, is_hijack: bool, body: Body) -> Result<Request<Body>, ProxyError> {
    let uri: Uri = target.parse().map_err(|_| ProxyError::Target)?;
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.clone_from(&head.headers);
    let upgrade = headers.get(header::UPGRADE).cloned();
    strip_hop_by_hop(headers);
    for name in &OURS {
        headers.remove(name);
    }
    headers.insert(header::HOST, HOST);
    if let (true, Some(upgrade)) = (is_hijack, upgrade) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, upgrade);
    }
    without_length_of_another_body(request.headers_mut());
    Ok(request)
}

/// hyper writes the length of the body that it sends.
fn without_length_of_another_body(headers: &mut HeaderMap) {
    if headers.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
        headers.remove(header::CONTENT_LENGTH);
    }
}

fn session_ended() -> Response {
    let message = "the session has ended: log in again";
    GatewayError::new(StatusCode::UNAUTHORIZED, message, "").into_docker_response()
}
