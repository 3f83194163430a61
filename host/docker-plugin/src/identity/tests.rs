use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};

use super::*;

fn certificate(subject: &[(DnType, &str)], adjust: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind.clone(), *value);
    }
    adjust(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn message(user: Option<&str>, certificates: &[Vec<u8>]) -> Message {
    Message {
        user: user.map(str::to_owned),
        user_authn_method: user.map(|_| "TLS".to_owned()),
        peer_certificates: certificates.to_vec(),
        ..Message::default()
    }
}

#[test]
fn without_a_user_it_is_anonymous() {
    assert_eq!(principal(&message(None, &[])).unwrap(), Principal::anonymous());
    let nobody = certificate(&[(DnType::OrganizationName, "Example")], |_| {});
    let principal = principal(&message(None, &[nobody])).unwrap();
    assert_eq!((principal.name, principal.authentication.as_str()), (None, "anonymous"));
    assert_eq!(principal.certificate.unwrap().subject, "O=Example");
}

#[test]
fn a_certificate_is_taken_apart() {
    let subject = [
        (DnType::OrganizationName, "Example"),
        (DnType::OrganizationalUnitName, "ops"),
        (DnType::CommonName, "alice"),
    ];
    let der = certificate(&subject, |params| {
        params.serial_number = Some(vec![0x0A, 0xBC].into());
        params.subject_alt_names = vec![
            SanType::DnsName("alice.example".try_into().unwrap()),
            SanType::Rfc822Name("alice@example.org".try_into().unwrap()),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            SanType::URI("spiffe://example/alice".try_into().unwrap()),
        ];
    });
    // The second is the chain's, and not the client's own.
    let authority = certificate(&[(DnType::CommonName, "authority")], |_| {});
    let principal = principal(&message(Some("alice"), &[der, authority])).unwrap();
    assert_eq!(principal.name.as_deref(), Some("alice"));
    assert_eq!(principal.authentication, "certificate");
    assert!(principal.groups.is_empty(), "a name or an organization is no group");
    let certificate = principal.certificate.unwrap();
    assert_eq!(certificate.subject, "CN=alice,OU=ops,O=Example");
    assert_eq!(certificate.issuer, certificate.subject);
    assert_eq!(certificate.common_name.as_deref(), Some("alice"));
    assert_eq!(certificate.organizations, ["Example"]);
    assert_eq!(certificate.organizational_units, ["ops"]);
    assert_eq!(certificate.dns_names, ["alice.example"]);
    assert_eq!(certificate.email_addresses, ["alice@example.org"]);
    assert_eq!(certificate.ip_addresses, ["127.0.0.1", "::1"]);
    assert_eq!(certificate.uris, ["spiffe://example/alice"]);
    assert_eq!(certificate.serial, "abc");
    assert_eq!(certificate.sha256.len(), 64);
}

#[test]
fn names_are_escaped_in_the_subject_and_nowhere_else() {
    let name = " a+b,CN=root\\\n#.* ";
    let der = certificate(&[(DnType::CommonName, name)], |_| {});
    let principal = principal(&message(Some(name), &[der])).unwrap();
    assert_eq!(principal.name.as_deref(), Some(name));
    assert_eq!(principal.certificate.unwrap().subject, r"CN=\ a\+b\,CN\=root\\\0a#.*\ ");
}

#[test]
fn a_certificate_that_names_someone_else_is_refused() {
    let der = certificate(&[(DnType::CommonName, "alice")], |_| {});
    let nobody = certificate(&[], |_| {});
    let table = [
        (Some("bob"), &der, "dockerd names the user `bob`, but the client's certificate names `alice`"),
        (Some("Alice"), &der, "dockerd names the user `Alice`, but the client's certificate names `alice`"),
        (None, &der, "dockerd names the user nobody, but the client's certificate names `alice`"),
        (Some("alice"), &nobody, "dockerd names the user `alice`, but the client's certificate names nobody"),
    ];
    for (user, der, expected) in table {
        let refusal = principal(&message(user, std::slice::from_ref(der))).unwrap_err();
        assert_eq!(refusal.to_string(), expected);
    }
}

/// Two common names of five letters, in this order; rcgen itself writes no name twice.
fn two_names(first: &str, last: &str) -> Vec<u8> {
    let unit = DnType::OrganizationalUnitName;
    let mut der = certificate(&[(unit, first), (DnType::CommonName, last)], |_| {});
    let pattern = [0x06, 0x03, 0x55, 0x04, 0x0B];
    for at in 0..der.len() - pattern.len() {
        if der[at..].starts_with(&pattern) {
            der[at + 4] = 0x03;
        }
    }
    der
}

#[test]
fn of_two_common_names_the_last_counts_as_in_go() {
    let der = two_names("alice", "admin");
    let found = principal(&message(Some("admin"), std::slice::from_ref(&der))).unwrap();
    assert_eq!(found.certificate.unwrap().subject, "CN=admin,CN=alice");
    assert!(principal(&message(Some("alice"), &[der])).is_err());
}

#[test]
fn a_malformed_certificate_is_refused() {
    let der = certificate(&[(DnType::CommonName, "alice")], |_| {});
    let mut longer = der.clone();
    longer.push(0);
    let bmp = certificate(&[], |params| {
        let value = rcgen::DnValue::BmpString("alice".try_into().unwrap());
        params.distinguished_name.push(DnType::CommonName, value);
    });
    let table = [
        (der[..der.len() - 1].to_vec(), "the client's certificate cannot be read: it is malformed"),
        (longer, "the client's certificate cannot be read: something follows it"),
        (Vec::new(), "the client's certificate cannot be read: it is malformed"),
        (
            bmp,
            "the client's certificate cannot be read: a name in its subject is in an encoding other than UTF-8",
        ),
    ];
    for (der, expected) in table {
        assert_eq!(principal(&message(Some("alice"), &[der])).unwrap_err().to_string(), expected);
    }
}

#[test]
fn how_the_name_was_proved_is_said() {
    for (method, expected) in [(Some("TLS"), "certificate"), (Some("Basic"), "basic"), (None, "unstated")] {
        let message = Message { user_authn_method: method.map(str::to_owned), ..message(Some("alice"), &[]) };
        assert_eq!(principal(&message).unwrap().authentication, expected);
    }
}
