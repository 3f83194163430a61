//! References, as Barbican writes them into its answers ("barbican/common/utils.py", "barbican/common/hrefs.py").

use axum::http::{HeaderMap, header};
use uuid::Uuid;

use crate::vault::Kind;

/// The base URL of this API: `host_href`, or else what the client itself says in `Host` and
/// `X-Forwarded-Proto`. `X-Forwarded-Host` counts for nothing.
pub fn base(host_href: Option<&str>, headers: &HeaderMap) -> String {
    if let Some(href) = host_href {
        return href.trim_end_matches('/').to_owned();
    }
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_scheme = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let scheme =
        text(header::HeaderName::from_static("x-forwarded-proto")).filter(is_scheme).unwrap_or("http");
    let host = text(header::HOST).filter(|host| !host.is_empty()).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

/// The collection's name in paths.
pub(crate) fn collection(kind: Kind) -> &'static str {
    match kind {
        Kind::Secret => "secrets",
        Kind::Container => "containers",
    }
}

/// The reference of an entity.
pub(crate) fn entity(base: &str, kind: Kind, id: Uuid) -> String {
    format!("{base}/v1/{}/{id}", collection(kind))
}

/// The reference of an order.
pub(crate) fn order(base: &str, id: Uuid) -> String {
    format!("{base}/v1/orders/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_host_href_or_what_the_client_says() {
        for (href, host, proto, base_href) in [
            (
                Some("https://kms.example.test:9311/"),
                Some("other"),
                Some("http"),
                "https://kms.example.test:9311",
            ),
            (None, Some("kms.example.test:8080"), None, "http://kms.example.test:8080"),
            (None, Some("kms.example.test"), Some("https"), "https://kms.example.test"),
            (None, Some("kms.example.test"), Some("https://x/"), "http://kms.example.test"),
            (None, None, None, "http://localhost"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-host", "forged.example.test".parse().unwrap());
            if let Some(host) = host {
                headers.insert(header::HOST, host.parse().unwrap());
            }
            if let Some(proto) = proto {
                headers.insert("x-forwarded-proto", proto.parse().unwrap());
            }
            assert_eq!(base(href, &headers), base_href);
        }
    }
}
