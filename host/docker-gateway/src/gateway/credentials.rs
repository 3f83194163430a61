//! What a request presents: an API key or a token, each in its header.
//!
//! Cookies are not read, so that no page of another origin can send a user's request along with them (CSRF). Credentials
//! in the query string are refused, since it is logged by proxies and kept by browsers.

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};

use crate::error::GatewayError;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a request presents. There is no `Debug`: it is secret.
pub(super) enum Presented<'a> {
    Token(&'a str),
    ApiKey(&'a str),
}

impl<'a> Presented<'a> {
    pub(super) fn read(parts: &'a Parts) -> Result<Self, GatewayError> {
        let unauthorized =
            |message: &str, details: &str| Err(GatewayError::new(StatusCode::UNAUTHORIZED, message, details));
        let query = parts.uri.query().unwrap_or_default();
        let is_secret = |name: &str| ["token", "x-api-key"].iter().any(|key| name.eq_ignore_ascii_case(key));
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_secret(&name)) {
            let details =
                "Send the token in the header `Authorization: Bearer`, or an API key in `X-API-KEY`";
            return unauthorized("Credentials in the query string are refused", details);
        }
        let headers = &parts.headers;
        match (headers.contains_key(X_API_KEY), headers.contains_key(AUTHORIZATION)) {
            (true, true) => Err(GatewayError::new(
                StatusCode::FORBIDDEN,
                "api key and auth header are not allowed at the same time",
                "Send one of `X-API-KEY` and `Authorization`",
            )),
            (true, false) => {
                single(headers, X_API_KEY).map(Self::ApiKey).ok_or_else(GatewayError::invalid_token)
            }
            (false, true) => Self::bearer(headers).map(Self::Token).ok_or_else(GatewayError::invalid_token),
            (false, false) => unauthorized("A valid authorization token is missing", "Unauthorized"),
        }
    }

    /// The token in `Authorization: Bearer`.
    pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
        let (scheme, token) = single(headers, AUTHORIZATION)?.split_once(' ')?;
        let token = token.trim_matches(' ');
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}

/// The value of a header that occurs once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
