//! The URL of a mount, and the URLs below it.

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;
use std::net::IpAddr;

use crate::error::{AwsClientError, sanitize};

/// RFC 3986, unreserved.
const SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL of a mount, without a slash at its end. Credentials go over TLS, or stay on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MountUrl {
    text: String,
    origin: String,
    host: String,
}

impl MountUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, AwsClientError> {
        check(text).map_err(|why| {
            // A password or a token in the URL must not be shown.
            let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
            let shown = shown.split(['?', '#']).next().unwrap_or_default();
            AwsClientError::Url { url: sanitize(shown), why }
        })
    }

    /// `segments` below the mount, percent-encoded.
    pub(crate) fn below(&self, segments: &[&str]) -> String {
        let encoded = segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, &SEGMENT)));
        format!("{}{}", self.text, encoded.collect::<String>())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether both are of one server. What was stored for one server is not sent to another.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        self.origin == other.origin
    }
}

impl fmt::Display for MountUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The host of an endpoint that tokens are sent to, over TLS or on this machine.
pub(crate) fn secure_host(text: &str) -> Result<String, AwsClientError> {
    MountUrl::parse(text.split('?').next().unwrap_or_default()).map(|url| url.host)
}

fn check(text: &str) -> Result<MountUrl, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "it is no URL; write e.g. `https://HOST/PREFIX`")?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("write e.g. `https://HOST/PREFIX`");
    };
    if authority.as_str().contains('@') {
        return Err("it holds a user; give `--user NAME` and `--password-file FILE`");
    }
    if uri.query().is_some() || text.contains('#') {
        return Err("it holds a query or a fragment; leave that out");
    }
    let host = authority.host().to_ascii_lowercase();
    let port = match (scheme, authority.port_u16()) {
        ("https", port) => port.unwrap_or(443),
        ("http", port) if is_loopback(&host) => port.unwrap_or(80),
        ("http", _) => return Err("`http://` is for this machine's own addresses; write `https://`"),
        _ => return Err("write `https://`"),
    };
    Ok(MountUrl {
        text: format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/')),
        origin: format!("{scheme}://{host}:{port}"),
        host,
    })
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_over_tls_or_stay_on_the_machine() {
        for (text, expected) in [
            ("https://host/afp-api/latest/", Some("https://host/afp-api/latest")),
            ("https://HOST:8443", Some("https://HOST:8443")),
            ("http://127.0.0.1:80/x", Some("http://127.0.0.1:80/x")),
            ("http://[::1]:80/x", Some("http://[::1]:80/x")),
            ("http://localhost/x", Some("http://localhost/x")),
            ("http://host/x", None),
            ("http://127.0.0.1.example/x", None),
            ("http://localhost.example/x", None),
            ("ftp://host/x", None),
            ("host/x", None),
            ("/x", None),
            ("", None),
            ("https://host/x?y", None),
            ("https://host/x#y", None),
            ("https://alice:hunter2@host/x", None),
        ] {
            let parsed = MountUrl::parse(text);
            assert_eq!(parsed.as_ref().ok().map(MountUrl::as_str), expected, "{text}");
            assert!(!parsed.is_err_and(|error| error.to_string().contains("hunter2")), "{text}");
        }
    }

    #[test]
    fn servers_are_told_apart_by_scheme_host_and_port() {
        let url = |text| MountUrl::parse(text).unwrap();
        let stored = url("https://host/a");
        assert!(stored.is_same_server(&url("https://HOST:443/b")));
        for other in ["https://host:444/a", "https://host.example/a", "http://127.0.0.1:443/a"] {
            assert!(!stored.is_same_server(&url(other)), "{other}");
        }
    }

    #[test]
    fn a_name_is_one_segment() {
        let url = MountUrl::parse("https://host/p").unwrap();
        assert_eq!(
            url.below(&["account", "a b", "team/x", "ä?#"]),
            "https://host/p/account/a%20b/team%2Fx/%C3%A4%3F%23"
        );
    }
}
