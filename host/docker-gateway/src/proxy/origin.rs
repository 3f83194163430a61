//! Requests that a page of another site made a browser send: with a client certificate, which a browser shows to every
//! page's requests, they would act as the user. No Docker client sends these headers across sites.

use axum::http::{HeaderMap, header};

/// Whether a browser says that the request comes from a page of another site.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) {
        return true;
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return false };
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let of_origin = origin.split_once("://").map_or(origin, |(_, host)| host);
    !of_origin.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_are_told_apart() {
        for (headers, expected) in [
            (&[("host", "docker:2375")][..], false),
            (&[("host", "docker:2375"), ("origin", "http://docker:2375")], false),
            (&[("host", "docker:2375"), ("origin", "https://evil.example")], true),
            (&[("host", "docker:2375"), ("origin", "null")], true),
            (&[("origin", "https://evil.example")], true),
            (&[("host", "docker:2375"), ("sec-fetch-site", "cross-site")], true),
            (&[("host", "docker:2375"), ("sec-fetch-site", "same-origin")], false),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap())
                })
                .collect();
            assert_eq!(is_cross_site(&map), expected, "{headers:?}");
        }
    }
}
