//! The description of the admin API, made of its routes, for `/openapi.json`.

use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::{Extension, Json};
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

/// What the routes are added to.
#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Portcullis admin API",
    description = "Policies and decisions of a running host. On a unix socket whoever can open it may do everything; on TCP \
                   `Authorization: Bearer TOKEN` with one of the tokens of `[admin]`.",
))]
struct Head;

pub(crate) fn head() -> OpenApi {
    Head::openapi()
}

/// This description
#[utoipa::path(
    get, path = "/openapi.json", tag = "health",
    responses((status = 200, content_type = "application/json", body = Object, description = "OpenAPI 3.1"))
)]
pub(crate) async fn description(Extension(description): Extension<Arc<OpenApi>>) -> Response {
    Json(&*description).into_response()
}
