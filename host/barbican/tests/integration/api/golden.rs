//! Exchanges recorded with Barbican 23.0.0 and Keystone 30.0.0, asked again here.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use serde_json::Value;
use std::collections::BTreeMap;

use super::compare::{normal, without_explanation};
use super::known::{CONSUMERS, ENTITIES, GOLDEN, LISTS, METADATA, ORDERS, ORDERS_MADE, QUOTAS};
use super::regime::data;
use super::world::{Answer, World};

/// What of a recorded answer is compared besides status and body.
const HEADERS: [&str; 6] =
    ["Content-Type", "Allow", "Openstack-Api-Version", "Vary", "Www-Authenticate", "Location"];

/// Asks for what was recorded, in order; says what goes otherwise.
struct Replay {
    world: World,
    entities: BTreeMap<String, String>,
}

impl Replay {
    async fn new() -> Self {
        Self { world: World::new().await, entities: BTreeMap::new() }
    }

    /// An entity that is made when it is first named, or the id that an answer gave.
    async fn entity(&mut self, key: &str) -> String {
        if !self.entities.contains_key(key) && key.contains('#') {
            let path = if key.starts_with("secret") {
                self.world.secret().await
            } else {
                self.world.container().await
            };
            self.entities.insert(key.into(), path.rsplit('/').next().unwrap().into());
        }
        self.entities.get(key).cloned().unwrap_or_else(|| format!("{{{key}}}"))
    }

    async fn fill(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            rest = after;
            let name = after.split_once('}').map_or("", |(name, _)| name);
            let is_name = |c: char| c.is_ascii_alphanumeric() || "#:_".contains(c);
            if name.is_empty() || !name.chars().all(is_name) || !name.starts_with(|c: char| c.is_alphabetic())
            {
                filled.push('{');
                continue;
            }
            match name.strip_prefix("user:") {
                Some(user) => filled.push_str(self.world.actors.id(user)),
                None => filled.push_str(&self.entity(name).await),
            }
            rest = &after[name.len() + 1..];
        }
        filled + rest
    }

    async fn ask(&mut self, recorded: &Value) -> Answer {
        let name = recorded["name"].as_str().unwrap();
        let mut path = self.fill(recorded["path_template"].as_str().unwrap()).await;
        let key = if path.contains("/secrets/") { "secret#1" } else { "container#1" };
        if name.ends_with("uuid without dashes") {
            path = format!("/v1/{}s/{}/acl", &key[..key.len() - 2], self.entity(key).await.replace('-', ""));
        } else if name.ends_with("uuid uppercase") {
            path = format!("/v1/{}s/{}/acl", &key[..key.len() - 2], self.entity(key).await.to_uppercase());
        }
        let mut request = Request::builder().method(recorded["method"].as_str().unwrap()).uri(&path);
        for (name, value) in recorded["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            let value = match (value.find('<'), value.find(" token>")) {
                (Some(begin), Some(end)) => {
                    format!("{}token-of-{}{}", &value[..begin], &value[begin + 1..end], &value[end + 7..])
                }
                _ => value.to_owned(),
            };
            request = request.header(name, value);
        }
        let body = match recorded["body"].as_str() {
            None => Vec::new(),
            Some(text) => match text.strip_prefix("base64:") {
                Some(text) => base64::engine::general_purpose::STANDARD.decode(text).unwrap(),
                None => self.fill(text).await.into_bytes(),
            },
        };
        let answer = self.world.send(request.body(Body::from(body)).unwrap()).await;
        if let Some(key) = recorded["save"].as_str().filter(|_| (200..300).contains(&answer.status)) {
            let text = answer.text();
            let id = text.trim_end_matches("\"}").rsplit('/').next().unwrap().to_owned();
            self.entities.insert(key.into(), id);
        }
        answer
    }

    /// What goes otherwise than recorded.
    fn differences(&self, recorded: &Value, answer: &Answer) -> Vec<String> {
        let mut differences = Vec::new();
        let mut differ = |what: &str, ours: &str, theirs: &str| {
            if ours != theirs {
                differences.push(format!("{what}:\n  here     {ours:.600}\n  Barbican {theirs:.600}"));
            }
        };
        differ("status", &answer.status.to_string(), &recorded["status"].to_string());
        if recorded["method"] != "HEAD" {
            let theirs = recorded["response_body"].as_str().unwrap();
            let ours = match std::str::from_utf8(&answer.body) {
                Ok(text) => without_explanation(text),
                Err(_) => {
                    format!("base64:{}", base64::engine::general_purpose::STANDARD.encode(&answer.body))
                }
            };
            differ("body", &self.known(&normal(&ours)), &normal(&self.known(&self.named(theirs))));
        }
        for name in HEADERS {
            let theirs = recorded["response_headers"][name].as_str().map(|text| normal(&self.named(text)));
            let ours = answer.header(name).map(normal);
            differ(name, ours.as_deref().unwrap_or("absent"), theirs.as_deref().unwrap_or("absent"));
        }
        let theirs = recorded["request_id"]
            .as_bool()
            .unwrap_or_else(|| recorded["response_headers"].get("X-Openstack-Request-Id").is_some());
        let ours = answer.header("x-openstack-request-id").is_some();
        differ("request id", &ours.to_string(), &theirs.to_string());
        differences
    }

    /// With the ids that stand for the names of entities.
    fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (key, id) in &self.entities {
            text = text.replace(&format!("{{{key}}}"), id);
        }
        text
    }

    /// With the names that stand for the ids of users.
    fn known(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, id) in self.world.actors.ids() {
            text = text.replace(id, &format!("{{user:{name}}}"));
        }
        text
    }
}

async fn replay(file: &str, deliberate: impl Fn(&Value) -> Option<u8>) {
    let mut replay = Replay::new().await;
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in data(file).lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let answer = replay.ask(&recorded).await;
        let differences = replay.differences(&recorded, &answer);
        let title = format!("{} {} {}", recorded["n"], recorded["name"], recorded["path_template"]);
        match (differences.is_empty(), deliberate(&recorded)) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(number)) => wrong.push(format!("{title}: difference {number} is none")),
            (false, None) => wrong.push(format!("{title}: {}", differences.join("\n"))),
        }
        count += 1;
    }
    assert!(count > 200);
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Known differences, by the names of exchanges.
fn by_name(known: &[(&str, u8)]) -> impl Fn(&Value) -> Option<u8> {
    |recorded| {
        let name = recorded["name"].as_str().unwrap();
        known.iter().find(|(known, _)| *known == name).map(|(_, difference)| *difference)
    }
}

#[tokio::test]
async fn acls_go_as_recorded() {
    let deliberate = |recorded: &Value| {
        let n = recorded["n"].as_i64().unwrap();
        GOLDEN.iter().find(|(number, _)| *number == n).map(|(_, difference)| *difference)
    };
    replay("golden.jsonl", deliberate).await;
}

#[tokio::test]
async fn entities_go_as_recorded() {
    replay("entities.jsonl", by_name(ENTITIES)).await;
}

#[tokio::test]
async fn user_metadata_go_as_recorded() {
    replay("metadata.jsonl", by_name(METADATA)).await;
}

#[tokio::test]
async fn consumers_go_as_recorded() {
    replay("consumers.jsonl", by_name(CONSUMERS)).await;
}

#[tokio::test]
async fn lists_go_as_recorded() {
    replay("lists.jsonl", by_name(LISTS)).await;
}

#[tokio::test]
async fn quotas_go_as_recorded() {
    replay("quotas.jsonl", by_name(QUOTAS)).await;
}

#[tokio::test]
async fn orders_go_as_recorded() {
    replay("orders.jsonl", by_name(ORDERS)).await;
}

#[tokio::test]
async fn what_is_ordered_is_made_as_recorded() {
    replay("orders-made.jsonl", by_name(ORDERS_MADE)).await;
}
