//! Tokens, good and bad, and a provider that gives its keys or does not.

mod attributes;
mod fake;
mod issuers;
mod provider;
mod signer;

use super::*;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::json;
use signer::{Signer, base64};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use tempfile::TempDir;

fn seconds(from_now: i64) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + from_now
}

/// Good claims, with others put over them; null takes one away.
pub(super) fn claims(over: Value) -> Value {
    let mut claims =
        json!({ "iss": "https://id.example.org", "aud": "portcullis", "sub": "alice", "exp": seconds(60) });
    let Value::Object(over) = over else { panic!("claims are an object") };
    for (key, value) in over {
        claims[key] = value;
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn write(set: &Value) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    fs::write(&path, set.to_string()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    (folder, path)
}

fn options(keys: JwtKeys) -> JwtOptions {
    JwtOptions::new("https://id.example.org", "portcullis", keys)
}

fn open(options: JwtOptions) -> Result<Issuers, IdentityError> {
    Issuers::open(vec![options], None, &FileWatcher::idle())
}

async fn show(jwt: &Issuers, authorization: &str, now: Instant) -> Result<Principal, AuthError> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization.parse().unwrap())]);
    jwt.identify(&headers, now).await.map(|proved| proved.principal)
}

/// Why it was refused, or an empty text.
async fn refusal(jwt: &Issuers, token: &str) -> String {
    match show(jwt, &format!("Bearer {token}"), Instant::now()).await {
        Ok(_) => String::new(),
        Err(AuthError::Unauthorized { reason, .. }) => {
            assert!(!token.split('.').any(|part| part.len() > 8 && reason.contains(part)), "{reason}");
            reason
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_kind_of_signature() {
    let signer = Signer::new();
    let (_folder, path) = write(&signer.set(""));
    let jwt = open(options(JwtKeys::File(path))).unwrap();
    for (algorithm, id) in [
        ("RS256", "rsa"),
        ("RS384", "rsa"),
        ("RS512", "rsa"),
        ("PS256", "rsa"),
        ("PS384", "rsa"),
        ("PS512", "rsa"),
        ("ES256", "p256"),
        ("ES384", "p384"),
        ("EdDSA", "ed"),
    ] {
        let good = signer.sign(&json!({ "alg": algorithm, "kid": id }), &claims(json!({})));
        assert_eq!(refusal(&jwt, &good).await, "", "{algorithm}");
        let named_by_nobody = signer.sign(&json!({ "alg": algorithm }), &claims(json!({})));
        assert_eq!(refusal(&jwt, &named_by_nobody).await, "", "{algorithm}");
        let other = Signer::new().sign(&json!({ "alg": algorithm, "kid": id }), &claims(json!({})));
        let (message, _) = good.rsplit_once('.').unwrap();
        let forged = if id == "rsa" { format!("{message}.{}", base64([1; 256])) } else { other };
        assert!(refusal(&jwt, &forged).await.contains("signature is wrong"), "{algorithm}");
        let (head, _) = message.split_once('.').unwrap();
        let (_, seal) = good.rsplit_once('.').unwrap();
        let changed = format!("{head}.{}.{seal}", base64(claims(json!({ "sub": "root" })).to_string()));
        assert!(refusal(&jwt, &changed).await.contains("signature is wrong"), "{algorithm}");
    }
}

#[tokio::test]
async fn what_a_token_must_say() {
    let signer = Signer::new();
    let (_folder, path) = write(&signer.set(""));
    let jwt = open(options(JwtKeys::File(path))).unwrap();
    let header = json!({ "alg": "ES256", "kid": "p256" });
    for (over, part) in [
        (json!({}), ""),
        (json!({ "aud": ["other", "portcullis"] }), ""),
        (json!({ "exp": seconds(-20) }), ""),
        (json!({ "nbf": seconds(20) }), ""),
        (json!({ "exp": seconds(-40) }), "expired"),
        (json!({ "exp": null }), "`exp`"),
        (json!({ "exp": "soon" }), "`exp`"),
        (json!({ "nbf": seconds(60) }), "not valid yet"),
        (json!({ "nbf": "soon" }), "malformed"),
        (json!({ "iss": "https://id.example.com" }), "another issuer"),
        (json!({ "iss": null }), "`iss`"),
        (json!({ "iss": ["https://id.example.org", "x"] }), "several issuers"),
        (json!({ "aud": "other" }), "meant for others"),
        (json!({ "aud": [] }), "meant for others"),
        (json!({ "aud": null }), "`aud`"),
        (json!({ "sub": null }), "`sub`"),
        (json!({ "sub": 7 }), "`sub`"),
        (json!({ "sub": "" }), "empty"),
        (json!({ "sub": "a\nb" }), "control character"),
        (json!({ "sub": "b\u{f6}rge" }), ""),
        (json!({ "sub": "a".repeat(257) }), "longer than 256"),
    ] {
        let reason = refusal(&jwt, &signer.sign(&header, &claims(over.clone()))).await;
        assert!(reason.contains(part) && reason.is_empty() == part.is_empty(), "{over}: {reason}");
    }
}

#[tokio::test]
async fn which_tokens_are_not_looked_at() {
    let signer = Signer::new();
    let (_folder, path) = write(&signer.set(""));
    let jwt = open(options(JwtKeys::File(path))).unwrap();
    for (header, part) in [
        (json!({ "alg": "ES256", "kid": "p256", "typ": "JWT" }), ""),
        (json!({ "alg": "ES256", "kid": "p256", "typ": "at+jwt" }), ""),
        (json!({ "alg": "ES256", "kid": "p256", "typ": "application/at+JWT" }), ""),
        (json!({ "alg": "ES256", "kid": "p256", "typ": "logout+jwt" }), "another type"),
        (json!({ "alg": "ES256", "kid": "p256", "crit": ["exp"] }), "`crit`"),
        (json!({ "alg": "ES256", "kid": "p384" }), "not the provider's"),
        (json!({ "alg": "ES256", "kid": "p2" }), "not the provider's"),
        (json!({ "alg": "HS256", "kid": "p256" }), "shared secret"),
        (json!({ "alg": "none" }), "malformed"),
        (json!({ "alg": "None", "kid": "p256" }), "malformed"),
        (json!({ "alg": "ES256", "kid": 1 }), "malformed"),
        (json!({ "kid": "p256", "alg": "" }), "malformed"),
        (json!({ "alg": "ES256", "jwk": signer.set("")["keys"][0], "kid": "own" }), "not the provider's"),
    ] {
        let reason = refusal(&jwt, &signer.sign(&header, &claims(json!({})))).await;
        assert!(reason.contains(part) && reason.is_empty() == part.is_empty(), "{header}: {reason}");
    }
    let good = signer.sign(&json!({ "alg": "ES256", "kid": "p256" }), &claims(json!({})));
    let long = signer.sign(&json!({ "alg": "ES256" }), &claims(json!({ "x": "x".repeat(MAX_TOKEN) })));
    for (authorization, known) in [
        (format!("Bearer {good}"), true),
        (format!("bearer  {good} "), true),
        // As AWS's SDKs send a projected service account token.
        (good.clone(), true),
        (format!("{good}."), false),
        (good.rsplit_once('.').unwrap().0.into(), false),
        (format!("Basic {good}"), false),
        (format!("Bearer {good} {good}"), false),
        (format!("Bearer {good}."), false),
        (format!("Bearer {}", good.rsplit_once('.').unwrap().0), false),
        ("Bearer ".into(), false),
        ("Bearer".into(), false),
        (format!("Bearer {long}"), false),
    ] {
        let result = show(&jwt, &authorization, Instant::now()).await;
        assert_eq!(result.is_ok(), known, "{authorization}");
    }
}

#[tokio::test]
async fn what_becomes_of_the_claims() {
    let signer = Signer::new();
    let (_folder, path) = write(&signer.set(""));
    let by = |claim: &str| {
        let options = options(JwtKeys::File(path.clone()));
        open(JwtOptions { user_claim: claim.into(), ..options }).unwrap()
    };
    let header = json!({ "alg": "EdDSA", "kid": "ed" });
    let all = json!({ "email": "a@example.org", "name": "Alice", "preferred_username": 1, "picture": "x" });
    let token = format!("Bearer {}", signer.sign(&header, &claims(all)));
    let now = Instant::now();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let expected = Principal {
        name: Some("alice".into()),
        authentication: "token".into(),
        attributes: vec![pair("email", "a@example.org"), pair("name", "Alice")],
        ..Principal::default()
    };
    assert_eq!(show(&by("sub"), &token, now).await.unwrap(), expected);
    let by_email = Principal { name: Some("a@example.org".into()), ..expected };
    assert!(show(&by("email"), &token, now).await.is_err(), "nobody says that the address is theirs");
    for verified in [json!(true), json!("true")] {
        let said = json!({ "email": "a@example.org", "email_verified": verified, "name": "Alice" });
        let token = format!("Bearer {}", signer.sign(&header, &claims(said)));
        assert_eq!(show(&by("email"), &token, now).await.unwrap(), by_email);
    }
    for unverified in [json!(false), json!("false"), json!(1), json!("")] {
        let said = json!({ "email": "root@example.org", "email_verified": unverified, "name": "a\u{1b}b" });
        let token = format!("Bearer {}", signer.sign(&header, &claims(said)));
        assert_eq!(show(&by("sub"), &token, now).await.unwrap().attributes, [], "{unverified}");
        assert!(show(&by("email"), &token, now).await.is_err(), "{unverified}");
    }
}

#[tokio::test]
async fn a_file_of_keys_is_read_again() {
    let signer = Signer::new();
    let (_folder, path) = write(&signer.set(""));
    let jwt = open(options(JwtKeys::File(path.clone()))).unwrap();
    let token = |id: &str| {
        let token = signer.sign(&json!({ "alg": "ES256", "kid": id }), &claims(json!({})));
        format!("Bearer {token}")
    };
    let now = Instant::now();
    assert!(show(&jwt, &token("p256"), now).await.is_ok());
    fs::write(&path, signer.set("-2").to_string()).unwrap();
    jwt.recheck().unwrap();
    assert!(show(&jwt, &token("p256"), now).await.is_err());
    assert!(show(&jwt, &token("p256-2"), now).await.is_ok());
}

#[test]
fn options_that_make_no_sense() {
    let (_folder, path) = write(&Signer::new().set(""));
    let good = options(JwtKeys::File(path));
    assert!(open(good.clone()).is_ok());
    let (_other, empty) = write(&json!({ "keys": [] }));
    for bad in [
        JwtOptions { issuer: String::new(), ..good.clone() },
        JwtOptions { audiences: Vec::new(), ..good.clone() },
        JwtOptions { audiences: vec![String::new()], ..good.clone() },
        JwtOptions { user_claim: String::new(), ..good.clone() },
        JwtOptions { leeway: MAX_LEEWAY + Duration::from_secs(1), ..good.clone() },
        JwtOptions { keys: JwtKeys::File(empty), ..good.clone() },
        JwtOptions { keys: JwtKeys::File("/does/not/exist".into()), ..good.clone() },
        JwtOptions { keys: JwtKeys::Url { url: "http://id.example.org/".into(), ca: None }, ..good },
    ] {
        assert!(open(bad.clone()).is_err(), "{bad:?}");
    }
}

/// The time in `exp`, also where it has a fraction, unless the operator wants none.
#[tokio::test]
async fn when_a_token_expires() {
    let signer = Signer::new();
    let header = json!({ "alg": "ES256", "kid": "p256" });
    for (exp, ends, expected) in [
        (json!(4_000_000_000_u64), true, Some(4_000_000_000)),
        (json!(4_000_000_000.5), true, Some(4_000_000_000)),
        (json!(4_000_000_000_u64), false, None),
    ] {
        let (_folder, path) = write(&signer.set(""));
        let jwt = open(JwtOptions { session_ends_with_token: ends, ..options(JwtKeys::File(path)) }).unwrap();
        let token = format!("Bearer {}", signer.sign(&header, &claims(json!({ "exp": exp }))));
        let headers = HeaderMap::from_iter([(AUTHORIZATION, token.parse().unwrap())]);
        let until = jwt.identify(&headers, Instant::now()).await.unwrap().until;
        let expected = expected.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(until, expected, "{exp} {ends}");
    }
}
