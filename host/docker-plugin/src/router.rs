//! The routes of the Docker authorization plugin API (docker/cli `docs/extend/plugins_authorization.md`). dockerd sends no
//! Content-Type, so messages are bytes and not JSON.
//!
//! By hand: a router costs more than these four routes take to compare.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use std::sync::Arc;

use crate::authorize::{authorize_request, authorize_response};
use crate::call::Call;
use crate::plugin::Plugin;
use crate::response::{self as reply, Accepted};

/// Bytes of a message, at most. dockerd shows bodies of up to 4 MiB, in base64, and answers of any size.
const MESSAGE: usize = 32 << 20;

/// The paths of the API.
pub(super) const PATHS: [&str; 4] = [BANNER, ACTIVATE, AUTHORIZE_REQUEST, AUTHORIZE_RESPONSE];
const BANNER: &str = "/";
const ACTIVATE: &str = "/Plugin.Activate";
const AUTHORIZE_REQUEST: &str = "/AuthZPlugin.AuthZReq";
const AUTHORIZE_RESPONSE: &str = "/AuthZPlugin.AuthZRes";

/// Answers a request.
pub(super) async fn route(plugin: &Arc<Plugin>, request: Request) -> Response {
    let accepted = Accepted::by(request.headers());
    let mut response = answer(plugin, request).await;
    accepted.negotiate(response.headers_mut());
    response
}

async fn answer(plugin: &Arc<Plugin>, request: Request) -> Response {
    let is_post = request.method() == Method::POST;
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    // docker-leash's documentation shows every example with GET and a body.
    let is_asked = is_post || *request.method() == Method::GET;
    match request.uri().path() {
        AUTHORIZE_REQUEST if is_asked => {
            let (call, body) = read(request).await;
            authorize_request(plugin, call, body).await.into_response()
        }
        AUTHORIZE_RESPONSE if is_asked => {
            let (call, body) = read(request).await;
            authorize_response(plugin, call, body).await.into_response()
        }
        ACTIVATE if is_post || is_get => reply::activation(),
        BANNER if is_get => reply::banner(),
        AUTHORIZE_REQUEST | AUTHORIZE_RESPONSE => reply::method_not_allowed("GET,POST"),
        ACTIVATE => reply::method_not_allowed("GET,HEAD,POST"),
        BANNER => reply::method_not_allowed("GET,HEAD"),
        _ => reply::unknown_route(),
    }
}

/// The call, and its body. None where the body broke off, or is larger than any that dockerd sends.
async fn read(request: Request) -> (Call, Option<Bytes>) {
    let call = Call::begin(request.extensions().get());
    (call, to_bytes(request.into_body(), MESSAGE).await.ok())
}
