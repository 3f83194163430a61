//! Groups from a real OpenLDAP: `slapd`, started for each test with its own database on its own ports. Where it is
//! not installed the tests say so and pass, unless `PORTCULLIS_NEED_SLAPD` is set.

use super::slapd::Slapd;
use http::{HeaderMap, HeaderValue};
use portcullis_files::FileWatcher;
use portcullis_identity::source::{
    AuthMethod, AuthRequest, Authenticator, AuthenticatorOptions, Groups, LdapBind, LdapOptions,
};
use portcullis_identity::{AuthError, IdentityError};
use std::time::Duration;

const USERS: &str = "ou=people,dc=example,dc=org";
const GROUPS: &str = "ou=groups,dc=example,dc=org";

fn options(slapd: &Slapd, url: String) -> LdapOptions {
    let bind = LdapBind { dn: super::slapd::READER.0.into(), password: super::slapd::READER.1.into() };
    let options = LdapOptions::group_of_names(url, USERS, GROUPS);
    LdapOptions { bind: Some(bind), ca: Some(slapd.ca()), ..options }
}

async fn open(ldap: LdapOptions) -> Authenticator {
    try_open(ldap).await.unwrap()
}

async fn try_open(ldap: LdapOptions) -> Result<Authenticator, IdentityError> {
    let proof = AuthMethod::Header { name: "X-User".into(), trusted: Vec::new(), trust_unix: true };
    let groups = vec![Groups::Ldap(Box::new(ldap))];
    Authenticator::open(AuthenticatorOptions { proof, groups, max_stale: None }, &FileWatcher::idle()).await
}

async fn ask(source: &Authenticator, user: &str) -> Result<Vec<String>, AuthError> {
    let mut headers = HeaderMap::new();
    headers.insert("x-user", HeaderValue::from_bytes(user.as_bytes()).unwrap());
    let asked = AuthRequest { headers: &headers, peer: None, certificate: None };
    source.authenticate(asked).await.map(|authenticated| authenticated.principal.groups)
}

/// A good deal longer than a loaded machine needs.
const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn who_is_in_which_group() {
    let Some(slapd) = Slapd::start("who_is_in_which_group") else { return };
    let source = open(LdapOptions { timeout: LONG, ..options(&slapd, slapd.url()) }).await;
    for (user, groups) in [
        ("alice", &["dev", "ops"][..]),
        ("bob", &["dev"]),
        ("b\u{f6}rge", &["ops"]),
        ("odd (one)*", &["odd, group \\ (1)"]),
        ("carol", &[]),
        ("nobody", &[]),
        // Nothing that is filled in is more than a name.
        ("*", &[]),
        ("a*", &[]),
        ("alice)(uid=*", &[]),
        ("alice)(|(uid=*", &[]),
        ("\\61lice", &[]),
    ] {
        assert_eq!(ask(&source, user).await.unwrap(), groups, "{user}");
    }
    for spelling in ["ALICE", "Alice", "B\u{d6}rge"] {
        let other = ask(&source, spelling).await;
        assert!(
            matches!(&other, Err(AuthError::Unauthorized { reason, .. }) if reason.contains("in another way")),
            "{spelling:?}: {other:?}"
        );
    }
    let twice = ask(&source, "twin").await;
    assert!(
        matches!(&twice, Err(AuthError::Unauthorized { reason, .. }) if reason.contains("several entries")),
        "{twice:?}"
    );
}

#[tokio::test]
async fn every_kind_of_url() {
    let Some(slapd) = Slapd::start("every_kind_of_url") else { return };
    let tls = LdapOptions { start_tls: true, ..options(&slapd, slapd.url()) };
    let by_user = LdapOptions::group_of_names(slapd.url(), USERS, GROUPS);
    let mut by_user = LdapOptions { bind: options(&slapd, slapd.url()).bind, ..by_user };
    by_user.groups.filter = "(&(objectClass=posixGroup)(memberUid={user}))".into();
    for (ldap, groups) in [
        (options(&slapd, slapd.url()), &["dev", "ops"][..]),
        (options(&slapd, slapd.tls_url()), &["dev", "ops"]),
        (options(&slapd, slapd.unix_url()), &["dev", "ops"]),
        (tls, &["dev", "ops"]),
        (by_user, &["posix"]),
    ] {
        let shown = format!("{ldap:?}");
        let source = open(LdapOptions { timeout: LONG, ..ldap }).await;
        assert_eq!(
            ask(&source, "alice").await.as_deref(),
            Ok(&groups.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>()[..]),
            "{shown}"
        );
    }
    // A certificate that no CA signed.
    let stranger =
        LdapOptions { ca: Some(slapd.other_ca()), timeout: LONG, ..options(&slapd, slapd.tls_url()) };
    let result = ask(&open(stranger).await, "alice").await;
    assert!(matches!(&result, Err(AuthError::Unavailable { .. })), "{result:?}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_asked_is_no_answer() {
    let Some(slapd) = Slapd::start("a_directory_that_cannot_be_asked_is_no_answer") else { return };
    let good = LdapOptions { timeout: LONG, ..options(&slapd, slapd.url()) };
    let bind = |dn: &str, password: &str| Some(LdapBind { dn: dn.into(), password: password.into() });
    let mut elsewhere = good.clone();
    elsewhere.users.base = "ou=nowhere,dc=example,dc=org".into();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = (format!("ldap://{}", silent.local_addr().unwrap()), silent);
    let table = [
        (LdapOptions { bind: bind(super::slapd::READER.0, "wrong"), ..good.clone() }, "does not let us in"),
        (LdapOptions { bind: bind("cn=nobody", "x"), ..good.clone() }, "does not let us in"),
        (LdapOptions { bind: None, ..good.clone() }, "cannot be asked"),
        (elsewhere, "cannot be asked"),
        (LdapOptions { group_name: "description".into(), ..good.clone() }, "has no `description`"),
        (LdapOptions { url: "ldap://127.0.0.1:1".into(), ..good.clone() }, "cannot be asked"),
        (LdapOptions { url: silent.0.clone(), timeout: Duration::from_millis(100), ..good.clone() }, "100ms"),
    ];
    for (ldap, part) in table {
        let shown = format!("{ldap:?}");
        let result = ask(&open(ldap).await, "alice").await;
        assert!(
            matches!(&result, Err(AuthError::Unavailable { reason }) if reason.contains(part) && !reason.contains("wrong")),
            "{shown}: {result:?}"
        );
    }
    let empty = LdapOptions { bind: bind(super::slapd::READER.0, ""), ..good };
    let opened = try_open(empty).await;
    assert!(opened.is_err_and(|error| error.to_string().contains("password")));
}

#[tokio::test]
async fn what_is_not_ldap_is_no_answer() {
    use tokio::io::AsyncWriteExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let source = open(LdapOptions { timeout: LONG, ..LdapOptions::group_of_names(url, USERS, GROUPS) }).await;
    let result = ask(&source, "alice").await;
    assert!(matches!(&result, Err(AuthError::Unavailable { .. })), "{result:?}");
}

#[tokio::test]
async fn a_connection_that_does_not_answer_is_not_kept() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    let ldap = LdapOptions::group_of_names(url, USERS, GROUPS);
    let source = open(LdapOptions { timeout: Duration::from_millis(200), ..ldap }).await;
    let mut silent = Vec::new();
    for time in ["first", "second"] {
        let connecting = tokio::time::timeout(LONG, listener.accept());
        let (result, accepted) = tokio::join!(ask(&source, "alice"), connecting);
        assert!(matches!(&result, Err(AuthError::Unavailable { .. })), "{time}: {result:?}");
        silent.push(accepted.unwrap().unwrap());
    }
}

#[tokio::test]
async fn a_connection_is_made_anew_when_it_breaks() {
    let Some(mut slapd) = Slapd::start("a_connection_is_made_anew_when_it_breaks") else { return };
    let source = open(LdapOptions { timeout: LONG, ..options(&slapd, slapd.url()) }).await;
    assert_eq!(ask(&source, "bob").await.unwrap(), ["dev"]);
    slapd.restart();
    assert_eq!(ask(&source, "bob").await.unwrap(), ["dev"], "the connection that was kept is of the old one");
    slapd.stop();
    assert!(matches!(ask(&source, "bob").await, Err(AuthError::Unavailable { .. })));
    slapd.restart();
    assert_eq!(ask(&source, "bob").await.unwrap(), ["dev"]);
}

#[tokio::test]
async fn whoever_is_taken_out_of_a_group_is_out_at_once_unless_a_cache_is_asked_for() {
    let Some(slapd) = Slapd::start("whoever_is_taken_out_of_a_group_is_out_at_once") else { return };
    let ldap = LdapOptions { timeout: LONG, ..options(&slapd, slapd.url()) };
    let source = open(ldap.clone()).await;
    let caching = open(LdapOptions { cache_time: Duration::from_mins(1), ..ldap }).await;
    assert_eq!(ask(&source, "alice").await.unwrap(), ["dev", "ops"]);
    assert_eq!(ask(&caching, "alice").await.unwrap(), ["dev", "ops"]);
    slapd.take_alice_out_of_ops();
    assert_eq!(ask(&source, "alice").await.unwrap(), ["dev"]);
    assert_eq!(ask(&caching, "alice").await.unwrap(), ["dev", "ops"]);
}
