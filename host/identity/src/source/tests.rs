//! A whole authenticator, as an API uses it.

use super::*;
use http::HeaderValue;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// By crypt(3) of glibc: `open sesame`.
const SESAME: &str = "$2b$04$kOmbOeSeIJEzZJP46LBo9OwEYCIzLrbI/L644mfXW5Kep5b8fhZ7u";

fn write(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

fn proxied() -> AuthMethod {
    AuthMethod::Header {
        name: "X-User".into(),
        trusted: vec!["10.0.0.0/8".parse().unwrap()],
        trust_unix: false,
    }
}

async fn open(proof: AuthMethod, groups: Vec<Groups>) -> Authenticator {
    let options = AuthenticatorOptions { proof, groups, max_stale: None };
    Authenticator::open(options, &FileWatcher::idle()).await.unwrap()
}

async fn ask(
    source: &Authenticator,
    headers: &HeaderMap,
    peer: Option<&str>,
) -> Result<Principal, AuthError> {
    let peer = peer.map(|peer| peer.parse().unwrap());
    let authenticated = source.authenticate(AuthRequest { headers, peer, certificate: None }).await;
    authenticated.map(|authenticated| authenticated.principal)
}

#[tokio::test]
async fn a_proxy_says_who_asks_and_a_file_adds_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "groups", "ops: alice\ndev: bob, alice\n", 0o644);
    let groups = vec![Groups::Header { name: "X-Groups".into() }, Groups::File(file)];
    let source = open(proxied(), groups).await;
    assert_eq!(source.challenge(), None);
    let asked = headers(&[("x-user", "alice"), ("x-groups", "dev, admins")]);
    let alice = ask(&source, &asked, Some("10.1.2.3")).await.unwrap();
    let groups = ["dev", "admins", "ops"].map(String::from).to_vec();
    assert_eq!(alice, Principal { groups, ..principal("alice".into(), "header") });
    for peer in [Some("11.1.2.3"), None] {
        let result = ask(&source, &asked, peer).await;
        assert!(matches!(result, Err(AuthError::Unauthorized { .. })), "{peer:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_password_is_asked_for_by_the_challenge() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "passwords", &format!("alice:{SESAME}\n"), 0o600);
    let source = open(AuthMethod::password(file), Vec::new()).await;
    assert_eq!(source.challenge(), Some("Basic realm=\"portcullis\", charset=\"UTF-8\""));
    let asked = headers(&[("authorization", "Basic YWxpY2U6b3BlbiBzZXNhbWU=")]);
    assert_eq!(ask(&source, &asked, None).await.unwrap(), principal("alice".into(), "password"));
    // What other proofs would believe counts for nothing.
    let asked = headers(&[("x-user", "alice"), ("x-remote-user", "alice")]);
    assert!(ask(&source, &asked, Some("10.1.2.3")).await.is_err());
}

#[tokio::test]
async fn an_address_is_asked_for_nothing() {
    let source = open(AuthMethod::Address { host_name: None }, Vec::new()).await;
    assert_eq!(source.challenge(), None);
    let asked = headers(&[("x-forwarded-for", "192.0.2.9"), ("forwarded", "for=192.0.2.9")]);
    let found = ask(&source, &asked, Some("192.0.2.1")).await.unwrap();
    assert_eq!(found, principal("192.0.2.1".into(), "address"));
}

#[tokio::test]
async fn what_cannot_be_worked_with_is_told_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let open_to_all = write(folder.path(), "open", &format!("alice:{SESAME}\n"), 0o644);
    let broken = write(folder.path(), "broken", "ops\n", 0o644);
    let writable = write(folder.path(), "writable", "ops: alice\n", 0o666);
    let ldap = LdapOptions::group_of_names("ldap://d", "ou=u", "ou=g");
    let ldap = |change: &dyn Fn(&mut LdapOptions)| {
        let mut ldap = ldap.clone();
        change(&mut ldap);
        (proxied(), vec![Groups::Ldap(Box::new(ldap))])
    };
    let table = [
        (AuthMethod::password(file("none")), vec![], "cannot read"),
        (AuthMethod::password(open_to_all), vec![], "chmod 600"),
        (AuthMethod::Password { file: file("none"), realm: "\"".into() }, vec![], "`realm`"),
        (proxied(), vec![Groups::File(file("none"))], "cannot read"),
        (proxied(), vec![Groups::File(broken)], "line 1"),
        (proxied(), vec![Groups::File(writable)], "chmod 644"),
        (proxied(), vec![Groups::claim()], "from a claim only"),
    ]
    .into_iter()
    .chain(
        [
            (ldap(&|ldap| ldap.users.filter = "(uid=alice)".into()), "`users filter`"),
            (ldap(&|ldap| ldap.groups.filter = "(member={dn}".into()), "`groups filter`"),
            (ldap(&|ldap| ldap.cache_time = std::time::Duration::from_secs(61)), "a minute at most"),
            (ldap(&|ldap| ldap.timeout = std::time::Duration::ZERO), "must not be zero"),
            (ldap(&|ldap| ldap.group_name.clear()), "`group_name`"),
            (ldap(&|ldap| ldap.url = "d".into()), "`ldap`"),
        ]
        .map(|((proof, groups), part)| (proof, groups, part)),
    );
    for (proof, groups, part) in table {
        let options = AuthenticatorOptions { proof, groups, max_stale: None };
        let error = Authenticator::open(options, &FileWatcher::idle()).await.err().expect(part).to_string();
        assert!(error.contains(part), "{error}");
    }
}
