//! The client's certificate says who asks.

use portcullis_contract::types::Principal;

use super::{CertificateName, name};
use crate::{AuthError, certificate};

/// Of several alternative names of one kind the first counts; the policy sees all of them.
pub(super) fn identify(from: CertificateName, der: Option<&[u8]>) -> Result<Principal, AuthError> {
    let Some(der) = der else { return Err(AuthError::unauthorized("the client has shown no certificate")) };
    let certificate = certificate::read(der).map_err(|error| {
        AuthError::unauthorized(format!("the client's certificate cannot be used: {error}"))
    })?;
    let (name, what) = match from {
        CertificateName::CommonName => (certificate.common_name.as_ref(), "common name"),
        CertificateName::Email => (certificate.email_addresses.first(), "e-mail address"),
        CertificateName::Dns => (certificate.dns_names.first(), "DNS name"),
        CertificateName::Uri => (certificate.uris.first(), "URI"),
    };
    let Some(name) = name else {
        return Err(AuthError::unauthorized(format!("the client's certificate has no {what}")));
    };
    let mut principal = super::principal(name::user(name)?, "certificate");
    principal.certificate = Some(certificate);
    Ok(principal)
}

#[cfg(test)]
mod tests {
    use super::CertificateName::{CommonName, Dns, Email, Uri};
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};

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
            match (identify(*from, *der), expected) {
                (Ok(principal), Ok(name)) => {
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
