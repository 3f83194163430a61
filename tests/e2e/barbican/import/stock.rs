//! What a Barbican is filled with before an import, and everything that can be read of it.

use portcullis_testing::{KeyManager, Openstack};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TYPES: [&str; 6] = ["symmetric", "public", "private", "passphrase", "certificate", "opaque"];

/// Fills it: secrets of every type, with and without payloads, ACLs, metadata and consumers, containers that hold them, orders
/// and quotas. What is deleted again is no part of it.
pub(super) fn make(openstack: &Openstack, to: &KeyManager, secrets: usize) {
    let (own, other) = (openstack.keystone.token("owner_a"), openstack.keystone.token("member_b"));
    let mut made = Vec::new();
    for number in 0..secrets {
        let token = if number % 7 == 6 { &other } else { &own };
        let id = secret(to, token, number);
        if number % 9 == 8 {
            let path = format!("/v1/secrets/{id}");
            to.client.call("DELETE", &path).token(token).send().expect(204);
        } else if number % 7 != 6 {
            made.push(id);
        }
    }
    for (number, held) in made.chunks(3).filter(|held| held.len() == 3).enumerate().step_by(4) {
        container(to, &own, number, held);
    }
    for meta in [
        json!({ "algorithm": "aes", "bit_length": 256, "mode": "cbc", "name": "ü" }),
        json!({ "algorithm": "hmacsha256", "bit_length": 128, "expiration": "2095-01-02T03:04:05" }),
        json!({ "algorithm": "aes", "bit_length": 1024 }),
        json!({ "algorithm": "aes", "bit_length": 128, "payload_content_type": "text/plain" }),
    ] {
        order(to, &own, "key", &meta);
    }
    order(to, &other, "asymmetric", &json!({ "algorithm": "rsa", "bit_length": 2048, "name": "pair" }));
    let quotas = json!({ "project_quotas": { "secrets": 100_000, "orders": -1, "consumers": 7000 } });
    let path = format!("/v1/project-quotas/{}", openstack.keystone.project("project_b"));
    let admin = openstack.keystone.token("admin_a");
    to.client.call("PUT", &path).token(&admin).json(&quotas).send().expect(204);
}

fn secret(to: &KeyManager, token: &str, number: usize) -> String {
    let mut secret =
        json!({ "name": format!("secret {number} ü"), "secret_type": TYPES[number % TYPES.len()] });
    match number % 4 {
        0 => {
            secret["payload"] = json!(format!("payload {number} ü €"));
            secret["payload_content_type"] = json!("text/plain");
        }
        1 => {
            secret["payload"] = json!(["AAECAwQF", "/+7//w==", "gAAAAA=="][number % 3]);
            secret["payload_content_type"] = json!("application/octet-stream");
            secret["payload_content_encoding"] = json!("base64");
            secret["algorithm"] = json!("aes");
            secret["bit_length"] = json!(number % 512 + 8);
            secret["mode"] = json!("cbc");
        }
        2 => {
            secret["payload"] = json!("MIIBIjANBgkq");
            secret["payload_content_type"] = json!("application/pkcs8");
            secret["payload_content_encoding"] = json!("base64");
            secret["expiration"] = json!("2095-01-02T03:04:05.678901");
        }
        _ => {}
    }
    let id = to.create(token, "secret", &secret);
    let path = format!("/v1/secrets/{id}");
    let call = |method: &str, path: &str| to.client.call(method, path).token(token);
    if number % 8 == 7 {
        let put = call("PUT", &path).header("Content-Type", "text/plain");
        put.body(format!("later {number}")).send().expect(204);
    }
    if number.is_multiple_of(3) {
        let users: Vec<_> = (0..number % 5).map(|user| format!("user-{user}")).collect();
        to.set_acl(token, "PUT", &id, &json!({ "users": users, "project-access": number.is_multiple_of(2) }));
    }
    if number % 5 == 1 {
        for resource in 0..2 {
            let consumer =
                json!({ "service": "lb", "resource_type": "listener", "resource_id": resource.to_string() });
            call("POST", &format!("{path}/consumers")).json(&consumer).send().expect(200);
        }
    }
    if number % 5 == 2 {
        let metadata = json!({ "metadata": { "a": "1", "key": format!("ü {number}") } });
        call("PUT", &format!("{path}/metadata")).json(&metadata).send().expect(201);
    }
    id
}

fn container(to: &KeyManager, token: &str, number: usize, held: &[String]) {
    let reference = |id: &String| format!("http://{}/v1/secrets/{id}", to.client.address());
    let names: [&str; 3] = match number % 3 {
        0 => ["certificate", "private_key", "intermediates"],
        1 => ["public_key", "private_key", "private_key_passphrase"],
        _ => ["a", "b", "ü"],
    };
    let references: Vec<_> = names
        .iter()
        .zip(held)
        .map(|(name, id)| json!({ "name": name, "secret_ref": reference(id) }))
        .collect();
    let kind = ["certificate", "rsa", "generic"][number % 3];
    let container = json!({ "name": format!("container {number}"), "type": kind, "secret_refs": references });
    let id = to.create(token, "container", &container);
    let path = format!("/v1/containers/{id}");
    let call = |method: &str, path: &str| to.client.call(method, path).token(token);
    let acl = json!({ "read": { "users": ["user-1"], "project-access": false } });
    call("PUT", &format!("{path}/acl")).json(&acl).send().expect(200);
    for name in ["lb-1", "lb-2"] {
        let consumer = json!({ "name": name, "URL": format!("http://lb.example.org/{name}") });
        call("POST", &format!("{path}/consumers")).json(&consumer).send().expect(200);
    }
}

fn order(to: &KeyManager, token: &str, kind: &str, meta: &Value) {
    let order = json!({ "type": kind, "meta": meta });
    to.client.call("POST", "/v1/orders").token(token).json(&order).send().expect(202);
}

/// Everything that its users can read, by path.
pub(super) fn everything(openstack: &Openstack, of: &KeyManager) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for user in ["owner_a", "member_b"] {
        let token = openstack.keystone.token(user);
        for kind in ["secrets", "containers", "orders"] {
            for entity in list(of, &token, kind) {
                let reference = ["secret_ref", "container_ref", "order_ref"].iter().find_map(|name| {
                    entity[*name].as_str().filter(|reference| reference.contains(&format!("/{kind}/")))
                });
                let path = reference.unwrap().split_once("/v1").unwrap().1.to_owned();
                for (path, accept) in parts(kind, &path, &entity) {
                    let call = of.client.get(&format!("/v1{path}")).token(&token).header("Accept", accept);
                    let answer = call.send();
                    let text = String::from_utf8(answer.body.clone());
                    let text = text.unwrap_or_else(|_| format!("{:?}", answer.body));
                    all.insert(path, format!("{} {}", answer.status, normal(of, &text)));
                }
                all.insert(path, normal(of, &entity.to_string()));
            }
        }
    }
    let admin = openstack.keystone.token("admin_a");
    let quotas = of.client.get("/v1/project-quotas").token(&admin).send().expect(200).text();
    all.insert("/project-quotas".into(), normal(of, &quotas));
    all
}

/// What an entity has below its path, and as what it is read.
fn parts(kind: &str, path: &str, entity: &Value) -> Vec<(String, String)> {
    let json = |part: &str| (format!("{path}/{part}"), "application/json".to_owned());
    match kind {
        "secrets" => {
            let content_type = entity["content_types"]["default"].as_str().unwrap_or("text/plain");
            let payload = (format!("{path}/payload"), content_type.to_owned());
            vec![payload, json("acl"), json("metadata"), json("consumers?limit=100")]
        }
        "containers" => vec![json("acl"), json("consumers?limit=100")],
        _ => Vec::new(),
    }
}

fn list(of: &KeyManager, token: &str, kind: &str) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let call = of.client.get(&format!("/v1/{kind}?limit=100&offset={}", all.len())).token(token);
        let page = call.header("OpenStack-API-Version", "key-manager 1.1").send().expect(200).json();
        all.extend(page[kind].as_array().unwrap().iter().cloned());
        if all.len() >= usize::try_from(page["total"].as_u64().unwrap()).unwrap() {
            return all;
        }
    }
}

/// Without the server's address, and with lists that have no order in one.
fn normal(of: &KeyManager, text: &str) -> String {
    let text = text.replace(&format!("http://{}", of.client.address()), "<base>");
    let Ok(mut json) = serde_json::from_str::<Value>(&text) else { return text };
    sort(&mut json);
    json.to_string()
}

fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(sort);
            items.sort_by_key(ToString::to_string);
        }
        Value::Object(members) => members.values_mut().for_each(sort),
        _ => {}
    }
}
