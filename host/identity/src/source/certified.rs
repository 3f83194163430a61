//! The client's certificate says who asks.

use portcullis_contract::types::Principal;
use std::time::SystemTime;

use super::spiffe::{SpiffeId, check_svid, is_trust_domain};
use super::{CertificateName, name};
use crate::{AuthError, IdentityError, certificate};

/// Checks what the operator says of names.
pub(super) fn check(name: &CertificateName) -> Result<(), IdentityError> {
    let wrong = |reason| Err(IdentityError::Value { key: "trust_domains", reason });
    match name {
        CertificateName::Spiffe { trust_domains } if trust_domains.len() != 1 => wrong(
            "must name one trust domain, whose IDs are accepted: each CA of `client_ca` can sign any ID, so that the CA of one \
             trust domain would vouch for workloads of another; give each trust domain a mount at an address of its own",
        ),
        CertificateName::Spiffe { trust_domains }
            if !trust_domains.iter().all(|name| is_trust_domain(name)) =>
        {
            wrong("must be a name of lower-case letters, digits and `.-_`, without `spiffe://`")
        }
        _ => Ok(()),
    }
}

/// Of several alternative names of one kind the first counts; the policy sees all of them. A SPIFFE ID is the only URI, and
/// its trust domain and path are attributes.
///
/// TLS checks the validity at the handshake alone. SVIDs live for minutes and connections for hours, so that of an SVID is
/// checked at each request, and its end is returned.
pub(super) fn identify(
    from: &CertificateName,
    der: Option<&[u8]>,
    now: SystemTime,
) -> Result<(Principal, Option<SystemTime>), AuthError> {
    let Some(der) = der else { return Err(AuthError::unauthorized("the client has shown no certificate")) };
    let certificate = certificate::read(der).map_err(|error| {
        AuthError::unauthorized(format!("the client's certificate cannot be used: {error}"))
    })?;
    let (name, what) = match from {
        CertificateName::CommonName => (certificate.common_name.as_ref(), "common name"),
        CertificateName::Email => (certificate.email_addresses.first(), "e-mail address"),
        CertificateName::Dns => (certificate.dns_names.first(), "DNS name"),
        CertificateName::Uri => (certificate.uris.first(), "URI"),
        CertificateName::Spiffe { .. } => match certificate.uris.as_slice() {
            [id] => (Some(id), "SPIFFE ID"),
            [] => (None, "SPIFFE ID"),
            _ => {
                return Err(AuthError::unauthorized(
                    "the client's certificate has several URIs, and so no SPIFFE ID",
                ));
            }
        },
    };
    let Some(name) = name else {
        return Err(AuthError::unauthorized(format!("the client's certificate has no {what}")));
    };
    let mut principal = super::principal(name::user(name)?, "certificate");
    let mut until = None;
    if let CertificateName::Spiffe { trust_domains } = from {
        let refused = |reason: &str| AuthError::unauthorized(format!("the client's SPIFFE ID {reason}"));
        let ends = check_svid(der).map_err(|reason| {
            AuthError::unauthorized(format!("the client's certificate is no X.509-SVID: {reason}"))
        })?;
        if now > ends {
            return Err(AuthError::unauthorized("the client's X.509-SVID has expired since it connected"));
        }
        until = Some(ends);
        let id = SpiffeId::parse(name).map_err(refused)?;
        if !trust_domains.iter().any(|known| known == id.trust_domain) {
            return Err(refused("is of a trust domain that is not among `trust_domains`"));
        }
        principal.attributes = vec![
            ("spiffe-trust-domain".into(), id.trust_domain.into()),
            ("spiffe-path".into(), id.path.into()),
        ];
    }
    principal.certificate = Some(certificate);
    Ok((principal, until))
}

#[cfg(test)]
mod tests {
    use super::CertificateName::{CommonName, Dns, Email, Spiffe, Uri};
    use super::*;
    use std::time::Duration;

    use rcgen::KeyUsagePurpose::{self, DigitalSignature, KeyCertSign};
    use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, SanType};

    /// What is the name, the certificate, and the name or why there is none.
    type Row<'a> = (CertificateName, Option<&'a [u8]>, Result<&'a str, &'a str>);

    fn der(common_name: Option<&str>, alternatives: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = common_name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.subject_alt_names = alternatives;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    /// Alternative names, key usages, whether it is a CA's, and the name or why there is none.
    type SvidRow<'a> = (Vec<SanType>, Vec<KeyUsagePurpose>, bool, Result<&'a str, &'a str>);

    #[test]
    fn the_spiffe_id_of_a_workload() {
        let trust_domains = vec!["example.org".to_owned()];
        let from = Spiffe { trust_domains };
        let uri = |uri: &str| SanType::URI(uri.try_into().unwrap());
        let dns = || SanType::DnsName("web.example.org".try_into().unwrap());
        let signs = || vec![DigitalSignature];
        let good = "spiffe://example.org/ns/production/sa/web";
        let long = format!("spiffe://example.org/{}", "a".repeat(256));
        let table: Vec<SvidRow> = vec![
            (vec![uri(good)], signs(), false, Ok(good)),
            (vec![dns(), uri(good)], signs(), false, Ok(good)),
            (vec![uri(good), uri("spiffe://example.org/other")], signs(), false, Err("several URIs")),
            (vec![dns()], signs(), false, Err("no SPIFFE ID")),
            (vec![uri("spiffe://other.org/web")], signs(), false, Err("`trust_domains`")),
            (vec![uri("https://example.org/web")], signs(), false, Err("does not begin")),
            (vec![uri(&long)], signs(), false, Err("longer than 256")),
            (vec![uri(good)], vec![], false, Err("`digitalSignature`")),
            (vec![uri(good)], vec![DigitalSignature, KeyCertSign], false, Err("may sign certificates")),
            (vec![uri(good)], signs(), true, Err("a CA's")),
        ];
        for (alternatives, usages, is_ca, expected) in table {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.subject_alt_names = alternatives;
            params.key_usages = usages;
            if is_ca {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }
            let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            match (identify(&from, Some(&der), SystemTime::now()), expected) {
                (Ok((principal, _)), Ok(name)) => {
                    assert_eq!(principal.name.as_deref(), Some(name));
                    let attributes =
                        [("spiffe-trust-domain", "example.org"), ("spiffe-path", "/ns/production/sa/web")];
                    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
                    assert_eq!(principal.attributes, attributes);
                }
                (Err(AuthError::Unauthorized { reason, .. }), Err(part)) if reason.contains(part) => {}
                (result, _) => panic!("{result:?}, not {expected:?}"),
            }
        }
        let two = vec!["example.org".to_owned(), "other.org".to_owned()];
        for wrong in [two, vec![], vec!["spiffe://example.org".to_owned()], vec!["Example.org".to_owned()]] {
            assert!(check(&Spiffe { trust_domains: wrong.clone() }).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_svid_that_expires_while_its_connection_is_open() {
        let from = Spiffe { trust_domains: vec!["example.org".to_owned()] };
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![SanType::URI("spiffe://example.org/web".try_into().unwrap())];
        params.key_usages = vec![DigitalSignature];
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        // 2030-01-01 00:00 UTC, which is the last moment of its life (RFC 5280, 4.1.2.5).
        let end = SystemTime::UNIX_EPOCH + Duration::from_hours(525_960);
        let (_, until) = identify(&from, Some(&der), end).unwrap();
        assert_eq!(until, Some(end));
        let late = identify(&from, Some(&der), end + Duration::from_secs(1)).unwrap_err();
        let AuthError::Unauthorized { reason, .. } = late else { panic!("{late:?}") };
        assert!(reason.contains("has expired"), "{reason}");
    }

    #[test]
    fn whom_a_certificate_names() {
        let full = der(
            Some("alice"),
            vec![
                SanType::Rfc822Name("alice@example.org".try_into().unwrap()),
                SanType::Rfc822Name("root@example.org".try_into().unwrap()),
                SanType::DnsName("host.example.org".try_into().unwrap()),
                SanType::URI("spiffe://example.org/alice".try_into().unwrap()),
            ],
        );
        let bare = der(None, Vec::new());
        let odd = der(Some("a\nb"), Vec::new());
        let table: &[Row] = &[
            (CommonName, Some(&full), Ok("alice")),
            (Email, Some(&full), Ok("alice@example.org")),
            (Dns, Some(&full), Ok("host.example.org")),
            (Uri, Some(&full), Ok("spiffe://example.org/alice")),
            (CommonName, Some(&bare), Err("no common name")),
            (Email, Some(&bare), Err("no e-mail address")),
            (Dns, Some(&bare), Err("no DNS name")),
            (Uri, Some(&bare), Err("no URI")),
            (CommonName, Some(&odd), Err("control character")),
            (CommonName, Some(b"x"), Err("malformed")),
            (CommonName, None, Err("no certificate")),
        ];
        for (from, der, expected) in table {
            match (identify(from, *der, SystemTime::now()), expected) {
                (Ok((principal, until)), Ok(name)) => {
                    assert_eq!(until, None);
                    assert_eq!(principal.name.as_deref(), Some(*name));
                    assert_eq!(principal.authentication, "certificate");
                    assert_eq!(principal.certificate, Some(certificate::read(&full).unwrap()));
                }
                (Err(AuthError::Unauthorized { reason, .. }), Err(part)) if reason.contains(part) => {}
                (result, _) => panic!("{from:?} gave {result:?}, not {expected:?}"),
            }
        }
    }
}
