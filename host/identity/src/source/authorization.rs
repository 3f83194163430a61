//! The header `Authorization` (RFC 9110, 11.6.2).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::AuthError;

/// What follows the scheme in `Authorization`. A header that stands twice is refused: two readers might see two
/// different users in it.
pub(super) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<&'a str, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(AuthError::unauthorized("there is no header `authorization`"));
    };
    if values.next().is_some() {
        return Err(AuthError::unauthorized("the header `authorization` stands more than once"));
    }
    // Printable ASCII alone: neither scheme allows more.
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    match text {
        Some((found, rest)) if found.eq_ignore_ascii_case(scheme) => Ok(rest.trim_matches(' ')),
        _ => Err(AuthError::unauthorized(format!("the header `authorization` is not one of `{scheme}`"))),
    }
}

/// The token of `Bearer`. A JWT may stand without the scheme: AWS's SDKs send what
/// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` holds as it is, and Kubernetes projects a service account's token alone.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, AuthError> {
    let result = credentials(headers, "Bearer");
    let text = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_alone = headers.get_all(AUTHORIZATION).iter().count() == 1;
    let is_jwt = !text.contains(' ') && text.split('.').count() == 3;
    if result.is_err() && is_alone && is_jwt { Ok(text) } else { result }
}
