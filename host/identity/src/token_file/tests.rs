//! Files, good and bad.

use super::*;
use http::{HeaderMap, HeaderValue, Method};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;
use tempfile::TempDir;

use crate::Tokens;

fn hex(token: &str) -> String {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn write(text: &str, mode: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (folder, path)
}

fn open(path: PathBuf) -> Result<TokenFile, IdentityError> {
    TokenFile::open(path, None, &FileWatcher::idle())
}

fn entry(token: &str, rest: &str) -> String {
    format!("[[tokens]]\nsha256 = \"{}\"\n{rest}\n", hex(token))
}

fn now(text: &str) -> Clock {
    Clock { time: humantime::parse_rfc3339(text).unwrap(), tick: Instant::now() }
}

fn ask(file: &TokenFile, headers: &[(&'static str, &str)], at: &str) -> Result<Requester, AuthError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    file.identify(RequestCredentials::read(&map)?, now(at))
}

const DAY: &str = "2026-06-01T00:00:00Z";

#[test]
fn a_token_is_whom_its_entry_says() {
    let text = entry(
        "t-alice",
        "user = \"alice\"\nuser_name = \"Alice\"\nuser_domain = \"d\"\nproject = \"p\"\nproject_name = \"P\"\n\
         project_domain = \"pd\"\nroles = [\"member\", \"reader\"]\ngroups = [\"ops\"]\nexpires = 2026-06-01T00:00:01Z",
    ) + &entry("t-bob", "user = \"bob\"");
    let (_folder, path) = write(&text, 0o600);
    let file = open(path).unwrap();
    let alice = ask(&file, &[("x-auth-token", " t-alice ")], DAY).unwrap();
    assert_eq!(
        alice,
        Requester {
            user: Some("alice".into()),
            user_name: Some("Alice".into()),
            user_domain: Some("d".into()),
            project: Some("p".into()),
            project_name: Some("P".into()),
            project_domain: Some("pd".into()),
            scope: "project".into(),
            roles: vec!["member".into(), "reader".into()],
            groups: vec!["ops".into()],
            application_credential: None,
            service_roles: vec![],
            attributes: vec![("auth-methods".into(), "token-file".into())],
        }
    );
    let bob = ask(&file, &[("x-storage-token", "t-bob")], DAY).unwrap();
    assert_eq!((bob.user.as_deref(), bob.scope.as_str()), (Some("bob"), "unscoped"));
    // The hash is no token.
    for token in ["t-alicE", "t-alice2", "t", &hex("t-alice")] {
        assert!(ask(&file, &[("x-auth-token", token)], DAY).is_err(), "{token}");
    }
    let expired = ask(&file, &[("x-auth-token", "t-alice")], "2026-06-01T00:00:01Z").unwrap_err();
    assert_eq!(expired, AuthError::unauthorized("the token has expired"));
    assert_eq!(ask(&file, &[], DAY).unwrap_err(), AuthError::unauthorized("no token"));
}

#[test]
fn a_service_may_call_on_a_users_behalf() {
    let text = entry("t-user", "user = \"u\"\nexpires = 2026-06-02T00:00:00Z")
        + &entry("t-octavia", "user = \"octavia\"\nroles = [\"service\"]")
        + &entry("t-other", "user = \"other\"\nroles = [\"member\"]");
    let (_folder, path) = write(&text, 0o600);
    let file = open(path).unwrap();
    let ask = |service, at| ask(&file, &[("x-auth-token", "t-user"), ("x-service-token", service)], at);
    let requester = ask("t-octavia", DAY).unwrap();
    assert_eq!(requester.user.as_deref(), Some("u"));
    assert_eq!(requester.service_roles, ["service"]);
    assert!(requester.attributes.contains(&("service-user".into(), "octavia".into())));
    assert!(ask("t-other", DAY).unwrap_err().to_string().contains("role"));
    assert!(ask("t-nobody", DAY).unwrap_err().to_string().contains("service token"));
    assert!(ask("t-octavia", "2026-06-02T00:00:00Z").is_err(), "an expired token stays expired");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let good = entry("a", "user = \"u\"");
    for (text, expected) in [
        ("x = 1".to_owned(), "line 1: unknown field"),
        (format!("{good}password = \"x\""), "unknown field `password`"),
        ("[[tokens]]\nuser = \"u\"\nsha256 = \"abc\"".into(), "line 1: `sha256` must be 64"),
        (format!("[[tokens]]\nuser = \"u\"\nsha256 = \"{}\"", "g".repeat(64)), "`sha256` must be 64"),
        (format!("[[tokens]]\nsha256 = \"{}\"", hex("a")), "missing field `user`"),
        ("[[tokens]]\nuser = \"u\"".into(), "missing field `sha256`"),
        (format!("{good}{good}"), "line 4: another entry has the same `sha256`"),
        (entry("a", "user = \"\""), "is empty"),
        (entry("a", "user = \"u\"\nroles = [\"\"]"), "is empty"),
        (entry("a", "user = \"u\"\nexpires = 2027-01-31T00:00:00"), "`expires` must be"),
        (entry("a", "user = \"u\"\nexpires = 2027-01-31"), "`expires` must be"),
        (entry("a", "user = \"u\"\nexpires = 2027-01-31T00:00:00+02:00"), "`expires` must be"),
        (entry("a", "user = \"u\"\nexpires = 12"), "line 4"),
        ("[[tokens]\n".into(), "line 1"),
    ] {
        let (_folder, path) = write(&text, 0o600);
        let error = open(path).err().map(|error| error.to_string());
        assert!(
            error.as_ref().is_some_and(|error| error.contains(expected)),
            "{text}\n{error:?}\n{expected}"
        );
    }
}

#[test]
fn a_file_that_others_can_reach_is_refused() {
    for (mode, good) in [
        (0o600, true),
        (0o400, true),
        (0o640, true),
        (0o644, false),
        (0o604, false),
        (0o620, false),
        (0o602, false),
        (0o601, false),
    ] {
        let (_folder, path) = write("", mode);
        assert_eq!(open(path).is_ok(), good, "{mode:o}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(open(folder.path().join("absent")).is_err());
    assert!(open(folder.path().into()).is_err());
    let (_folder, path) = write(&"#".repeat((1 << 20) + 1), 0o600);
    assert!(open(path).is_err());
}

#[test]
fn the_old_file_holds_until_the_new_one_can_be_used() {
    let (_folder, path) = write(&entry("old", "user = \"u\""), 0o600);
    let file = open(path.clone()).unwrap();
    let known = |token: &'static str| ask(&file, &[("x-auth-token", token)], DAY).is_ok();
    assert!(!file.reload().unwrap());
    fs::write(&path, entry("new", "usr = \"u\"")).unwrap();
    assert!(file.reload().is_err() && known("old"));
    fs::write(&path, entry("new", "user = \"u\"")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(file.reload().is_err() && known("old"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(file.reload().unwrap() && known("new") && !known("old"));
    fs::remove_file(&path).unwrap();
    assert!(file.reload().is_err() && known("new"));
}

#[tokio::test]
async fn a_changed_file_is_seen() {
    let (_folder, path) = write(&entry("old", "user = \"u\""), 0o600);
    let watcher = FileWatcher::start().unwrap();
    let tokens = Tokens::file(&path, None, &watcher).unwrap();
    assert_eq!(tokens.challenge(), None);
    fs::write(&path, entry("new", "user = \"u\"")).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-auth-token", HeaderValue::from_static("new"));
    while tokens.identify(&headers, &Method::GET, "/").await.is_err() {
        tokio::task::yield_now().await;
    }
}
