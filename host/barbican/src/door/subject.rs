//! The subject of a certificate as one text, in the form of RFC 4514, so that no name can pass for two.

use std::fmt::Write as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::AttributeTypeAndValue;

/// e.g. `CN=barbican,O=Example`; the last part of the name comes first. `None` for what is no certificate.
pub(super) fn of(der: &[u8]) -> Option<String> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    let parts: Vec<_> = certificate.subject().iter_rdn().collect();
    let parts = parts.iter().rev().map(|part| part.iter().map(attribute).collect::<Vec<_>>().join("+"));
    rest.is_empty().then(|| parts.collect::<Vec<_>>().join(","))
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type().to_id_string();
    let name = match kind.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        other => other,
    };
    let mut text = format!("{name}=");
    if let Ok(value) = attribute.as_str() {
        escape(value, &mut text);
    } else {
        text.push('#');
        for byte in attribute.as_slice() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

fn escape(value: &str, to: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '=' | '>' | '\\' => to.extend(['\\', c]),
            '#' if at == 0 => to.push_str("\\#"),
            ' ' if at == 0 || at == last => to.push_str("\\ "),
            '\0'..' ' | '\x7f' => {
                let _ = write!(to, "\\{:02x}", u32::from(c));
            }
            c => to.push(c),
        }
    }
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
        of(certificate.der())
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
        assert_eq!(of(b"x"), None);
    }
}
