//! SPIFFE IDs of certificates, as the standards SPIFFE-ID and X509-SVID have them.
//!
//! An X.509-SVID of a workload has exactly one URI among its alternative names, is no CA, and its key signs. A
//! certificate with two URIs is refused: two readers could take it for two workloads.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// What X509-SVID, 5.2, allows; names are held to less.
const MAX_ID: usize = 2048;
const MAX_TRUST_DOMAIN: usize = 255;

/// A SPIFFE ID, in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpiffeId<'a> {
    pub(super) trust_domain: &'a str,
    /// With its first slash. A workload has one.
    pub(super) path: &'a str,
}

impl<'a> SpiffeId<'a> {
    /// Reads an ID to the letter: nothing is decoded or folded, so that no two texts are one ID.
    pub(super) fn parse(id: &'a str) -> Result<Self, &'static str> {
        let rest = id.strip_prefix("spiffe://").ok_or("does not begin with `spiffe://`")?;
        if id.len() > MAX_ID {
            return Err("is longer than 2048 bytes");
        }
        let (trust_domain, path) =
            rest.split_at(rest.find('/').ok_or("has no path, so it is no workload's")?);
        if !is_trust_domain(trust_domain) {
            return Err("has no trust domain of lower-case letters, digits and `.-_`");
        }
        let is_segment = |segment: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
        };
        if !path.split('/').skip(1).all(is_segment) {
            return Err("has a path with other than letters, digits and `.-_` between single slashes");
        }
        Ok(Self { trust_domain, path })
    }
}

/// Whether it can be the name of a trust domain.
pub(super) fn is_trust_domain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    (1..=MAX_TRUST_DOMAIN).contains(&name.len()) && name.bytes().all(plain)
}

/// Whether a certificate can be the SVID of a workload (X509-SVID, 4 and 5): no CA, and its key signs. Returns the last moment
/// of its validity.
pub(super) fn check_svid(der: &[u8]) -> Result<SystemTime, &'static str> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| "it is malformed")?;
    let constraints = certificate.basic_constraints().map_err(|_| "its basic constraints are malformed")?;
    if constraints.is_some_and(|constraints| constraints.value.ca) {
        return Err("it is a CA's");
    }
    let usage = certificate.key_usage().map_err(|_| "its key usage is malformed")?;
    let usage = usage.ok_or("it does not say that its key signs (`digitalSignature`)")?.value;
    if !usage.digital_signature() {
        return Err("it does not say that its key signs (`digitalSignature`)");
    }
    if usage.key_cert_sign() || usage.crl_sign() {
        return Err("its key may sign certificates or revocation lists");
    }
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or_default();
    Ok(UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_to_the_letter() {
        let long = format!("spiffe://example.org/{}", "a".repeat(MAX_ID));
        let good = "spiffe://example.org/ns/production/sa/deploy";
        let parsed = SpiffeId { trust_domain: "example.org", path: "/ns/production/sa/deploy" };
        assert_eq!(SpiffeId::parse(good), Ok(parsed));
        assert!(SpiffeId::parse("spiffe://a_b-c.1/X.y_z-0").is_ok());
        for (id, part) in [
            ("", "does not begin"),
            ("https://example.org/a", "does not begin"),
            ("SPIFFE://example.org/a", "does not begin"),
            ("spiffe://example.org", "no path"),
            ("spiffe:///a", "no trust domain"),
            ("spiffe://Example.org/a", "no trust domain"),
            ("spiffe://example.org:8443/a", "no trust domain"),
            ("spiffe://user@example.org/a", "no trust domain"),
            ("spiffe://ex%61mple.org/a", "no trust domain"),
            ("spiffe://example.org/", "has a path"),
            ("spiffe://example.org/a/", "has a path"),
            ("spiffe://example.org/a//b", "has a path"),
            ("spiffe://example.org/./a", "has a path"),
            ("spiffe://example.org/a/..", "has a path"),
            ("spiffe://example.org/a%2Fb", "has a path"),
            ("spiffe://example.org/a?b", "has a path"),
            ("spiffe://example.org/a#b", "has a path"),
            ("spiffe://example.org/\u{f6}", "has a path"),
            (&long, "longer than 2048"),
        ] {
            let found = SpiffeId::parse(id);
            assert!(found.as_ref().is_err_and(|error| error.contains(part)), "{id}: {found:?}");
        }
    }
}
