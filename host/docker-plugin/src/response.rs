//! What dockerd reads. The one place that turns a decision into a response.
//!
//! dockerd takes nothing but status 200 as a response and ignores `Err` there (moby `pkg/plugins/client.go`,
//! `pkg/authorization/authz.go`): so a denial is 200 with `Allow: false` and its text in `Msg`, and a fault is 500
//! with its text in `Err`. `Allow` is never true beside an error.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis_authorization::Refused;
use serde_json::json;

/// The media type that dockerd asks for.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.docker.plugins.v1.2+json");

/// The media type of docker-leash's documentation.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Which of the two media types the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// dockerd's own, or any.
    Plugin,
    /// Plain JSON alone.
    Json,
}

impl Accepted {
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let types = |wanted: &str| {
            accept
                .split(',')
                .any(|range| range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted))
        };
        if types("application/json") && !accept.contains("application/vnd.docker.plugins") {
            Self::Json
        } else {
            Self::Plugin
        }
    }

    /// Puts that media type in the place of dockerd's, and says that it was chosen.
    pub(crate) fn negotiate(self, headers: &mut HeaderMap) {
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        if self == Self::Json && headers.get(header::CONTENT_TYPE) == Some(&MEDIA_TYPE) {
            headers.insert(header::CONTENT_TYPE, JSON);
        }
    }
}

/// The reply to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The call may go on.
    Allow,
    /// A policy, or the host by its own rules, refuses it. dockerd answers its client with 403.
    Deny(String),
    /// No decision could be made. dockerd answers its client with 500.
    Fault(String),
}

impl Reply {
    pub(crate) fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Allow => (StatusCode::OK, r#"{"Allow":true}"#.to_owned()),
            Self::Deny(text) => (StatusCode::OK, json!({ "Allow": false, "Msg": text }).to_string()),
            Self::Fault(text) => {
                (StatusCode::INTERNAL_SERVER_ERROR, json!({ "Allow": false, "Err": text }).to_string())
            }
        };
        (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
    }
}

impl From<Result<(), Refused>> for Reply {
    fn from(decision: Result<(), Refused>) -> Self {
        match decision {
            Ok(()) => Self::Allow,
            Err(refused) if refused.fault => Self::Fault(refused.to_string()),
            Err(refused) => Self::Deny(refused.to_string()),
        }
    }
}

/// `GET /`: a line of text for a person who checks that the plugin runs.
pub(crate) fn banner() -> Response {
    "Portcullis: Docker authorization plugin\n".into_response()
}

/// `/Plugin.Activate`: what this plugin implements.
pub(crate) fn activation() -> Response {
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], r#"{"Implements":["authz"]}"#).into_response()
}

/// 405, with the methods that the route has.
pub(crate) fn method_not_allowed(allow: &'static str) -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allow)]).into_response()
}

pub(crate) fn unknown_route() -> Response {
    let text = "this is a Docker authorization plugin: it answers POST /Plugin.Activate, /AuthZPlugin.AuthZReq and \
                /AuthZPlugin.AuthZRes";
    (StatusCode::NOT_FOUND, Json(json!({ "Err": text }))).into_response()
}
