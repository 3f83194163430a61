//! Checks of a request's origin, against server-side request forgery and DNS rebinding: a program on the same machine
//! must not be made to ask for others. They guard every route of a mount, since each of them leads to credentials.
//!
//! * a proxy says so itself (`X-Forwarded-For`): the real service refuses it with the token
//!   (AWS EC2 user guide, "Use the Instance Metadata Service")
//! * a browser sends `Origin`, `Referer`, `Sec-Fetch-Site` or calls itself Mozilla; no SDK does
//! * a name of a host that is not ours was made to point here (DNS rebinding)

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use std::net::IpAddr;

use crate::mounts::has_host;

/// Why a request is refused before authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejected {
    #[error("this mount is not for proxies: the request has `X-Forwarded-For`")]
    Proxy,
    #[error("this mount is not for browsers")]
    Browser,
    #[error("this mount is called by address, not by this `Host`; its `hosts` names others")]
    Host,
}

impl Rejected {
    /// Refuses a proxy, which asks for others.
    pub(crate) fn check_proxy(headers: &HeaderMap) -> Result<(), Self> {
        let says_so = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
        if says_so { Err(Self::Proxy) } else { Ok(()) }
    }

    /// Refuses browsers, with any page.
    pub(crate) fn check_browser(headers: &HeaderMap) -> Result<(), Self> {
        let marks = [header::ORIGIN.as_str(), header::REFERER.as_str(), "sec-fetch-site", "sec-fetch-mode"];
        let is_mozilla = |value: &HeaderValue| value.as_bytes().starts_with(b"Mozilla/");
        let is_browser = marks.iter().any(|name| headers.contains_key(*name))
            || headers.get_all(header::USER_AGENT).iter().any(is_mozilla);
        if is_browser { Err(Self::Browser) } else { Ok(()) }
    }

    /// Refuses a `Host` that is not in `hosts`. Addresses and `localhost` are always ours.
    pub(crate) fn check_host(headers: &HeaderMap, uri: &Uri, hosts: &[String]) -> Result<(), Self> {
        let mut named = headers.get_all(header::HOST).iter();
        let host = match (uri.host(), named.next(), named.next()) {
            (Some(host), _, None) => host,
            (None, Some(host), None) => host.to_str().map_err(|_| Self::Host)?,
            // HTTP/1.0 has no `Host`, and then no DNS server was asked for one.
            (None, None, None) => return Ok(()),
            _ => return Err(Self::Host),
        };
        if is_ours(host, hosts) { Ok(()) } else { Err(Self::Host) }
    }
}

/// The name or address that a request calls us by, without the port; none where it has none or several.
pub(crate) fn host_name<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut named = headers.get_all(header::HOST).iter();
    let host = match (uri.host(), named.next(), named.next()) {
        (Some(host), _, None) => host,
        (None, Some(host), None) => host.to_str().ok()?,
        _ => return None,
    };
    Some(without_port(host))
}

fn is_ours(host: &str, hosts: &[String]) -> bool {
    let name = without_port(host);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost") || has_host(hosts, name)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn check(headers: &[(&'static str, &'static str)]) -> Result<(), Rejected> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Rejected::check_proxy(&headers)?;
        Rejected::check_browser(&headers)?;
        Rejected::check_host(&headers, &Uri::from_static("/latest/meta-data/"), &["imds.example.org".into()])
    }

    #[test]
    fn sdks_come_in_and_others_do_not() {
        for host in [
            "169.254.169.254",
            "127.0.0.1:8181",
            "[fd00:ec2::254]",
            "[::1]:80",
            "::1",
            "LocalHost:1",
            "imds.example.org",
        ] {
            assert_eq!(check(&[("host", host), ("user-agent", "Botocore/1.44.5")]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "169.254.169.254.evil.example",
            "localhost.evil.example:80",
            "",
            "imds.example.org.",
            "1.2.3.4:x",
        ] {
            assert_eq!(check(&[("host", host)]), Err(Rejected::Host), "{host}");
        }
        let ours = ("host", "169.254.169.254");
        assert_eq!(check(&[ours, ("x-forwarded-for", "10.0.0.1")]), Err(Rejected::Proxy));
        assert_eq!(check(&[ours, ("forwarded", "for=10.0.0.1")]), Err(Rejected::Proxy));
        for browser in [
            ("origin", "null"),
            ("referer", "https://evil.example"),
            ("sec-fetch-site", "none"),
            ("user-agent", "Mozilla/5.0"),
        ] {
            assert_eq!(check(&[ours, browser]), Err(Rejected::Browser), "{browser:?}");
        }
    }
}
