//! What orders make.

use serde_json::Value;
use std::collections::BTreeMap;

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
