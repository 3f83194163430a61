//! Errors, in Portainer's shape outside the proxied area and in Docker's inside it. The one place that turns an error of
//! this API into a response.

use crate::directory::{DirectoryError, Refusal};
use crate::password::PasswordError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis_identity::attempts::TooManyAttempts;
use portcullis_store::StoreError;
use serde_json::json;
use std::time::Duration;

/// Why a request gets no other response. Both texts are for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {details}")]
pub struct GatewayError {
    /// The status of the response.
    pub status: StatusCode,
    /// What failed, in Portainer's words where it has them.
    pub message: String,
    /// Why.
    pub details: String,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl GatewayError {
    /// An error with this status. 503 asks the client to come again in a second.
    pub fn new(status: StatusCode, message: impl Into<String>, details: impl Into<String>) -> Self {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::from_secs(1));
        Self { status, message: message.into(), details: details.into(), retry_after }
    }

    /// 400, for a body or a parameter.
    pub(crate) fn bad_request(details: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Invalid request payload", details)
    }

    /// 400, for an id in a path that is no number, in Go's words. `what` is e.g. `environment`.
    pub(crate) fn invalid_id(what: &str, text: &str) -> Self {
        let shown: String = text.chars().take(100).collect();
        Self::new(
            StatusCode::BAD_REQUEST,
            format!("Invalid {what} identifier route variable"),
            format!("Strconv.Atoi: parsing {shown:?}: invalid syntax"),
        )
    }

    /// 401, without a hint at what is wrong.
    pub(crate) fn invalid_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Invalid JWT token", "Unauthorized")
    }

    /// 404. `what` is e.g. `an environment`.
    pub(crate) fn not_found(what: &str) -> Self {
        let message = format!("Unable to find {what} with the specified identifier inside the database");
        Self::new(StatusCode::NOT_FOUND, message, "Object not found inside the database")
    }

    /// From an error of a write. `what` is e.g. `an environment`.
    pub(crate) fn of_write(error: DirectoryError, what: &str) -> Self {
        let refusal = match error {
            DirectoryError::Store(error) => return error.into(),
            DirectoryError::Refused(refusal) => refusal,
        };
        let details = capitalized(refusal.to_string());
        let (status, message) = match refusal {
            Refusal::NotFound => return Self::not_found(what),
            Refusal::NameTaken => (StatusCode::CONFLICT, "Name is not unique"),
            Refusal::RegistryTaken => {
                (StatusCode::CONFLICT, "Another registry with the same URL and credentials already exists")
            }
            Refusal::LastAdministrator => {
                (StatusCode::CONFLICT, "Cannot remove the last local administrator account")
            }
            Refusal::HasAdministrator => (StatusCode::CONFLICT, "Unable to create administrator user"),
            Refusal::UnknownUser(_) => (StatusCode::BAD_REQUEST, "Invalid request payload"),
            Refusal::Changed => (StatusCode::CONFLICT, "Unable to update user"),
            Refusal::TooManyApiKeys(_) => (StatusCode::CONFLICT, "Unable to create user access token"),
        };
        Self::new(status, message, details)
    }

    /// In Docker's shape: `{"message"}`. The stock CLI prints it.
    pub fn into_docker_response(self) -> Response {
        let text = match &*self.details {
            "" => self.message.clone(),
            details => format!("{}: {details}", self.message),
        };
        self.respond(Json(json!({ "message": text })))
    }

    fn respond(&self, body: Json<serde_json::Value>) -> Response {
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(retry_after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, retry_after.as_secs().into());
        }
        response
    }
}

/// In Portainer's shape: `{"message", "details"}`.
impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "message": self.message, "details": self.details }));
        self.respond(body)
    }
}

/// The cause goes to the log, never to the client.
impl From<StoreError> for GatewayError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(%error, "the gateway's database is not available");
            let details = "The database is not available; try again later";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "Unable to reach the database", details);
        }
        tracing::error!(%error, "the gateway's database failed");
        let details = "The database failed; the log of the gateway says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Unable to use the database", details)
    }
}

impl From<PasswordError> for GatewayError {
    fn from(error: PasswordError) -> Self {
        let (status, message) = match error {
            PasswordError::Length => (StatusCode::BAD_REQUEST, "Password does not meet the requirements"),
            PasswordError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Unable to check the password"),
            PasswordError::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "Unable to check the password"),
        };
        Self::new(status, message, capitalized(error.to_string()))
    }
}

impl From<TooManyAttempts> for GatewayError {
    fn from(error: TooManyAttempts) -> Self {
        let details = capitalized(error.to_string());
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "Access denied", details);
        Self { retry_after: Some(error.retry_after), ..refused }
    }
}

/// Portainer writes the first letter of `details` in upper case.
pub(crate) fn capitalized(text: String) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(chars).collect(),
        _ => text,
    }
}
