//! Every route of the door. dockerd sends no Content-Type, so handlers take bytes and not JSON.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::response::Response;
use axum::routing::{get, post};
use portcullis_listen::Peer;

use super::Door;
use super::answer::{self, Reply};
use super::authorize::{Call, authorize_request, authorize_response};

/// Bytes of a message, at most. dockerd shows bodies of up to 4 MiB, in base64, and answers of any size.
const MESSAGE: usize = 32 << 20;

/// The paths of the API.
pub(super) const PATHS: [&str; 4] =
    ["/", "/Plugin.Activate", "/AuthZPlugin.AuthZReq", "/AuthZPlugin.AuthZRes"];

/// The routes of the Docker authorization plugin API (docker/cli `docs/extend/plugins_authorization.md`).
pub(super) fn router(door: Door) -> Router {
    let [banner, activate, authorize_request, authorize_response] = PATHS;
    Router::new()
        .route(banner, get(answer::banner))
        .route(activate, post(answer::activation).get(answer::activation))
        .route(authorize_request, post(request))
        .route(authorize_response, post(response))
        .fallback(answer::unknown_route)
        .layer(DefaultBodyLimit::max(MESSAGE))
        .with_state(door)
}

async fn request(
    State(door): State<Door>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let call = Call::begin(peer);
    let authorizer = door.0.authorizer.clone();
    let decision = async move { authorize_request(&door.0, call, body.as_deref().ok()).await };
    let reply = authorizer.run(decision).await;
    reply.unwrap_or_else(Reply::cut_short).into_response()
}

async fn response(
    State(door): State<Door>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let call = Call::begin(peer);
    let authorizer = door.0.authorizer.clone();
    let decision = async move { authorize_response(&door.0, call, body.as_deref().ok()).await };
    let reply = authorizer.run(decision).await;
    reply.unwrap_or_else(Reply::cut_short).into_response()
}
