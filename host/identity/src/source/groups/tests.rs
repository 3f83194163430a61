use super::*;
use http::HeaderValue;
use serde_json::json;

const NAME: HeaderName = HeaderName::from_static("x-groups");

async fn ask(sources: &[GroupSource], values: &[&str], claims: Value) -> Result<Vec<String>, AuthError> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(NAME, HeaderValue::from_str(value).unwrap());
    }
    let Value::Object(claims) = claims else { panic!("claims are an object") };
    let known = Known { user: Some("alice"), certificate: None, headers: &headers, claims: &claims };
    of(sources, known, Instant::now()).await
}

/// A claim of every issuer.
fn claim(name: &str) -> GroupSource {
    claim_of(name, None, "")
}

fn claim_of(name: &str, issuer: Option<&str>, prefix: &str) -> GroupSource {
    let (name, issuer, prefix) = (name.into(), issuer.map(String::from), prefix.into());
    GroupSource::Claim(ClaimGroups { name, issuer, prefix, warned: Once::new() })
}

#[tokio::test]
async fn a_claim_is_of_its_issuer_alone() {
    let of_corp = claim_of("groups", Some("corp"), "");
    let of_cluster = claim_of("groups", Some("cluster"), "k8s-");
    let sources = [of_corp, of_cluster];
    for (issuer, expected) in [("corp", &["a"][..]), ("cluster", &["k8s-a"]), ("other", &[])] {
        let claims = json!({ "iss": issuer, "groups": ["a"] });
        assert_eq!(ask(&sources, &[], claims).await.unwrap(), expected, "{issuer}");
    }
}

#[tokio::test]
async fn groups_of_a_certificate_need_no_name_and_those_of_a_file_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("groups");
    std::fs::write(&file, "ops: alice\n").unwrap();
    let certificate = Certificate {
        organizations: vec!["Example".into(), String::new(), "ops".into()],
        organizational_units: vec!["dev".into()],
        ..Certificate::default()
    };
    let principal = |name: Option<&str>, certificate: Option<&Certificate>| Principal {
        name: name.map(Into::into),
        certificate: certificate.cloned(),
        ..Principal::default()
    };
    for (field, named, unnamed) in [
        (CertificateGroups::Organization, &["Example", "ops"][..], &["Example", "ops"][..]),
        (CertificateGroups::OrganizationalUnit, &["dev", "ops"], &["dev"]),
    ] {
        let sources = vec![Groups::Certificate(field), Groups::File(file.clone())];
        let options = GroupOptions { sources, max_stale: None };
        let sources = GroupSources::open(options, &FileWatcher::idle()).await.unwrap();
        let of = async |principal: Principal| sources.of(&principal).await.unwrap();
        assert_eq!(of(principal(Some("alice"), Some(&certificate))).await, named);
        assert_eq!(of(principal(None, Some(&certificate))).await, unnamed);
        assert_eq!(of(principal(Some("alice"), None)).await, ["ops"]);
    }
    for wrong in [Groups::claim(), Groups::Header { name: "X-Groups".into() }] {
        let options = GroupOptions { sources: vec![wrong], max_stale: None };
        assert!(GroupSources::open(options, &FileWatcher::idle()).await.is_err());
    }
}

#[tokio::test]
async fn groups_of_a_header() {
    let long = "g".repeat(257);
    for (values, expected) in [
        (&[][..], None),
        (&[""][..], Some(&[][..])),
        (&["ops"], Some(&["ops"])),
        (&["ops, dev ,,\tops,adm ins"], Some(&["ops", "dev", "adm ins"])),
        (&["ops", "dev"], None),
        (&["a\tb"], None),
        (&[&long], None),
    ] {
        let found = ask(&[GroupSource::Header(NAME)], values, json!({})).await;
        assert_eq!(
            found.ok().as_deref(),
            expected.map(|groups| groups.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>()).as_deref(),
            "{values:?}"
        );
    }
}

#[tokio::test]
async fn groups_of_a_claim() {
    for (name, claims, expected) in [
        ("groups", json!({ "groups": ["ops", "dev", "ops"] }), Some(&["ops", "dev"][..])),
        ("groups", json!({ "groups": "ops" }), Some(&["ops"])),
        ("groups", json!({ "groups": [] }), Some(&[])),
        ("groups", json!({ "groups": null }), Some(&[])),
        ("groups", json!({}), Some(&[])),
        ("groups", json!({ "groups": 1 }), None),
        ("groups", json!({ "groups": ["ops", 1] }), None),
        ("groups", json!({ "groups": { "ops": true } }), None),
        ("groups", json!({ "groups": [""] }), None),
        ("groups", json!({ "groups": ["a\nb"] }), None),
        ("https://a/b", json!({ "https://a/b": "ops" }), Some(&["ops"])),
        ("/realm_access/roles", json!({ "realm_access": { "roles": ["ops"] } }), Some(&["ops"])),
        ("/realm_access/roles", json!({ "realm_access": { } }), Some(&[])),
        ("groups", json!({ "_claim_names": { "groups": "src1" } }), None),
        ("/a/b", json!({ "a": { "b": "ops" }, "_claim_names": { "a": "src1" } }), None),
        ("groups", json!({ "_claim_names": { "email": "src1" } }), Some(&[])),
        ("groups", json!({ "_claim_names": "x" }), Some(&[])),
        ("/a~1b", json!({ "a/b": "ops" }), Some(&["ops"])),
        ("realm_access.roles", json!({ "realm_access": { "roles": ["ops"] } }), Some(&["ops"])),
        ("realm_access.roles", json!({ "realm_access": { "roles": 1 } }), None),
        ("realm_access.roles", json!({ "_claim_names": { "realm_access": "src1" } }), None),
        ("https://x/y.z", json!({ "https://x/y.z": ["ops"] }), Some(&["ops"])),
    ] {
        let found = ask(&[claim(name)], &[], claims.clone()).await.ok();
        let expected = expected.map(|groups| groups.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected, "{name} of {claims}");
    }
}

#[tokio::test]
async fn several_sources_add_up_in_their_order() {
    let sources = [claim("b"), GroupSource::Header(NAME), claim("a")];
    let found = ask(&sources, &["ops, dev"], json!({ "a": ["ops", "z"], "b": ["y", "dev"] })).await;
    assert_eq!(found.unwrap(), ["y", "dev", "ops", "z"]);
    let many: Vec<String> = (0..=MAX_GROUPS).map(|number| number.to_string()).collect();
    assert!(ask(&sources, &[""], json!({ "a": many })).await.is_err());
}

#[test]
fn a_source_must_go_with_the_proof() {
    let address = AuthMethod::Address { host_name: None };
    let certificate = Groups::Certificate(CertificateGroups::Organization);
    for groups in [Groups::claim(), Groups::Header { name: "X-Groups".into() }, certificate] {
        assert!(
            GroupSource::open(&groups, Some(&address), None, &FileWatcher::idle()).is_err(),
            "{groups:?}"
        );
    }
    let header = AuthMethod::Header { name: "X-User".into(), trusted: Vec::new(), trust_unix: true };
    for (name, good) in [("X-Groups", true), ("X Groups", false)] {
        let groups = Groups::Header { name: name.into() };
        let opened = GroupSource::open(&groups, Some(&header), None, &FileWatcher::idle());
        assert_eq!(opened.is_ok(), good, "{name}");
    }
}
