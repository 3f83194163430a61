//! Errors, in Portainer's shape outside the proxied area and in Docker's inside it. The one place that turns an error of
//! this API into a response.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

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
}

impl GatewayError {
    /// An error with this status.
    pub fn new(status: StatusCode, message: impl Into<String>, details: impl Into<String>) -> Self {
        Self { status, message: message.into(), details: details.into() }
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
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
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
