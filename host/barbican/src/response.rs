//! Responses: the one file that maps outcomes and errors to what clients read.
//!
//! * [`Refusal`]: what Barbican's own code refuses, with its body of code, title and description. Which constructor to
//!   use: [`Refusal::refused`] for what is not allowed or could not be decided,
//!   [`Refusal::store`] for a database that does not respond, [`Refusal::of`] for every error of the client.
//! * [`crate::webob`]: what the middleware before it refuses.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use portcullis_authorization::{RETRY_AFTER, Refused};
use portcullis_store::StoreError;
use serde::Serialize;

use crate::json::{self, JsonError};
use crate::schema::Invalid;
use crate::vault::Kind;

/// `application/json`, as Barbican writes it.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why a request is refused, as its client may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    /// `None` is `null`: pecan's own refusals have no text.
    description: Option<String>,
    /// The methods that there are, for a 405.
    allow: Option<&'static str>,
}

#[derive(Serialize)]
struct Described<'a> {
    code: u16,
    title: &'a str,
    description: Option<&'a str>,
}

impl Refusal {
    /// With a text.
    pub(crate) fn of(status: StatusCode, description: impl Into<String>) -> Self {
        Self { status, description: Some(description.into()), allow: None }
    }

    /// Whether it is a policy's denial, and no fault.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
    }

    /// 406, before any controller is asked.
    pub(crate) fn not_acceptable() -> Self {
        Self { status: StatusCode::NOT_ACCEPTABLE, description: None, allow: None }
    }

    /// 405. Barbican names no methods for a payload.
    pub(crate) fn method_not_allowed(allow: Option<&'static str>) -> Self {
        Self { allow, ..Self::of(StatusCode::METHOD_NOT_ALLOWED, "") }
    }

    /// 404: there is no such route.
    pub(crate) fn no_route() -> Self {
        Self::of(StatusCode::NOT_FOUND, "")
    }

    /// 404: Barbican has it, and this host has not. Clients would take an empty text for an entity that is not there.
    pub(crate) fn not_offered(what: &str) -> Self {
        Self::of(StatusCode::NOT_FOUND, format!("{what} are not offered by this host"))
    }

    /// 404: there is no such route for any method but GET; pecan's own refusals have no text.
    pub(crate) fn no_method() -> Self {
        Self { description: None, ..Self::no_route() }
    }

    /// 400: the request is not UTF-8 where it must be.
    pub(crate) fn encoding() -> Self {
        Self::of(StatusCode::BAD_REQUEST, "")
    }

    /// 404: an id that Barbican never gives.
    pub(crate) fn invalid_id(kind: Kind) -> Self {
        Self::of(StatusCode::NOT_FOUND, format!("Not Found. Provided {kind} id is invalid."))
    }

    /// 404: an id that nothing has.
    pub(crate) fn not_found(kind: Kind) -> Self {
        Self::of(
            StatusCode::NOT_FOUND,
            match kind {
                Kind::Secret => "Secret not found.",
                Kind::Container => "Secrets container not found.",
            },
        )
    }

    /// 415, with the types that would do.
    pub(crate) fn content_type(expected: &str) -> Self {
        let text = format!("Unexpected content type. Expected content types are: {expected}");
        Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    }

    /// 400: the body is not JSON.
    pub(crate) fn json(error: JsonError) -> Self {
        match error {
            JsonError::Encoding => Self::encoding(),
            JsonError::Syntax => Self::of(StatusCode::BAD_REQUEST, "Malformed JSON"),
            JsonError::Depth | JsonError::Surrogate => {
                Self::of(StatusCode::BAD_REQUEST, format!("Malformed JSON: {error}"))
            }
        }
    }

    /// 400: a parameter of the query cannot be read.
    pub(crate) fn query() -> Self {
        Self::of(StatusCode::BAD_REQUEST, "URI provided invalid query string parameters.")
    }

    /// An error that Barbican's handlers word: `Secret update issue seen - REASON.`
    pub(crate) fn issue(status: StatusCode, doing: &str, reason: &str) -> Self {
        Self::of(status, format!("{doing} issue seen - {reason}."))
    }

    /// 403: the project has as many as its quota allows.
    pub(crate) fn quota(doing: &str) -> Self {
        let reason = "Creation not allowed because a quota has been reached";
        Self::issue(StatusCode::FORBIDDEN, doing, reason)
    }

    /// 503: too much of what takes long is asked for at once.
    pub(crate) fn busy(doing: &str, what: &str) -> Self {
        let text = format!("{doing} failure seen - {what}, please try again.");
        Self::of(StatusCode::SERVICE_UNAVAILABLE, text)
    }

    /// 403: a policy denied it. Barbican's sentence comes first, and then who said so, why, and under which id it is
    /// recorded.
    /// 503 where load is the cause, 500 where no decision could be made for another reason.
    pub(crate) fn refused(doing: &str, refused: &Refused) -> Self {
        if refused.overloaded {
            let text = format!("{doing} failure seen - too much is being asked, please try again. {refused}");
            return Self::of(StatusCode::SERVICE_UNAVAILABLE, text);
        }
        if refused.fault {
            let text = format!("{doing} failure seen - please contact site administrator. {refused}");
            return Self::of(StatusCode::INTERNAL_SERVER_ERROR, text);
        }
        let text =
            format!("{doing} attempt not allowed - please review your user/project privileges: {refused}");
        Self::of(StatusCode::FORBIDDEN, text)
    }

    /// 503 where trying again may help, 500 where it cannot. What went wrong is for the log alone.
    pub(crate) fn store(doing: &str, error: &StoreError) -> Self {
        tracing::error!(%error, doing, "the store failed; the request was refused");
        if error.is_unavailable() {
            let text = format!("{doing} failure seen - the store is not available, please try again.");
            return Self::of(StatusCode::SERVICE_UNAVAILABLE, text);
        }
        let text = format!("{doing} failure seen - please contact site administrator.");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// 409: others kept changing the entity while this was decided.
    pub(crate) fn contended(kind: Kind) -> Self {
        let text = format!(
            "The {kind} kept changing while this was decided; nothing was written. Please try again."
        );
        Self::of(StatusCode::CONFLICT, text)
    }

    /// 412: the entity is not what `If-Match` says.
    pub(crate) fn precondition(kind: Kind) -> Self {
        let text = format!("The {kind} is not in the state that If-Match names.");
        Self::of(StatusCode::PRECONDITION_FAILED, text)
    }

    pub(crate) fn into_response(self) -> Response {
        let body = Described {
            code: self.status.as_u16(),
            title: title(self.status),
            description: self.description.as_deref(),
        };
        let mut response = json(self.status, &body);
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        let status = match invalid {
            Invalid::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Invalid::Object { .. }
            | Invalid::ForeignReference
            | Invalid::BitLength
            | Invalid::MetadataValue
            | Invalid::MetadataKey => StatusCode::BAD_REQUEST,
        };
        Self::of(status, invalid.to_string())
    }
}

/// `WebOb`'s titles.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        status => status.canonical_reason().unwrap_or_default(),
    }
}

/// A body of JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(json::dumps(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// 204: done, and nothing to say.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// 401 by `keystonemiddleware`, before Barbican is asked.
pub(crate) fn unauthorized() -> Response {
    let body = r#"{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}"#;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A reference as a header; a host that no header can hold is left out.
pub(crate) fn location(headers: &mut HeaderMap, reference: &str) {
    if let Ok(value) = HeaderValue::from_str(reference) {
        headers.insert(header::LOCATION, value);
    }
}

/// A header that every answer of a kind has.
pub(crate) fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests;
