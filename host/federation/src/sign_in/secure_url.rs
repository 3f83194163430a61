//! URLs that codes and tokens are sent to: over TLS, or on this machine.

use axum::http::Uri;
use std::net::IpAddr;

/// The URL, if what is sent there cannot be read on the way.
pub(super) fn check(text: &str) -> Result<Uri, &'static str> {
    let url: Uri = text.parse().map_err(|_| "it is no URL")?;
    let authority = url.authority().ok_or("it must begin with `https://`")?;
    if authority.as_str().contains('@') {
        return Err("it must not hold a name or a password");
    }
    if text.contains('#') {
        return Err("it must not have a fragment");
    }
    let host = authority.host().trim_matches(['[', ']']);
    let is_here = host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback());
    match url.scheme_str() {
        Some("https") => Ok(url),
        Some("http") if is_here => Ok(url),
        _ => Err("it must begin with `https://`, unless it is on this machine"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_over_tls_or_stay_on_the_machine() {
        for (text, is_good) in [
            ("https://login.example.org/a?b=c", true),
            ("http://127.0.0.1:80/a", true),
            ("http://localhost/a", true),
            ("http://[::1]:1/a", true),
            ("http://login.example.org/a", false),
            ("http://localhost.example.org/a", false),
            ("http://127.0.0.1@login.example.org/a", false),
            ("https://me:hunter2@login.example.org/", false),
            ("https://login.example.org/#a", false),
            ("ftp://localhost/", false),
            ("javascript:alert(1)", false),
            ("/a", false),
            ("", false),
        ] {
            assert_eq!(check(text).is_ok(), is_good, "{text}");
        }
    }
}
