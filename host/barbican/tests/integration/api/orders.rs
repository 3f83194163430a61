//! What orders make.

use axum::http::{HeaderMap, HeaderValue, Method};
use portcullis_authorization::{NotReady, Refused};
use portcullis_barbican::api::{BarbicanApi, Options};
use portcullis_barbican::decide::{Decider, Deciding, Question};
use portcullis_barbican::identify::{Identify, Identifying};
use portcullis_barbican::vault::{Filter, Kind, Scope};
use portcullis_identity::AuthError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::regime::{Actors, Barbican23};
use super::world::{HREF, World, ok};

/// The secrets of the container that an order of `owner_a` has made: document and payload by name.
async fn pair(world: &World, meta: &str) -> BTreeMap<String, (Value, String)> {
    let order = world.order_of("asymmetric", meta).await;
    let shown = world.get("owner_a", &order).await;
    ok(&shown);
    assert!(!shown.text().contains("hunter2"), "{}", shown.text());
    let path = |reference: &Value| reference.as_str().unwrap().strip_prefix(HREF).unwrap().to_owned();
    let container = world.get("owner_a", &path(&shown.json()["container_ref"])).await.json();
    assert_eq!(container["type"], "rsa");
    let mut secrets = BTreeMap::new();
    for held in container["secret_refs"].as_array().unwrap() {
        let secret = path(&held["secret_ref"]);
        let document = world.get("owner_a", &secret).await.json();
        let line = format!("GET {secret}/payload | Accept: application/octet-stream");
        let payload = world.ask("owner_a", &line, "").await;
        secrets.insert(held["name"].as_str().unwrap().to_owned(), (document, payload.text().to_owned()));
    }
    secrets
}

#[tokio::test]
async fn a_key_pair_is_made_of_what_the_order_says() {
    let world = World::new().await;
    let meta = r#"{"algorithm":"rsa","bit_length":2048,"name":"n","expiration":"2090-01-01"}"#;
    let secrets = pair(&world, meta).await;
    assert_eq!(secrets.keys().collect::<Vec<_>>(), ["private_key", "public_key"]);
    for (name, secret_type) in [("private_key", "private"), ("public_key", "public")] {
        let document = &secrets[name].0;
        assert_eq!(document["secret_type"], secret_type);
        assert_eq!((&document["name"], &document["bit_length"]), (&"n".into(), &2048.into()));
        assert_eq!(document["expiration"], "2090-01-01T00:00:00");
    }
    let key = rcgen::KeyPair::from_pem(&secrets["private_key"].1).unwrap();
    let lines = |pem: &str| pem.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&key.public_key_pem()), lines(&secrets["public_key"].1));

    let meta = r#"{"algorithm":"rsa","bit_length":1024,"passphrase":"hunter2"}"#;
    let secrets = pair(&world, meta).await;
    assert!(secrets["private_key"].1.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let (document, passphrase) = &secrets["private_key_passphrase"];
    assert_eq!((&document["secret_type"], passphrase.as_str()), (&"passphrase".into(), "hunter2"));
}

#[tokio::test]
async fn keys_have_their_length_and_no_two_are_alike() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for (bits, mode) in [(64, "cbc"), (256, "cbc"), (256, "cbc"), (512, "xts")] {
        let meta = format!(r#"{{"algorithm":"aes","bit_length":{bits},"mode":"{mode}"}}"#);
        let order = world.get("owner_a", &world.order(&meta).await).await.json();
        let secret = order["secret_ref"].as_str().unwrap().strip_prefix(HREF).unwrap().to_owned();
        let line = format!("GET {secret}/payload | Accept: application/octet-stream");
        let key = world.ask("owner_a", &line, "").await.body;
        assert_eq!(key.len() * 8, bits);
        keys.push(key);
    }
    assert_ne!(keys[1], keys[2]);
    assert!(keys.iter().all(|key| key.iter().any(|byte| *byte != 0)));
}

#[tokio::test]
async fn d37_an_order_makes_secrets_of_its_own_creator_and_project() {
    let world = World::new().await;
    let (other, project) = (world.actors.id("admin_b"), world.actors.project("project_b"));
    let meta =
        format!(r#"{{"algorithm":"aes","bit_length":128,"creator_id":"{other}","project_id":"{project}"}}"#);
    let order = world.get("owner_a", &world.order(&meta).await).await.json();
    let secret = order["secret_ref"].as_str().unwrap().strip_prefix(HREF).unwrap().to_owned();
    let shown = world.get("owner_a", &secret).await.json();
    assert_eq!(shown["creator_id"], world.actors.id("owner_a"));
    assert_eq!(world.get("owner_a", "/v1/secrets").await.json()["total"], 1);
    assert_eq!(world.get("member_b", "/v1/secrets").await.json()["total"], 0);
}

/// Says yes so many times.
struct Allows(AtomicUsize);

impl Decider for Allows {
    fn ready(&self) -> Result<(), NotReady> {
        Ok(())
    }

    fn decide(&self, question: Question) -> Deciding<'_> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let refused = || Refused::by_host("test:no", "not any more", &question.access.context.decision);
        Box::pin(std::future::ready(left.map(drop).map_err(|_| refused())))
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        Box::pin(std::future::ready(Err(Refused::by_host(rule, reason, &question.access.context.decision))))
    }
}

#[tokio::test]
async fn a_right_that_was_lost_while_a_pair_was_made_makes_nothing() {
    let body = r#"{"type":"asymmetric","meta":{"algorithm":"rsa","bit_length":1024}}"#;
    for (allowed, status) in [(1, 403), (2, 202)] {
        let decider = Arc::new(Allows(AtomicUsize::new(allowed)));
        let world = World::deciding(decider.clone()).await;
        let placed = world.json("owner_a", "POST /v1/orders", body).await;
        assert_eq!(placed.status, status, "{}", placed.text());
        assert_eq!(decider.0.swap(9, Ordering::Relaxed), 0);
        let made = u64::from(status == 202);
        for (path, count) in [("/v1/orders", made), ("/v1/containers", made), ("/v1/secrets", 2 * made)] {
            assert_eq!(world.get("owner_a", path).await.json()["total"], count, "{path}");
        }
    }
}

/// Knows each token for the first time it is shown.
struct Forgets(Arc<Actors>, AtomicUsize);

impl Identify for Forgets {
    fn identify<'a>(&'a self, headers: &'a HeaderMap, method: &'a Method, path: &'a str) -> Identifying<'a> {
        if self.1.fetch_add(1, Ordering::Relaxed) == 0 {
            return self.0.identify(headers, method, path);
        }
        let revoked = AuthError::Unauthorized { reason: "the token was revoked".into(), login: None };
        Box::pin(std::future::ready(Err(revoked)))
    }

    fn challenge(&self) -> Option<HeaderValue> {
        self.0.challenge()
    }
}

#[tokio::test]
async fn a_token_that_was_revoked_while_a_pair_was_made_makes_nothing() {
    let mut world = World::new().await;
    let identify = Arc::new(Forgets(Arc::clone(&world.actors), AtomicUsize::new(0)));
    world.api = BarbicanApi::with(Arc::new(Barbican23), identify, world.vault.clone(), Options::default());
    let body = r#"{"type":"asymmetric","meta":{"algorithm":"rsa","bit_length":1024}}"#;
    let placed = world.json("owner_a", "POST /v1/orders", body).await;
    assert_eq!(placed.status, 401, "{}", placed.text());
    assert!(placed.header("www-authenticate").is_some());
    let project = world.actors.project("project_a");
    assert_eq!(world.vault.list_orders(project, None, 0, 9).await.unwrap().total, 0);
    let secrets = world.vault.list(Kind::Secret, &Filter::new(Scope::Project(project.into()))).await;
    assert_eq!(secrets.unwrap().total, 0);
}

#[tokio::test]
async fn d43_a_pattern_of_meta_has_so_many_bytes_at_most() {
    let world = World::new().await;
    world.order(r#"{"algorithm":"aes","bit_length":128}"#).await;
    // Two `%` and two quotes are the rest of the 255.
    for (text, times, status) in [
        ("a", 251, 200),
        ("a", 252, 400),
        ("%25", 251, 200),
        ("%25", 252, 400),
        ("%7f", 41, 200),
        ("%7f", 42, 400),
    ] {
        let listed = world.get("owner_a", &format!("/v1/orders?meta={}", text.repeat(times))).await;
        assert_eq!(listed.status, status, "{text} {times}");
    }
}

#[tokio::test]
async fn d45_what_an_order_makes_counts_for_the_quotas_of_secrets_and_containers() {
    let world = World::new().await;
    let key = r#"{"type":"key","meta":{"algorithm":"aes","bit_length":128}}"#;
    let pair = r#"{"type":"asymmetric","meta":{"algorithm":"rsa","bit_length":1024}}"#;
    let path = format!("PUT /v1/project-quotas/{}", world.actors.project("project_a"));
    for (quotas, order, status) in [
        (r#"{"secrets":0}"#, key, 403),
        (r#"{"secrets":1}"#, key, 202),
        (r#"{"secrets":2}"#, pair, 403),
        (r#"{"secrets":3,"containers":0}"#, pair, 403),
        (r#"{"secrets":3,"containers":1}"#, pair, 202),
    ] {
        let set = world.json("admin_a", &path, &format!(r#"{{"project_quotas":{quotas}}}"#)).await;
        assert_eq!(set.status, 204, "{}", set.text());
        let placed = world.json("owner_a", "POST /v1/orders", order).await;
        assert_eq!(placed.status, status, "{quotas}: {}", placed.text());
        if status == 403 {
            assert!(placed.description().ends_with("a quota has been reached."), "{}", placed.text());
        }
    }
}
