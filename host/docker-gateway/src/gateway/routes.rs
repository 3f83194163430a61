//! The routes of Portainer's API: which path is whose handler's, and under which access policy.
//!
//! To add a route, add a row here and a handler in the file of its resource. Status codes and texts are Portainer's where
//! it has them; `details` says what to do instead.

mod auth;
mod endpoints;
mod keys;
mod registries;
mod status;
mod users;

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use std::sync::Arc;

use super::access::Routes;
use super::access::Verb::{Delete, Get, Post, Put};
use super::{Gateway, access};
use crate::error::GatewayError;

/// All routes.
pub(super) fn all(gateway: Arc<Gateway>) -> Routes {
    Routes::new(gateway)
        .public(Post, "/auth", auth::login)
        .public(Post, "/auth/logout", auth::logout)
        .public(Get, "/status", status::status)
        .public(Get, "/system/status", status::status)
        .public(Post, "/users/admin/init", auth::init_administrator)
        .public(Get, "/users/admin/check", auth::check_administrator)
        .restricted(Get, "/users", users::list)
        .administrator(Post, "/users", users::create)
        .authenticated(Get, "/users/me", users::me)
        .restricted(Get, "/users/{id}", users::inspect)
        .administrator(Put, "/users/{id}", users::update)
        .administrator(Delete, "/users/{id}", users::delete)
        .restricted(Put, "/users/{id}/passwd", users::set_password)
        .restricted(Get, "/users/{id}/tokens", keys::list)
        .restricted(Post, "/users/{id}/tokens", keys::create)
        .restricted(Delete, "/users/{id}/tokens/{key}", keys::delete)
        .restricted(Get, "/endpoints", endpoints::list)
        .administrator(Post, "/endpoints", endpoints::create)
        .restricted(Get, "/endpoints/{id}", endpoints::inspect)
        .administrator(Put, "/endpoints/{id}", endpoints::update)
        .administrator(Delete, "/endpoints/{id}", endpoints::delete)
        .restricted(Get, "/endpoints/{id}/registries", registries::of_endpoint)
        .administrator(Put, "/endpoints/{id}/registries/{registry}", registries::grant)
        .administrator(Get, "/registries", registries::list)
        .administrator(Post, "/registries", registries::create)
        .administrator(Get, "/registries/{id}", registries::inspect)
        .administrator(Put, "/registries/{id}", registries::update)
        .administrator(Delete, "/registries/{id}", registries::delete)
}

type Handled = Result<Response, GatewayError>;

#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
fn ok(body: Value) -> Handled {
    Ok(Json(body).into_response())
}

/// A list, with the number of its items in `X-Total-Count` and `X-Total-Available`: nothing is paged.
#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
fn list(items: Vec<Value>) -> Handled {
    let count = items.len().to_string();
    let headers =
        ["x-total-count", "x-total-available"].map(|name| (HeaderName::from_static(name), count.clone()));
    Ok((headers, Json(items)).into_response())
}

#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
fn no_content() -> Handled {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A name of a user: what policies and records show.
pub(super) fn checked_name(name: &str) -> Result<&str, GatewayError> {
    if name.is_empty() {
        return Err(GatewayError::bad_request("Invalid username"));
    }
    if name.len() > 256 || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let details = "Invalid username. Must not contain any whitespace, nor control characters, nor more than 256 bytes";
        return Err(GatewayError::bad_request(details));
    }
    Ok(name)
}

/// A name of an endpoint or a registry.
fn checked_label<'a>(name: &'a str, what: &str) -> Result<&'a str, GatewayError> {
    let is_label = !name.trim().is_empty() && name.len() <= 256 && !name.chars().any(char::is_control);
    is_label.then_some(name).ok_or_else(|| {
        GatewayError::bad_request(format!(
            "Invalid {what} name. Must not be empty, nor contain control characters, nor more than 256 bytes"
        ))
    })
}
