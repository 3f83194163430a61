//! The payloads of keys that orders make, read from the real Barbican and from a host of ours beside it. The keys are random;
//! their content type and their form must be the same.

use super::host::Host;
use portcullis_testing::openstack::client::Answer;
use portcullis_testing::{Barbican, KeyManager, Openstack, Regime};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is ordered: type, `meta`, and what the payloads of its secrets are read as.
fn orders() -> Vec<(&'static str, Value, &'static str)> {
    let rsa = |passphrase: Option<&str>| {
        let mut meta = json!({ "algorithm": "rsa", "bit_length": 2048 });
        if let Some(passphrase) = passphrase {
            meta["passphrase"] = json!(passphrase);
        }
        meta
    };
    let aes = |content_type: &str| json!({ "algorithm": "aes", "bit_length": 256, "payload_content_type": content_type });
    vec![
        ("key", json!({ "algorithm": "aes", "bit_length": 256 }), "application/octet-stream"),
        ("key", aes("application/octet-stream"), "application/octet-stream"),
        ("key", aes("text/plain"), "text/plain"),
        ("asymmetric", rsa(None), "application/octet-stream"),
        ("asymmetric", rsa(Some("hunter2")), "application/octet-stream"),
    ]
}

/// Content type and form of a payload: of PEM its first and last lines, of others the length.
fn form(answer: &Answer) -> String {
    let content_type = answer.header("Content-Type").unwrap_or("-");
    let Some(text) = std::str::from_utf8(&answer.body).ok().filter(|text| text.starts_with("-----")) else {
        return format!("{} {content_type}: {} bytes", answer.status, answer.body.len());
    };
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let width = lines[1].len();
    format!("{} {content_type}: {:?} {width} {:?}", answer.status, lines[0], lines.last())
}

/// The forms of all payloads by the names that containers have for them.
fn forms(key_manager: &KeyManager, token: &str, order: &(&str, Value, &str)) -> BTreeMap<String, String> {
    let (order_type, meta, accept) = order;
    let client = &key_manager.client;
    let path = |reference: &Value| {
        let reference = reference.as_str().unwrap();
        reference[reference.find("/v1/").unwrap()..].to_owned()
    };
    let get = |reference: &Value| client.get(&path(reference)).token(token).send().expect(200).json();
    let placed = client.call("POST", "/v1/orders").token(token);
    let placed = placed.json(&json!({ "type": order_type, "meta": meta })).send().expect(202).json();
    let order = get(&placed["order_ref"]);
    assert_eq!(order["status"], "ACTIVE", "{order}");
    let secrets = if order["secret_ref"].is_string() {
        vec![("key".to_owned(), order["secret_ref"].clone())]
    } else {
        let container = get(&order["container_ref"]);
        let held = container["secret_refs"].as_array().unwrap().iter();
        held.map(|held| (held["name"].as_str().unwrap().to_owned(), held["secret_ref"].clone())).collect()
    };
    let read = |secret: &Value| {
        let call = client.get(&format!("{}/payload", path(secret))).token(token).header("Accept", *accept);
        form(&call.send())
    };
    secrets.into_iter().map(|(name, secret)| (name, read(&secret))).collect()
}

#[test]
fn keys_of_orders_are_read_as_from_barbican() {
    let Some(openstack) = Openstack::needed() else { return };
    let host = Host::start(&openstack);
    let real = Barbican::start(&openstack.tools, openstack.keystone, Regime::Default, "");
    let token = openstack.keystone.token("owner_a");
    let mut wrong = Vec::new();
    for order in orders() {
        let theirs = forms(&real.key_manager, &token, &order);
        let ours = forms(&host.key_manager, &token, &order);
        if ours != theirs {
            wrong.push(format!("{} {}:\n  here     {ours:?}\n  Barbican {theirs:?}", order.0, order.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
