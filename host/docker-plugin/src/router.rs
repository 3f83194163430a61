//! The routes of the plugin. dockerd sends no Content-Type, so handlers take bytes and not JSON.

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};

use crate::authorize::{authorize_request, authorize_response};
use crate::call::Call;
use crate::plugin::Plugin;
use crate::response as reply;

/// Bytes of a message, at most. dockerd shows bodies of up to 4 MiB, in base64, and answers of any size.
const MESSAGE: usize = 32 << 20;

/// The paths of the API.
pub(super) const PATHS: [&str; 4] = ["/", "/Plugin.Activate", AUTHORIZE_REQUEST, AUTHORIZE_RESPONSE];
pub(super) const AUTHORIZE_REQUEST: &str = "/AuthZPlugin.AuthZReq";
const AUTHORIZE_RESPONSE: &str = "/AuthZPlugin.AuthZRes";

/// The routes of the Docker authorization plugin API (docker/cli `docs/extend/plugins_authorization.md`).
pub(super) fn router(plugin: Plugin) -> Router {
    let [banner, activate, ..] = PATHS;
    Router::new()
        .route(banner, get(reply::banner))
        .route(activate, post(reply::activation).get(reply::activation))
        .route(
            AUTHORIZE_REQUEST,
            post(async |State(plugin): State<Plugin>, call| request(&plugin, call).await),
        )
        .route(
            AUTHORIZE_RESPONSE,
            post(async |State(plugin): State<Plugin>, call| response(&plugin, call).await),
        )
        .fallback(reply::unknown_route)
        .with_state(plugin)
}

/// Answers `/AuthZPlugin.AuthZReq`.
pub(super) async fn request(plugin: &Plugin, request: Request) -> Response {
    let (call, body) = read(request).await;
    authorize_request(&plugin.0, call, body).await.into_response()
}

/// Answers `/AuthZPlugin.AuthZRes`.
async fn response(plugin: &Plugin, request: Request) -> Response {
    let (call, body) = read(request).await;
    authorize_response(&plugin.0, call, body).await.into_response()
}

/// The call, and its body. None where the body broke off, or is larger than any that dockerd sends.
async fn read(request: Request) -> (Call, Option<Bytes>) {
    let call = Call::begin(request.extensions().get());
    (call, to_bytes(request.into_body(), MESSAGE).await.ok())
}
