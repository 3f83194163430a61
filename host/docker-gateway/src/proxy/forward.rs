//! Forwards a request that was allowed, and passes the response on.

use axum::body::{Body, HttpBody as _};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, Uri, Version, header};
use axum::response::Response;
use portcullis_authorization::Policies;
use portcullis_http_client::proxy::{ProxyError, strip_hop_by_hop};

use super::decide::Decided;
use super::engines::Engine;
use super::response_hook::{self, Passed};
use super::stream::SessionBody;
use super::upgraded::Hijack;
use super::{SessionEnd, look_up};
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
    let Decided { operation, request: decided, body, view, .. } = decided;
    let hijack = Hijack::of(&mut head, operation);
    let request = request(target, &head, hijack.is_some(), body.into_body())?;
    let sending = async {
        match &hijack {
            Some(_) => engine.proxy.upgrade(request).await,
            None => engine.proxy.send(user, request).await,
        }
    };
    let response = tokio::select! {
        response = sending => response?,
        () = &mut session_end => return Ok(session_ended()),
    };
    let response = match response_hook::ask(policies, (operation, &decided, &view), response, max_body).await
    {
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
    Ok(Response::from_parts(head, SessionBody::wrap(body, session_end)))
}

/// The request target that is forwarded, where it is another than the client's: the container by its id, and a query that is
/// limited to what the user sees.
pub(super) fn rewritten(decided: &Decided, target: &str) -> Option<String> {
    let by_id = look_up::by_id(decided.operation, &decided.request, target);
    let Some(query) = &decided.query else { return by_id };
    let target = by_id.as_deref().unwrap_or(target);
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    Some(format!("{path}?{query}"))
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
    // hyper writes the length of a body that is whole; it may be another than the client's.
    if let Some(length) = request.body().size_hint().exact()
        && request.headers().contains_key(header::CONTENT_LENGTH)
    {
        request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    Ok(request)
}

fn session_ended() -> Response {
    let message = "the session has ended: log in again";
    GatewayError::new(StatusCode::UNAUTHORIZED, message, "").into_docker_response()
}
