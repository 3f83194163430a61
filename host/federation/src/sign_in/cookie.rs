//! Cookies (RFC 6265bis): one name, with the attributes that keep its value in one browser and from scripts.
//!
//! Over TLS the name begins with `__Host-`: browsers take such a cookie only from this very host, so that no other host of the
//! domain can plant one. Without TLS, which is for loopback alone, the path is that of the mount's page.
//!
//! `SameSite=Lax`, since the provider, another site, sends the browser back by a navigation; `Strict` cookies would be left out
//! then. Browsers leave `Lax` cookies out of POST requests of other sites, which are refused besides.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

pub(super) struct Cookie {
    name: String,
    attributes: String,
}

impl Cookie {
    /// A cookie for the page of the mount whose path in a browser is `outer`.
    pub(super) fn new(name: &str, outer: &str, is_tls: bool) -> Self {
        if is_tls {
            let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax".to_owned();
            return Self { name: format!("__Host-{name}"), attributes };
        }
        Self { name: name.to_owned(), attributes: format!("Path={outer}/console; HttpOnly; SameSite=Lax") }
    }

    /// The value, if the request has this cookie once. Two of one name come from two paths, and no browser says which is ours.
    pub(super) fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value);
        found.next().filter(|_| found.next().is_none())
    }

    /// The same cookie with a further part of the name.
    pub(super) fn of(&self, part: &str) -> Self {
        Self { name: format!("{}-{part}", self.name), attributes: self.attributes.clone() }
    }

    /// The parts and values of the cookies of a request that [`Self::of`] names.
    pub(super) fn parts<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter_map(|(name, value)| Some((name.strip_prefix(&*self.name)?.strip_prefix('-')?, value)))
    }

    /// `value` is base64url, or has the same letters.
    pub(super) fn set(&self, value: &str, lasts: Duration) -> HeaderValue {
        self.header(value, lasts.as_secs())
    }

    pub(super) fn clear(&self) -> HeaderValue {
        self.header("", 0)
    }

    fn header(&self, value: &str, seconds: u64) -> HeaderValue {
        let Self { name, attributes } = self;
        let text = format!("{name}={value}; Max-Age={seconds}; {attributes}");
        // INVARIANT: name, value and path are ASCII without control characters, as the configuration and base64url are.
        let mut header = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}

/// A part of the SHA-256 of a text, for the name of a cookie.
pub(super) fn digest_of(text: &str) -> String {
    let digest = Sha256::digest(text);
    BASE64_URL_SAFE_NO_PAD.encode(digest.first_chunk::<6>().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_says_where_it_may_go() {
        let text = |cookie: &Cookie| cookie.set("v", Duration::from_mins(1)).to_str().unwrap().to_owned();
        let tls = Cookie::new("n", "/afp", true);
        assert_eq!(text(&tls), "__Host-n=v; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax");
        let here = Cookie::new("n", "/afp", false);
        assert_eq!(text(&here), "n=v; Max-Age=60; Path=/afp/console; HttpOnly; SameSite=Lax");
        assert_eq!(here.clear(), "n=; Max-Age=0; Path=/afp/console; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn cookies_of_one_name_are_told_apart_by_a_part() {
        let cookie = Cookie::new("n", "", false);
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("n-a=1; n=2; n-b-=3; nn-c=4; m=5"));
        assert_eq!(cookie.parts(&headers).collect::<Vec<_>>(), [("a", "1"), ("b-", "3")]);
        assert_eq!(cookie.of("a").read(&headers), Some("1"));
        assert_eq!(cookie.of("c").read(&headers), None);
    }

    #[test]
    fn a_cookie_is_read_once_or_not_at_all() {
        let cookie = Cookie::new("n", "", false);
        for (headers, wanted) in [
            (&["n=v"][..], Some("v")),
            (&["a=b; n=v; c"], Some("v")),
            (&["a=b", "n=v"], Some("v")),
            (&["n=v=w"], Some("v=w")),
            (&["N=v"], None),
            (&["nn=v"], None),
            (&["n=v; n=w"], None),
            (&["n=v", "n=v"], None),
            (&[], None),
        ] {
            let pairs = headers.iter().map(|value| (header::COOKIE, HeaderValue::from_static(value)));
            let map: HeaderMap = pairs.fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            });
            assert_eq!(cookie.read(&map), wanted, "{headers:?}");
        }
    }
}
