//! Responses of the gateway itself inside the proxied area, in Docker's shape.

use axum::http::StatusCode;
use axum::response::Response;
use portcullis_authorization::Refused;
use portcullis_contract::docker::Target;
use portcullis_docker_api::canonical::rule;
use portcullis_errors::chain;
use portcullis_host_paths::ResolveError;
use std::error::Error;

use crate::endpoint::Endpoint;
use crate::error::GatewayError;

/// The status of a refusal by the host's own rules.
pub(super) fn status_of(rule: &str) -> StatusCode {
    match rule {
        UNKNOWN_ROUTE | NOT_VISIBLE => StatusCode::NOT_FOUND,
        LOOK_UP => StatusCode::BAD_GATEWAY,
        ResolveError::BUSY => StatusCode::SERVICE_UNAVAILABLE,
        NAME_TAKEN => StatusCode::CONFLICT,
        BODY_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        BODY_BROKEN
        | rule::UNREADABLE_URI
        | rule::AMBIGUOUS_QUERY
        | rule::AMBIGUOUS_BODY
        | rule::UNREADABLE_BODY
        | rule::FORM_BODY
        | rule::START_WITH_BODY => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    }
}

/// dockerd has no such route, or one that is not known here.
pub(super) const UNKNOWN_ROUTE: &str = "host:unknown-route";
/// A body that a policy has to see is too large for that.
pub(super) const BODY_TOO_LARGE: &str = "host:body-too-large";
/// A body that a policy has to see broke off.
pub(super) const BODY_BROKEN: &str = "host:body-broken";
/// What the request names cannot be looked up, since the engine gives no answer.
pub(super) const LOOK_UP: &str = "host:look-up";
/// A source of groups cannot say which groups the user is in.
pub(super) const GROUPS: &str = "host:groups";
/// The request names what its user does not see.
pub(super) const NOT_VISIBLE: &str = "host:not-visible";
/// The name of what is made belongs to a thing that the user does not see.
pub(super) const NAME_TAKEN: &str = "host:name-taken";
/// The request cannot be limited to what its user sees.
pub(super) const NOT_LIMITED: &str = "host:not-limited";
/// Stored credentials of a registry are not to be had, or not for this request.
pub(super) const REGISTRY: &str = "host:registry";
/// A response that a policy has to see is too large for that.
pub(super) const RESPONSE_TOO_LARGE: &str = "host:response-too-large";
/// The request comes from a page of another site.
pub(super) const CROSS_SITE: &str = "host:cross-site";

/// A refusal by a policy, or by the host.
pub(super) fn refused(refused: &Refused) -> Response {
    let status = match refused {
        Refused { overloaded: true, .. } => StatusCode::SERVICE_UNAVAILABLE,
        Refused { fault: true, .. } => StatusCode::INTERNAL_SERVER_ERROR,
        Refused { rule, .. } => status_of(rule),
    };
    let text = match &*refused.rule {
        // dockerd's own words for what it does not have.
        UNKNOWN_ROUTE => "page not found".into(),
        NOT_VISIBLE => refused.reason.clone(),
        _ => refused.to_string(),
    };
    GatewayError::new(status, text, "").into_docker_response()
}

/// The engine does not have what the request reaches into: dockerd's own words for that.
pub(super) fn missing(target: &Target) -> Response {
    let what = if target.kind == "exec" { "exec instance" } else { "container" };
    let message = format!("No such {what}: {}", target.as_sent);
    GatewayError::new(StatusCode::NOT_FOUND, message, "").into_docker_response()
}

/// The user has as many requests in flight as one may have.
pub(super) fn too_many_requests(limit: usize) -> Response {
    let message = format!(
        "you have {limit} requests and streams open, as many as one user may have: close some of them"
    );
    GatewayError::new(StatusCode::SERVICE_UNAVAILABLE, message, "").into_docker_response()
}

/// The engine sends no response.
pub(super) fn unreachable(endpoint: &Endpoint, error: &(dyn Error + 'static)) -> Response {
    let text = chain(error);
    tracing::warn!(endpoint = endpoint.name, error = text, "a Docker engine cannot be reached");
    let message = format!("cannot reach the Docker engine of the endpoint `{}`: {text}", endpoint.name);
    GatewayError::new(StatusCode::BAD_GATEWAY, message, "").into_docker_response()
}
