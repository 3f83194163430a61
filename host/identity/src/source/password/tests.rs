//! Files and passwords, good and bad.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::TempDir;

/// By crypt(3) of glibc: `open sesame`.
const SESAME: &str = "$2b$04$kOmbOeSeIJEzZJP46LBo9OwEYCIzLrbI/L644mfXW5Kep5b8fhZ7u";
/// Of the tests of Argon2's reference implementation: `password`.
const PASSWORD: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn open(text: &str) -> (TempDir, Result<Passwords, IdentityError>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passwords");
    write(&path, text);
    let opened = Passwords::open(path, None, &FileWatcher::idle());
    // Turns of its own, so that other tests do not make it wait.
    let opened = opened.map(|passwords| Passwords { turns: Arc::new(Semaphore::new(2)), ..passwords });
    (folder, opened)
}

async fn ask(passwords: &Passwords, sent: &str, now: Instant) -> Result<String, AuthError> {
    ask_from(passwords, sent, "192.0.2.1", now).await
}

async fn ask_from(passwords: &Passwords, sent: &str, peer: &str, now: Instant) -> Result<String, AuthError> {
    let value = format!("Basic {}", STANDARD.encode(sent));
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
    let principal = passwords.identify(&headers, peer.parse().ok(), now).await?;
    assert_eq!(principal.authentication, "password");
    Ok(principal.name.unwrap())
}

async fn remembered(passwords: &Passwords) -> u64 {
    let known = passwords.file.current(Instant::now()).unwrap();
    known.right.run_pending_tasks().await;
    known.right.entry_count()
}

#[tokio::test]
async fn who_knows_the_password() {
    let text = format!("# people\n\nalice:{SESAME}\r\nb\u{f6}rge:{PASSWORD}\n");
    let (_folder, passwords) = open(&text);
    let passwords = passwords.unwrap();
    let now = Instant::now();
    for (sent, user) in [
        ("alice:open sesame", Some("alice")),
        ("alice:open sesame", Some("alice")),
        ("b\u{f6}rge:password", Some("b\u{f6}rge")),
        ("alice:password", None),
        ("alice:open sesam", None),
        ("Alice:open sesame", None),
        ("b\u{f6}rge:open sesame", None),
        ("# people:password", None),
        ("mallory:open sesame", None),
        ("mallory:password", None),
    ] {
        match ask(&passwords, sent, now).await {
            Ok(name) => assert_eq!(Some(name.as_str()), user, "{sent}"),
            Err(AuthError::Unauthorized { reason, .. }) => {
                assert!(user.is_none(), "{sent}: {reason}");
                assert!(!reason.contains("mallory") && !reason.contains("sesam"), "{reason}");
            }
            Err(other) => panic!("{sent}: {other:?}"),
        }
    }
    assert_eq!(remembered(&passwords).await, 2, "those that were right, and no other");
}

#[tokio::test]
async fn a_password_is_remembered_for_a_minute_and_no_other() {
    let (_folder, passwords) = open(&format!("alice:{SESAME}\n"));
    // Without turns nothing is computed at all.
    let mut passwords = Passwords { wait: Duration::from_millis(1), ..passwords.unwrap() };
    let start = Instant::now();
    assert!(ask(&passwords, "alice:open sesame", start).await.is_ok());
    passwords.turns = Arc::new(Semaphore::new(0));
    for (sent, seconds, good) in [
        ("alice:open sesame", 0, true),
        ("alice:open sesame!", 0, false),
        ("mallory:open sesame", 0, false),
        ("alice:open sesame", 59, true),
        ("alice:open sesame", 60, false),
    ] {
        let result = ask(&passwords, sent, start + Duration::from_secs(seconds)).await;
        match result {
            Ok(_) => assert!(good, "{sent} after {seconds} s"),
            Err(AuthError::Unavailable { .. }) => assert!(!good, "{sent} after {seconds} s"),
            Err(other) => panic!("{sent} after {seconds} s: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_change_of_the_file_counts_at_once() {
    let (folder, passwords) = open(&format!("alice:{SESAME}\nbob:{SESAME}\n"));
    let passwords = passwords.unwrap();
    let path = folder.path().join("passwords");
    let now = Instant::now();
    assert!(ask(&passwords, "alice:open sesame", now).await.is_ok());
    assert_eq!(remembered(&passwords).await, 1);
    write(&path, &format!("alice:{PASSWORD}\nbob:{SESAME}\n"));
    passwords.recheck().unwrap();
    assert!(ask(&passwords, "alice:open sesame", now).await.is_err());
    assert_eq!(remembered(&passwords).await, 0, "nothing outlives the file it was held against");
    assert!(ask(&passwords, "alice:password", now).await.is_ok());
    write(&path, "alice:nonsense\n");
    assert!(passwords.recheck().is_err());
    assert!(ask(&passwords, "alice:password", now).await.is_ok(), "a bad file changes nothing");
    write(&path, &format!("bob:{SESAME}\n"));
    passwords.recheck().unwrap();
    assert!(ask(&passwords, "alice:password", now).await.is_err());
    assert!(ask(&passwords, "bob:open sesame", now).await.is_ok());
}

#[tokio::test]
async fn an_unknown_user_costs_a_hash_too() {
    let (_folder, passwords) = open(&format!("alice:{SESAME}\n"));
    let mut passwords = Passwords { wait: Duration::from_millis(1), ..passwords.unwrap() };
    passwords.turns = Arc::new(Semaphore::new(0));
    for sent in ["alice:wrong", "mallory:wrong"] {
        let result = ask(&passwords, sent, Instant::now()).await;
        assert!(matches!(result, Err(AuthError::Unavailable { .. })), "{sent}: {result:?}");
    }
    passwords.turns = Arc::new(Semaphore::new(1));
    let result = ask(&passwords, "mallory:open sesame", Instant::now()).await;
    assert!(matches!(result, Err(AuthError::Unauthorized { .. })), "the decoy's password opens nothing");
}

#[tokio::test]
async fn wrong_passwords_are_limited_by_name_and_address() {
    let (_folder, passwords) = open(&format!("alice:{SESAME}\nbob:{SESAME}\n"));
    let (passwords, now) = (passwords.unwrap(), Instant::now());
    for n in 0..5 {
        let result = ask(&passwords, &format!("alice:wrong {n}"), now).await;
        assert!(matches!(result, Err(AuthError::Unauthorized { .. })), "{result:?}");
    }
    let Err(AuthError::Limited { retry_after }) = ask(&passwords, "alice:open sesame", now).await else {
        panic!("the sixth attempt was checked")
    };
    assert!((50..=60).contains(&retry_after.as_secs()), "{retry_after:?}");
    ask_from(&passwords, "alice:open sesame", "192.0.2.2", now).await.unwrap();
    // It is remembered by now, which takes no attempt.
    ask(&passwords, "alice:open sesame", now).await.unwrap();
    ask(&passwords, "bob:open sesame", now).await.unwrap();
}

#[tokio::test]
async fn no_more_than_two_at_once_and_the_third_waits() {
    let (_folder, passwords) = open(&format!("alice:{SESAME}\n"));
    let mut passwords = passwords.unwrap();
    assert_eq!(TURNS.available_permits(), 2);
    let busy = Arc::clone(&passwords.turns).acquire_many_owned(2).await.unwrap();
    passwords.wait = Duration::from_millis(1);
    let result = ask(&passwords, "alice:open sesame", Instant::now()).await;
    assert!(matches!(result, Err(AuthError::Unavailable { .. })), "{result:?}");
    passwords.wait = Duration::from_mins(10);
    let (result, ()) =
        tokio::join!(ask(&passwords, "alice:open sesame", Instant::now()), async { drop(busy) });
    assert_eq!(result.unwrap(), "alice");
    assert_eq!(passwords.turns.available_permits(), 2);
}

#[test]
fn files_that_cannot_be_used_are_refused_by_line() {
    let line = |text: &str| format!("# one\nbob:{SESAME}\n{text}\n");
    let cost = |cost: &str| SESAME.replacen("04", cost, 1);
    let table = [
        (line("alice"), "must be `user:hash`"),
        (line(&format!(":{SESAME}")), "is empty"),
        (line(&format!("{}:{SESAME}", "a".repeat(257))), "longer than 256"),
        (line(&format!("a\u{7}:{SESAME}")), "control character"),
        (line(&format!("bob:{PASSWORD}")), "same user"),
        (line("alice:"), "neither bcrypt"),
        (line("alice:open sesame"), "neither bcrypt"),
        (line("alice:$apr1$salt$qZOsAhMPPBVdGkXHzJPbr."), "neither bcrypt"),
        (line("alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="), "neither bcrypt"),
        (line(&format!("alice:{}", SESAME.replacen("$2b$", "$2x$", 1))), "neither bcrypt"),
        (line(&format!("alice:{SESAME}:1000")), "malformed"),
        (line(&format!("alice:{}", cost("16"))), "4 to 15"),
        (line(&format!("alice:{}", cost("31"))), "4 to 15"),
        (line(&format!("alice:{}", cost("03"))), "4 to 15"),
        (line(&format!("alice:{}", PASSWORD.replacen("v=19$", "", 1))), "must say `v=19`"),
        (line(&format!("alice:{}", PASSWORD.replacen("m=256", "m=262145", 1))), "at most"),
        (line(&format!("alice:{}", PASSWORD.replacen("t=2", "t=17", 1))), "at most"),
        (line(&format!("alice:{}", PASSWORD.replacen("id", "i", 1))), "neither bcrypt"),
        (line("alice:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ"), "malformed"),
    ];
    for (text, part) in table {
        let (_folder, opened) = open(&text);
        let error = opened.err().unwrap_or_else(|| panic!("{text} was taken")).to_string();
        assert!(error.contains(part) && error.contains("line 3"), "{error}");
        assert!(!error.contains("sesame") && !error.contains("kOmb") && !error.contains("c29t"), "{error}");
    }
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passwords");
    write(&path, &format!("alice:{SESAME}\n"));
    for (mode, good) in [(0o600, true), (0o640, true), (0o400, true), (0o660, false), (0o644, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(Passwords::open(path.clone(), None, &FileWatcher::idle()).is_ok(), good, "{mode:o}");
    }
    assert!(Passwords::open(folder.path().join("none"), None, &FileWatcher::idle()).is_err());
}

#[test]
fn the_parts_of_a_mac_do_not_run_into_each_other() {
    let known = PasswordFile::new(BTreeMap::new()).unwrap();
    assert_ne!(known.mac(&[b"ab", b"c"]), known.mac(&[b"a", b"bc"]));
    assert_ne!(
        known.mac(&[b"a"]),
        PasswordFile::new(BTreeMap::new()).unwrap().mac(&[b"a"]),
        "a key of its own"
    );
    assert!(known.decoy("alice").is_none());
}
