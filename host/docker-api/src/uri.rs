//! The request target, as dockerd reads it.
//!
//! dockerd matches the percent-decoded path (gorilla/mux without `UseEncodedPath`), so `/%63ontainers/json` and
//! `/containers%2Fjson` are the container list there and here. Paths that dockerd would answer with a redirect
//! (`//`, `.` and `..` segments, however escaped) never reach an authorization plugin; they are refused, as is
//! all else that two readers could split in two ways.

#[cfg(test)]
mod tests;

use crate::escape::{self, EscapeError};

/// A request target taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri<'a> {
    /// The path that dockerd routes: percent-decoded, without the version; begins with `/`.
    pub path: String,
    /// Major and minor of the version prefix, where there is one. Parts that are no numbers count as 0 and
    /// overlong ones as the largest, as in moby api/types/versions.
    pub api_version: Option<(u32, u32)>,
    /// Behind the first `?`, as sent. `#` has no meaning in a request target (RFC 9112, section 3.2).
    pub query: &'a str,
    /// What was unusual: `absolute-form`, `percent-encoded-path`, `encoded-slash`, `odd-version`.
    pub anomalies: Vec<&'static str>,
}

/// Why a request target is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Neither a path nor `scheme://authority` with a path.
    #[error("the request target `{0}` has no path")]
    NoPath(String),
    /// A user name or password stands in it; it would be recorded.
    #[error("the request target carries credentials")]
    Credentials,
    /// A space, a control character, or one that dockerd had to replace.
    #[error("the request target holds a space, a control character or a broken character")]
    Character,
    /// `%` without two hexadecimal digits.
    #[error("the path has a malformed percent escape")]
    Escape,
    /// Escapes that are not UTF-8.
    #[error("the path is not UTF-8 behind its percent escapes")]
    NotUtf8,
    /// A control character behind an escape.
    #[error("the path holds a control character behind a percent escape")]
    Control,
    /// `\`, which some readers take for `/`.
    #[error("the path holds a backslash")]
    Backslash,
    /// `//`: dockerd would redirect.
    #[error("the path holds an empty segment (`//`)")]
    EmptySegment,
    /// `.` or `..`: dockerd would redirect.
    #[error("the path holds a `.` or `..` segment")]
    DotSegment,
}

/// Reads a request target as it stood in the request line.
pub fn parse(target: &str) -> Result<Uri<'_>, UriError> {
    let mut anomalies = Vec::new();
    // U+FFFD: where a byte was not UTF-8, dockerd's JSON encoder put this in its place.
    if target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || target.contains('\u{fffd}') {
        return Err(UriError::Character);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = if path.starts_with('/') {
        path
    } else {
        anomalies.push("absolute-form");
        without_authority(path)?
    };
    let decoded = decode(path, &mut anomalies)?;
    let (version, path) = split_version(&decoded);
    if path.contains("//") {
        return Err(UriError::EmptySegment);
    }
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(UriError::DotSegment);
    }
    let api_version = version.map(|text| {
        let (version, odd) = read_version(text);
        if odd {
            anomalies.push("odd-version");
        }
        version
    });
    Ok(Uri { path: path.to_owned(), api_version, query, anomalies })
}

impl Uri<'_> {
    /// The path's segments; a slash at its end makes a last, empty one.
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').skip(1).map(str::to_owned).collect()
    }
}

/// `http://host/path` becomes `/path`: dockerd looks at neither scheme nor host (Go `ParseRequestURI`).
fn without_authority(target: &str) -> Result<&str, UriError> {
    let no_path = || UriError::NoPath(target.chars().take(64).collect());
    let (scheme, rest) = target.split_once("://").ok_or_else(no_path)?;
    let mut letters = scheme.bytes();
    let plain = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !plain {
        return Err(no_path());
    }
    let (authority, _) = rest.split_once('/').ok_or_else(no_path)?;
    if authority.contains('@') {
        return Err(UriError::Credentials);
    }
    Ok(&rest[authority.len()..])
}

fn decode(path: &str, anomalies: &mut Vec<&'static str>) -> Result<String, UriError> {
    let decoded = if path.contains('%') {
        anomalies.push("percent-encoded-path");
        let decoded = escape::undo(path, false).map_err(|error| match error {
            EscapeError::Malformed => UriError::Escape,
            EscapeError::NotUtf8 => UriError::NotUtf8,
        })?;
        if decoded.matches('/').count() != path.matches('/').count() {
            anomalies.push("encoded-slash");
        }
        decoded
    } else {
        path.to_owned()
    };
    if decoded.contains('\\') {
        return Err(UriError::Backslash);
    }
    if decoded.chars().any(char::is_control) {
        return Err(UriError::Control);
    }
    Ok(decoded)
}

/// `/v1.41/info` becomes `1.41` and `/info` (moby api/server: `/v{version:[0-9.]+}`).
fn split_version(path: &str) -> (Option<&str>, &str) {
    let Some(rest) = path.strip_prefix("/v") else { return (None, path) };
    let end = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    if end == 0 || !rest[end..].starts_with('/') {
        return (None, path);
    }
    (Some(&rest[..end]), &rest[end..])
}

/// Major, minor, and whether anybody but a tester would write it so.
fn read_version(text: &str) -> ((u32, u32), bool) {
    let number = |part: Option<&str>| match part {
        None | Some("") => 0,
        Some(digits) => digits.parse().unwrap_or(u32::MAX),
    };
    let mut parts = text.split('.');
    let version = (number(parts.next()), number(parts.next()));
    (version, format!("{}.{}", version.0, version.1) != text)
}
