//! The documents of versions ("barbican/api/controllers/versions.py"), and the health check of oslo.middleware.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::Shared;
use super::call::Call;
use crate::accept::Accept;
use crate::href;
use crate::response;
use crate::route::Route;
use crate::version::Microversion;
use crate::webob::WebObError;

/// One version of the API, as it was described before there were microversions, or since.
#[derive(Serialize)]
struct Version {
    id: &'static str,
    status: &'static str,
    #[serde(rename = "min_version", skip_serializing_if = "Option::is_none")]
    least: Option<String>,
    #[serde(rename = "max_version", skip_serializing_if = "Option::is_none")]
    most: Option<String>,
    links: [Link; 2],
    #[serde(rename = "media-types", skip_serializing_if = "Option::is_none")]
    media_types: Option<[MediaType; 1]>,
}

#[derive(Serialize)]
struct Link {
    rel: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    media_type: Option<&'static str>,
    href: String,
}

#[derive(Serialize)]
struct MediaType {
    base: &'static str,
    #[serde(rename = "type")]
    media_type: &'static str,
}

impl Version {
    fn described(base: &str, used: Microversion) -> Self {
        let own = Link { rel: "self", media_type: None, href: format!("{base}/v1/") };
        let docs = "https://docs.openstack.org/".to_owned();
        let described = Link { rel: "describedby", media_type: Some("text/html"), href: docs };
        let links = [own, described];
        if used == Microversion::MIN {
            let media_type = "application/vnd.openstack.key-manager-v1+json";
            let media_types = Some([MediaType { base: "application/json", media_type }]);
            return Self { id: "v1", status: "stable", least: None, most: None, links, media_types };
        }
        let (least, most) = (Microversion::MIN.to_string(), Microversion::MAX.to_string());
        Self { id: "v1", status: "CURRENT", least: Some(least), most: Some(most), links, media_types: None }
    }
}

#[derive(Serialize)]
struct Values {
    values: [Version; 1],
}

#[derive(Serialize)]
struct Versions<T> {
    versions: T,
}

/// `GET /`: all versions, with 300 since there might be a choice; 404 for any other path beside `/v1`.
pub(super) fn list(
    api: &Shared,
    route: &Route,
    parts: &Parts,
    accept: &Accept<'_>,
    used: Microversion,
) -> Response {
    let is_root = *route == Route::Versions;
    if parts.method != Method::GET {
        let refusal = match is_root {
            true if accept.admits("text/html") => WebObError::method_not_allowed(parts.method.as_str()),
            true => return refused(WebObError::not_acceptable(String::new()), accept),
            false => return refused(WebObError::not_found(), accept),
        };
        let mut response = refused(refusal, accept);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        if parts.method == Method::HEAD {
            // There WebOb does not ask which form would be liked.
            let html = HeaderValue::from_static("text/html; charset=UTF-8");
            response.headers_mut().insert(header::CONTENT_TYPE, html);
        }
        return response;
    }
    if !accept.admits("application/json") && !accept.admits("application/json-home") {
        return refused(WebObError::not_acceptable(String::new()), accept);
    }
    if !is_root {
        return refused(WebObError::not_found(), accept);
    }
    let base = href::base(api.options.host_href.as_deref(), &parts.headers);
    let values = [Version::described(&base, used)];
    let status = StatusCode::MULTIPLE_CHOICES;
    if used == Microversion::MIN {
        response::json(status, &Versions { versions: Values { values } })
    } else {
        response::json(status, &Versions { versions: values })
    }
}

/// pecan answers in its own JSON where that is what the client likes best, and otherwise as `WebOb` does.
fn refused(refusal: WebObError, accept: &Accept<'_>) -> Response {
    if accept.best(&["text/plain", "text/html", "application/json"]) == Some("application/json") {
        return refusal.into_refusal().into_response();
    }
    refusal.into_response(accept)
}

#[derive(Serialize)]
struct Current {
    version: Version,
}

/// `GET /v1/`
pub(super) fn current(call: &Call<'_>) -> Response {
    let version = Version::described(&call.base, call.version);
    response::json(StatusCode::OK, &Current { version })
}

/// Whether the process answers. Whether it can decide is the admin listener's to say.
pub(super) fn health(parts: &Parts) -> Response {
    if parts.method == Method::HEAD {
        return response::no_content();
    }
    let mut response = Response::new(Body::from("OK"));
    let media_type = HeaderValue::from_static("text/plain; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
