//! The routes of the plugin. dockerd sends no Content-Type, so handlers take bytes and not JSON.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::response::Response;
use axum::routing::{get, post};
use portcullis_listen::Peer;

use crate::authorize::{authorize_request, authorize_response};
use crate::call::Call;
use crate::plugin::Plugin;
use crate::response as reply;

/// Bytes of a message, at most. dockerd shows bodies of up to 4 MiB, in base64, and answers of any size.
const MESSAGE: usize = 32 << 20;

/// The paths of the API.
pub(super) const PATHS: [&str; 4] =
    ["/", "/Plugin.Activate", "/AuthZPlugin.AuthZReq", "/AuthZPlugin.AuthZRes"];

/// The routes of the Docker authorization plugin API (docker/cli `docs/extend/plugins_authorization.md`).
pub(super) fn router(plugin: Plugin) -> Router {
    let [banner, activate, authorize_request, authorize_response] = PATHS;
    Router::new()
        .route(banner, get(reply::banner))
        .route(activate, post(reply::activation).get(reply::activation))
        .route(authorize_request, post(request))
        .route(authorize_response, post(response))
        .fallback(reply::unknown_route)
        .layer(DefaultBodyLimit::max(MESSAGE))
        .with_state(plugin)
}

async fn request(
    State(plugin): State<Plugin>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    authorize_request(&plugin.0, Call::begin(peer), body.as_deref().ok()).await.into_response()
}

async fn response(
    State(plugin): State<Plugin>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    authorize_response(&plugin.0, Call::begin(peer), body.as_deref().ok()).await.into_response()
}
