//! Responses: the one file that maps outcomes and errors to what clients read.
//!
//! [`Failure`] is every refusal, in the shape that AFP's clients know: `status`, `error`, `exception`, `message`,
//! `traceback`, and beside these `code`, which AWS's SDKs read. `message` begins with AFP's own words, which never say
//! more, and then says why. Which constructor to use: [`Failure::refused`] for a policy's no and for a
//! decision that could not be made, [`Failure::of_aws`] for what AWS said, [`Failure::configuration`] for what only
//! the operator can mend, [`Failure::of_identity`] where authentication failed.

mod bodies;

pub(crate) use bodies::{Credential, ProcessOutput, listing};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use portcullis_authorization::{RETRY_AFTER, Refused};
use portcullis_identity::AuthError;
use serde::Serialize;
use std::fmt;

use crate::aws::AwsError;
use crate::origin_checks::Rejected;
use crate::sign_in::BrowserSignInError;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// Who asked, as AFP's web page shows it.
const USERNAME: HeaderName = HeaderName::from_static("x-username");
/// User of a response to a request that is not authenticated.
pub(crate) const UNKNOWN: &str = "Unknown User";
/// A header holds ASCII; other characters, and `%` itself, are percent-encoded.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b'%');

/// Why a request is refused, as its client may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    challenge: Option<String>,
    allow: Option<&'static str>,
    /// In seconds.
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct Described<'a> {
    status: u16,
    error: String,
    exception: Option<&'a str>,
    message: &'a str,
    traceback: Option<&'a str>,
    code: &'a str,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), challenge: None, allow: None, retry_after: None }
    }

    /// 404: no such route. The path is that below the mount, as AFP knows no other.
    pub(crate) fn no_route(path: &str) -> Self {
        let path = percent_encoding::percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy();
        Self::new(StatusCode::NOT_FOUND, "NotFound", format!("Not found: '/{path}'"))
    }

    /// 405.
    pub(crate) fn no_method(allow: &'static str) -> Self {
        let failure = Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "Method not allowed.");
        Self { allow: Some(allow), ..failure }
    }

    /// 400, as the metadata service says it.
    pub(crate) fn bad_request(why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", format!("Bad Request: {why}"))
    }

    /// 401: the token of IMDSv2 is missing, forged or too old. Without a challenge: no client can do anything about it
    /// but ask for another.
    pub(crate) fn metadata_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized: no valid metadata token")
    }

    /// 403: metadata are not for this client.
    pub(crate) fn rejected(kept: Rejected) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", format!("Permission Denied: {kept}"))
    }

    /// 403: a machine asks for another role than its own.
    pub(crate) fn other_role() -> Self {
        let text = "Permission Denied: this machine has another role";
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", text)
    }

    /// 403: the request was made by another site's page.
    pub(crate) fn foreign_page() -> Self {
        let text = "Permission Denied: this was not asked for by the console page itself";
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", text)
    }

    /// 401, 429 or 503: authentication failed. The reason is for the log alone.
    pub(crate) fn of_identity(rejection: &AuthError, challenge: Option<&str>) -> Self {
        match rejection {
            AuthError::Unavailable { .. } => {
                let text = "Service Unavailable: who you are cannot be told at the moment";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text)
            }
            AuthError::Limited { retry_after } => {
                let text = format!("Too Many Requests: {rejection}");
                let failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", text);
                Self { retry_after: Some(retry_after.as_secs()), ..failure }
            }
            AuthError::Unauthorized { .. } => {
                let text = "Unauthorized: the request does not prove who sends it";
                let failure = Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", text);
                Self { challenge: challenge.map(Into::into), ..failure }
            }
        }
    }

    /// 403 where a policy denies, 503 where load is the cause, 500 where no policy could be asked for another reason.
    pub(crate) fn refused(refused: &Refused) -> Self {
        if refused.overloaded {
            let text = format!("Service Unavailable: {refused}");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text);
        }
        if refused.fault {
            let text = format!("Internal Server Error: {refused}");
            return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", text);
        }
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", format!("Permission Denied: {refused}"))
    }

    /// Why a sign-in on the page failed: 400 and 401 where it was not this browser's, 403 where the provider refused it.
    pub(crate) fn of_sign_in(error: &BrowserSignInError) -> Self {
        let (status, code, words) = match error {
            BrowserSignInError::TooMany(limited) => {
                return Self::limited(&limited.to_string(), limited.retry_after.as_secs());
            }
            BrowserSignInError::NotBegun => (StatusCode::BAD_REQUEST, "BadRequest", "Bad Request"),
            BrowserSignInError::Token(_) => (StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized"),
            BrowserSignInError::Refused(_) => (StatusCode::FORBIDDEN, "AccessDenied", "Permission Denied"),
            BrowserSignInError::Unreachable(_) => {
                return Self::unavailable("the OpenID provider does not respond, so you cannot sign in now");
            }
            BrowserSignInError::Provider(_) => (StatusCode::BAD_GATEWAY, "ProviderFailed", "Sign-in failed"),
            BrowserSignInError::Option { .. }
            | BrowserSignInError::Roots(_)
            | BrowserSignInError::NoRandomness => {
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "Internal Server Error")
            }
        };
        Self::new(status, code, format!("{words}: {error}"))
    }

    /// 401: the provider signed the user in, and the mount refuses the token. The reason is for log and record alone.
    pub(crate) fn sign_in_token() -> Self {
        let text = "Unauthorized: the provider has signed you in, but this mount does not accept its token for you; the log \
                    of this host says why";
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", text)
    }

    /// 404: no such request for access.
    pub(crate) fn no_request() -> Self {
        let text = "No such request: there is none with this id, or it has ended";
        Self::new(StatusCode::NOT_FOUND, "NotFound", text)
    }

    /// 403, by the host itself.
    pub(crate) fn forbidden(why: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", format!("Permission Denied: {why}"))
    }

    /// 409: what is asked for does not fit what has happened meanwhile.
    pub(crate) fn conflict(why: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict", format!("Conflict: {why}"))
    }

    /// 429: too much was asked for from one address. `retry_after` is in seconds.
    pub(crate) fn limited(why: &str, retry_after: u64) -> Self {
        let text = format!("Too Many Requests: {why}");
        let failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", text);
        Self { retry_after: Some(retry_after), ..failure }
    }

    /// 503: what is needed is not there at the moment.
    pub(crate) fn unavailable(why: &str) -> Self {
        let text = format!("Service Unavailable: {why}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text)
    }

    /// 404, as AFP responds to every error that its operator must mend.
    pub(crate) fn configuration(why: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ConfigurationError", format!("ConfigurationError: {why}"))
    }

    /// 500: a policy granted what AWS knows no such session for.
    pub(crate) fn grant(error: &impl std::fmt::Display) -> Self {
        let text =
            format!("Internal Server Error: what the policy grants is no session that AWS can give: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", text)
    }

    /// 403 where AWS denies us the role, 502 for nearly all else. What AWS said of ourselves is for the log alone.
    pub(crate) fn of_aws(error: &AwsError) -> Self {
        let failed =
            |why: &str| Self::new(StatusCode::BAD_GATEWAY, "AwsFailed", format!("Call to AWS failed: {why}"));
        match error {
            AwsError::Denied { .. } => {
                let text = "Permission Denied: AWS does not let us have this role";
                Self::new(StatusCode::FORBIDDEN, "AccessDenied", text)
            }
            AwsError::OwnKeys { .. } => {
                failed("the keys of this service are not accepted; its operator must mend that")
            }
            AwsError::Clock { .. } => failed("the clock of this service is wrong; its operator must set it"),
            AwsError::RegionDisabled { .. } => failed(
                "STS is not activated in the region of this service; its operator must activate it, or choose another \
                 `region`",
            ),
            AwsError::TooLong { duration, .. } => failed(&format!(
                "the role allows no session of {}, which is what the policy grants: the policy's duration must be less, \
                 or the role's `MaxSessionDuration` more",
                humantime::format_duration(*duration)
            )),
            AwsError::Chained(_) | AwsError::OtherPartition { .. } => failed(&error.to_string()),
            AwsError::Failed { code, .. } => failed(&format!("STS answered `{code}`")),
            AwsError::Unreadable(_) => failed("the answer of STS cannot be read"),
            AwsError::Timeout(_) | AwsError::SignInTimeout(_) => failed("no answer in time"),
            AwsError::Unreachable(_) => failed("STS cannot be reached"),
            AwsError::Overloaded | AwsError::GivenUp => failed("too much is being asked at the moment"),
            AwsError::SignInRefused(_) => failed("no sign-in token was given"),
            AwsError::Destination(_) | AwsError::ConsoleRegion { .. } => {
                Self::bad_request(&error.to_string())
            }
            AwsError::SignInUnreachable(_) | AwsError::SignInUnreadable(_) | AwsError::Option { .. } => {
                let text = "Internal Server Error: no console URL could be got";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", text)
            }
        }
    }

    pub(crate) fn into_response(self, user: &str) -> Response {
        let body = Described {
            status: self.status.as_u16(),
            error: self.status.to_string(),
            exception: None,
            message: &self.message,
            traceback: None,
            code: self.code,
        };
        let mut response = of_user(json(&body), user);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A body of JSON.
pub(crate) fn json(body: &impl Serialize) -> Response {
    // INVARIANT: serializing to memory fails for maps with keys that are no strings, and there are none here.
    let body = serde_json::to_vec(body).unwrap_or_default();
    with_type(Body::from(body), JSON)
}

/// A body of text, without a line feed.
pub(crate) fn text(body: String) -> Response {
    with_type(Body::from(body), TEXT)
}

/// What was asked for is at an address relative to this one.
pub(crate) fn moved(relative: &'static str) -> Response {
    let mut response = text(String::new());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(relative));
    response
}

/// What is to be seen after a form was sent, at an address relative to this one.
pub(crate) fn see_other(relative: &'static str) -> Response {
    redirect(HeaderValue::from_static(relative))
}

/// What is asked for next, with `GET`.
pub(crate) fn redirect(location: HeaderValue) -> Response {
    let mut response = text(String::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// No response of this API may be cached.
pub(crate) fn with_type(body: Body, kind: HeaderValue) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The answer, with the name of who asked.
pub(crate) fn of_user(mut response: Response, user: &str) -> Response {
    let user = utf8_percent_encode(user, NOT_IN_HEADERS).to_string();
    if let Ok(user) = HeaderValue::try_from(user) {
        response.headers_mut().insert(USERNAME, user);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failed_logins_are_429_and_say_when_to_try_again() {
        let limited = AuthError::Limited { retry_after: std::time::Duration::from_secs(42) };
        let response = Failure::of_identity(&limited, Some("Basic")).into_response(UNKNOWN);
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "42");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn load_is_503_and_says_when_to_try_again() {
        let refused = Refused { overloaded: true, ..Refused::fault("host:queue-full", "too many", "id") };
        let response = Failure::refused(&refused).into_response("alice");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let fault = Failure::refused(&Refused::fault("host:trap", "it broke off", "id"));
        assert_eq!(fault.into_response("alice").status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
