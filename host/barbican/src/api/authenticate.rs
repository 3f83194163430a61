//! Who sends a request: from its token to user and project. Called before a request's handler, and again where a handler
//! has waited for long.

use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use portcullis_contract::secrets::Requester;
use portcullis_identity::AuthError;

use super::Shared;
use crate::accept::Accept;
use crate::response;
use crate::webob::WebObError;

/// Authenticates the request; or the response to one without a good token, or with a token for no project.
pub(super) async fn requester(api: &Shared, parts: &Parts) -> Result<Requester, Response> {
    match api.identify.identify(&parts.headers, &parts.method, parts.uri.path()).await {
        Ok(requester) if requester.scope == "project" && requester.project.is_some() => Ok(requester),
        Ok(requester) => {
            tracing::debug!(scope = requester.scope, "a token without a project was refused");
            Err(challenged(api, WebObError::unauthorized().into_response(&accept(parts))))
        }
        // Tokens are not limited, as passwords are.
        Err(error @ (AuthError::Unauthorized { .. } | AuthError::Limited { .. })) => {
            tracing::debug!(%error, "a token was refused");
            Err(unauthorized(api))
        }
        Err(AuthError::Unavailable { reason }) => {
            tracing::warn!(reason, "nobody can say whose a token is; its request was refused");
            let text = "The Keystone service is temporarily unavailable.";
            Err(WebObError::unavailable(text).into_response(&accept(parts)))
        }
    }
}

/// The response to a token that is not good.
pub(super) fn unauthorized(api: &Shared) -> Response {
    challenged(api, response::unauthorized())
}

fn challenged(api: &Shared, mut response: Response) -> Response {
    if let Some(challenge) = api.identify.challenge() {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// What the client accepts.
pub(super) fn accept(parts: &Parts) -> Accept<'_> {
    // A header that is no text is no valid one either; to WebOb such a header lets everything pass.
    Accept::parse(parts.headers.get(header::ACCEPT).map(|value| value.to_str().unwrap_or("?")))
}
