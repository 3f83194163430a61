//! Headers: which are passed on, and what they say about the body.

use portcullis_contract::Pairs;

use crate::message::Message;

/// Parts of names of headers that may carry a secret. moby strips `Authorization`, `X-Registry-Auth` and
/// `X-Registry-Config` itself (pkg/authorization/authz.go).
const SECRET: [&str; 6] = ["auth", "x-registry", "cookie", "api-key", "token", "secret"];

/// Those that carry no credentials.
pub(super) fn without_credentials(headers: &[(String, String)]) -> Pairs {
    let is_secret = |name: &str| SECRET.iter().any(|part| contains(name, part));
    headers.iter().filter(|(name, _)| !is_secret(name)).cloned().collect()
}

/// Whether `text` contains `part`, which is in lower case, in any case.
fn contains(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

fn values<'m>(message: &'m Message, name: &'static str) -> impl Iterator<Item = &'m str> {
    let headers = message.headers.iter();
    headers.filter(move |(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Refuses form bodies: Go's `Request.ParseForm` puts their values before the query's, dockerd's handlers read
/// them, and no authorization plugin is shown them. A form of length 0, which axios and `curl -d ''` announce on
/// calls without a body, is none.
pub(super) fn no_form(message: &Message) -> Result<(), String> {
    let changes = !matches!(message.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let is_form = |value: &str| contains(value, "form-urlencoded") || contains(value, "multipart/");
    if changes && length(message) != Length::Zero && values(message, "content-type").any(is_form) {
        return Err(
            "the request has a form as its body, whose values dockerd would put before those of the \
                    query and does not show; send parameters in the query, without a Content-Type"
                .to_owned(),
        );
    }
    Ok(())
}

/// What `Content-Length` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// There is none: the body is absent, chunked, or in HTTP/2 frames. dockerd does not show which.
    Unstated,
    Zero,
    /// Or anything that is not plainly zero.
    Some,
}

pub(super) fn length(message: &Message) -> Length {
    let mut length = Length::Unstated;
    for value in values(message, "content-length") {
        if value.is_empty() || value.bytes().any(|byte| byte != b'0') {
            return Length::Some;
        }
        length = Length::Zero;
    }
    length
}

/// Whether the request has a Content-Type.
pub(super) fn has_content_type(message: &Message) -> bool {
    values(message, "content-type").next().is_some()
}
