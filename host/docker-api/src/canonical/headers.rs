//! Headers: which are passed on, and what they say about the body.

use portcullis_contract::Pairs;

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

fn values<'h>(headers: &'h [(String, String)], name: &'static str) -> impl Iterator<Item = &'h str> {
    let named = headers.iter().filter(move |(header, _)| header.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str())
}

/// Refuses form bodies: Go's `Request.ParseForm` puts their values before the query's, dockerd's handlers read
/// them, and no authorization plugin is shown them. A form of length 0, which axios and `curl -d ''` announce on
/// calls without a body, is none. With other methods Go reads no form: `ParseForm` takes a body of POST, PUT and PATCH
/// only, and dockerd's handlers of GET, HEAD and DELETE call it before `FormValue`, which would read a multipart body.
pub(super) fn no_form(method: &str, headers: &[(String, String)]) -> Result<(), String> {
    let reads_form = matches!(method, "POST" | "PUT" | "PATCH");
    let is_form = |value: &str| contains(value, "form-urlencoded") || contains(value, "multipart/");
    if reads_form && length(headers) != Length::Zero && values(headers, "content-type").any(is_form) {
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
pub enum Length {
    /// There is none: the body is absent, chunked, or in HTTP/2 frames. dockerd does not show which.
    Unstated,
    /// Zero.
    Zero,
    /// Or anything that is not plainly zero.
    Some,
}

/// What `Content-Length` says.
pub fn length(headers: &[(String, String)]) -> Length {
    let mut length = Length::Unstated;
    for value in values(headers, "content-length") {
        if value.is_empty() || value.bytes().any(|byte| byte != b'0') {
            return Length::Some;
        }
        length = Length::Zero;
    }
    length
}

/// Whether the request has a Content-Type.
pub fn has_content_type(headers: &[(String, String)]) -> bool {
    values(headers, "content-type").next().is_some()
}
