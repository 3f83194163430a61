//! A certificate's facts, read as Go reads them where two readings are possible: dockerd is written in Go.

use std::fmt::Write as _;
use std::net::IpAddr;

use portcullis_contract::types::Certificate;
use sha2::{Digest as _, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::Oid;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry::{
    OID_X509_COMMON_NAME, OID_X509_ORGANIZATION_NAME, OID_X509_ORGANIZATIONAL_UNIT,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// Why a certificate cannot be read as one thing alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CertificateError(pub &'static str);

/// Reads one certificate, DER. Its signature and validity are checked by the TLS listener that took it from the peer.
///
/// # Errors
/// It is malformed, or something in it could be read in two ways.
pub fn read(der: &[u8]) -> Result<Certificate, CertificateError> {
    let unreadable = CertificateError;
    let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| unreadable("it is malformed"))?;
    if !rest.is_empty() {
        return Err(unreadable("something follows it"));
    }
    let subject = parsed.subject();
    let mut certificate = Certificate {
        subject: distinguished_name(subject),
        // Go's pkix.Name.FillFromRDNSequence overwrites: of several common names the last one counts.
        common_name: texts(subject, &OID_X509_COMMON_NAME)?.pop().filter(|name| !name.is_empty()),
        organizations: texts(subject, &OID_X509_ORGANIZATION_NAME)?,
        organizational_units: texts(subject, &OID_X509_ORGANIZATIONAL_UNIT)?,
        issuer: distinguished_name(parsed.issuer()),
        serial: format!("{:x}", parsed.tbs_certificate.serial),
        sha256: hexadecimal(&Sha256::digest(der)),
        ..Certificate::default()
    };
    let alternatives =
        parsed.subject_alternative_name().map_err(|_| unreadable("its alternative names are malformed"))?;
    for name in alternatives.iter().flat_map(|extension| &extension.value.general_names) {
        match name {
            GeneralName::DNSName(name) => certificate.dns_names.push((*name).to_owned()),
            GeneralName::RFC822Name(name) => certificate.email_addresses.push((*name).to_owned()),
            GeneralName::URI(name) => certificate.uris.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => certificate.ip_addresses.push(address(bytes)?),
            GeneralName::Invalid(..) => return Err(unreadable("one of its alternative names is malformed")),
            _ => {}
        }
    }
    Ok(certificate)
}

/// Refused where one is in an encoding that we and Go might read differently (T61, BMP).
fn texts(name: &X509Name<'_>, kind: &Oid<'_>) -> Result<Vec<String>, CertificateError> {
    name.iter_attributes()
        .filter(|attribute| attribute.attr_type() == kind)
        .map(|attribute| match attribute.as_str() {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(CertificateError("a name in its subject is in an encoding other than UTF-8")),
        })
        .collect()
}

/// As RFC 4514 writes it: the last part first, special characters escaped.
fn distinguished_name(name: &X509Name<'_>) -> String {
    let parts: Vec<_> = name.iter_rdn().collect();
    let parts = parts.iter().rev().map(|part| {
        let attributes: Vec<String> = part.iter().map(attribute).collect();
        attributes.join("+")
    });
    parts.collect::<Vec<_>>().join(",")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type().to_id_string();
    let name = match kind.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.17" => "POSTALCODE",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        other => other,
    };
    match attribute.as_str() {
        Ok(text) => format!("{name}={}", escaped(text)),
        Err(_) => format!("{name}=#{}", hexadecimal(attribute.as_slice())),
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (at, character) in text.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '=' | '>' | '\\' => escaped.extend(['\\', character]),
            '#' if at == 0 => escaped.push_str("\\#"),
            ' ' if at == 0 || at == last => escaped.push_str("\\ "),
            '\0'..' ' | '\u{7f}' => {
                let _ = write!(escaped, "\\{:02x}", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

fn address(bytes: &[u8]) -> Result<String, CertificateError> {
    let address = match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).map(IpAddr::from),
    };
    let address = address.map_err(|_| CertificateError("one of its IP addresses is malformed"))?;
    Ok(address.to_string())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn subject(parts: &[(DnType, &str)]) -> Option<String> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in parts {
            params.distinguished_name.push(kind.clone(), *value);
        }
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        read(certificate.der()).ok().map(|certificate| certificate.subject)
    }

    #[test]
    fn a_subject_is_one_text_and_no_name_passes_for_two() {
        let organization = DnType::OrganizationName;
        let name = DnType::CommonName;
        for (parts, text) in [
            (vec![(name.clone(), "barbican")], "CN=barbican"),
            (vec![(organization.clone(), "Example"), (name.clone(), "barbican")], "CN=barbican,O=Example"),
            (vec![(name.clone(), "barbican,O=Example")], "CN=barbican\\,O\\=Example"),
            (vec![(name.clone(), " #x ")], "CN=\\ #x\\ "),
            (vec![(name, "#x\n")], "CN=\\#x\\0a"),
        ] {
            assert_eq!(subject(&parts).as_deref(), Some(text));
        }
        assert_eq!(read(b"x"), Err(CertificateError("it is malformed")));
    }
}
