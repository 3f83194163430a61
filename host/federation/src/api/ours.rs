//! Whether a form was sent by our own page, and not by another site's in the browser of a signed-in user (CSRF).
//!
//! Browsers say so in `Sec-Fetch-Site` (W3C, Fetch Metadata Request Headers), but only to hosts that they reach by TLS
//! or on the same machine; to others, and if they are old, in `Origin` (RFC 6454, section 7) alone. Who says neither
//! is no browser, and has the API.

use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderName, header};

const FETCH_SITE: &str = "sec-fetch-site";

/// Whether a browser sent this. Who says nothing of where a request comes from is none.
pub(super) fn is_of_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(FETCH_SITE) || headers.contains_key(header::ORIGIN)
}

/// Whether the page that sent this is ours.
pub(super) fn is_ours(headers: &HeaderMap, uri: &Uri) -> bool {
    if headers.contains_key(FETCH_SITE) {
        return only(headers, &HeaderName::from_static(FETCH_SITE)) == Some("same-origin");
    }
    let Some(origin) = only(headers, &header::ORIGIN) else { return false };
    // RFC 9112, 3.2.2: a host in the request line is the one that counts.
    let host = match uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => only(headers, &header::HOST).and_then(|host| host.parse().ok()),
    };
    host.is_some_and(|host| is_origin_of(origin, &host))
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Whether pages of this host have this origin. The scheme is not known, since a proxy may have taken TLS off; only
/// the port that it means where none is said.
fn is_origin_of(origin: &str, host: &Authority) -> bool {
    let default = match origin.split_once("://") {
        Some(("http", _)) => 80,
        Some(("https", _)) => 443,
        _ => return false,
    };
    let authority = origin.split_once("://").and_then(|(_, authority)| authority.parse::<Authority>().ok());
    authority.is_some_and(|origin| {
        let plain = |authority: &Authority| !authority.as_str().contains('@');
        let port = |authority: &Authority| {
            if authority.as_str() == authority.host() { Some(default) } else { authority.port_u16() }
        };
        plain(&origin)
            && plain(host)
            && origin.host().eq_ignore_ascii_case(host.host())
            && port(&origin).is_some_and(|of_origin| port(host) == Some(of_origin))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ours(headers: &[(&'static str, &'static str)], uri: &'static str) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        is_ours(&map, &Uri::from_static(uri))
    }

    #[test]
    fn what_a_browser_says_of_the_page_counts() {
        for (site, wanted) in
            [("same-origin", true), ("same-site", false), ("cross-site", false), ("none", false), ("", false)]
        {
            // A lie in `Origin` is none of a page's making; the other header is never asked then.
            for origin in ["https://portcullis.example", "https://evil.example"] {
                let headers = [("sec-fetch-site", site), ("origin", origin), ("host", "portcullis.example")];
                assert_eq!(ours(&headers, "/console/open"), wanted, "{site}");
            }
        }
        let twice = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")];
        assert!(!ours(&twice, "/console/open"));
    }

    #[test]
    fn without_it_origin_and_host_must_be_one() {
        for (origin, host, wanted) in [
            ("http://portcullis.example:8181", "portcullis.example:8181", true),
            ("http://Portcullis.example:8181", "portcullis.EXAMPLE:8181", true),
            ("https://portcullis.example", "portcullis.example", true),
            ("https://portcullis.example", "portcullis.example:443", true),
            ("http://portcullis.example", "portcullis.example:80", true),
            ("http://[::1]:8181", "[::1]:8181", true),
            ("http://portcullis.example", "portcullis.example:443", false),
            ("http://portcullis.example:8181", "portcullis.example:8182", false),
            ("http://portcullis.example:8181", "portcullis.example", false),
            ("https://evil.example", "portcullis.example", false),
            ("https://portcullis.example.evil.example", "portcullis.example", false),
            ("https://portcullis.example@evil.example", "portcullis.example", false),
            ("https://evil.example@portcullis.example", "portcullis.example", false),
            ("https://portcullis.example/", "portcullis.example", false),
            ("https://portcullis.example:99999", "portcullis.example:99999", false),
            ("ftp://portcullis.example", "portcullis.example", false),
            ("portcullis.example", "portcullis.example", false),
            ("null", "null", false),
            ("", "", false),
        ] {
            assert_eq!(
                ours(&[("origin", origin), ("host", host)], "/console/open"),
                wanted,
                "{origin} {host}"
            );
        }
    }

    #[test]
    fn who_says_nothing_is_not_ours() {
        assert!(!ours(&[("host", "portcullis.example")], "/console/open"));
        assert!(!ours(&[("origin", "https://portcullis.example")], "/console/open"));
        let twice = |name| [("origin", "http://a"), ("host", "a"), (name, "http://b")];
        assert!(!ours(&twice("origin"), "/console/open") && !ours(&twice("host"), "/console/open"));
        let headers = [("origin", "http://a"), ("host", "a")];
        assert!(!ours(&headers, "http://b/console/open") && ours(&headers, "http://a/console/open"));
    }
}
