//! What is asked of the policies, and what becomes of what they say.

use portcullis_authorization::{NotReady, Refused};
use portcullis_barbican::decide::{Decider, Deciding, Question};
use portcullis_contract::secrets::Access;
use serde_json::json;
use std::sync::{Arc, Mutex};

use super::regime::refused;
use super::world::{HREF, World, ok};

/// Allows everything and remembers what it was asked; refuses or breaks where it is told to.
#[derive(Default)]
struct Listener {
    asked: Mutex<Vec<Access>>,
    refuse: Mutex<Option<(bool, &'static str)>>,
}

impl Decider for Listener {
    fn ready(&self) -> Result<(), NotReady> {
        Ok(())
    }

    fn decide(&self, question: Question) -> Deciding<'_> {
        let id = question.access.context.decision.clone();
        self.asked.lock().unwrap().push(question.access);
        let refuse = *self.refuse.lock().unwrap();
        let decision = refuse.map_or(Ok(()), |(fault, reason)| {
            let (reason, rule, policy) = (reason.into(), "acl.rule".into(), Some("listener".into()));
            Err(Refused { reason, rule, policy, id, fault, overloaded: false })
        });
        Box::pin(std::future::ready(decision))
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        refused(question, rule, reason)
    }
}

impl Listener {
    fn take(&self) -> Vec<Access> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn one(&self) -> Access {
        let mut asked = self.take();
        assert_eq!(asked.len(), 1);
        asked.remove(0)
    }
}

#[tokio::test]
async fn every_operation_is_asked_by_its_name() {
    let listener = Arc::new(Listener::default());
    let world = World::deciding(listener.clone()).await;
    let (secret, container) = (world.secret().await, world.container().await);
    let empty = world.json("owner_a", "POST /v1/secrets", "{}").await.id("secret_ref");
    let order = world.order(r#"{"algorithm":"aes","bit_length":128}"#).await;
    listener.take();
    for (line, operation) in [
        (format!("GET {secret}"), "secret-get"),
        (format!("GET {secret} | Accept: text/plain"), "payload-get"),
        (format!("GET {secret}/payload"), "payload-get"),
        (format!("PUT /v1/secrets/{empty} | Content-Type: text/plain"), "payload-put"),
        ("GET /v1/secrets".into(), "secret-list"),
        ("GET /v1/containers".into(), "container-list"),
        ("GET /v1/orders".into(), "order-list"),
        ("POST /v1/orders | Content-Type: application/json".into(), "order-create"),
        (format!("GET {order}"), "order-get"),
        (format!("DELETE {order}"), "order-delete"),
        ("POST /v1/secrets | Content-Type: application/json".into(), "secret-create"),
        ("POST /v1/containers | Content-Type: application/json".into(), "container-create"),
        (format!("GET {container}"), "container-get"),
        (format!("GET {secret}/acl"), "acl-get"),
        (format!("PUT {secret}/acl | Content-Type: application/json"), "acl-put"),
        (format!("PATCH {container}/acl | Content-Type: application/json"), "acl-patch"),
        (format!("DELETE {container}/acl"), "acl-delete"),
        (format!("DELETE {container}"), "container-delete"),
        (format!("DELETE {secret}"), "secret-delete"),
    ] {
        world.ask("owner_a", &line, "{}").await;
        let access = listener.one();
        assert_eq!(access.operation, operation, "{line}");
        assert_eq!(access.context.api, "barbican");
        assert_eq!(access.context.decision.len(), 32);
        assert_eq!(access.principal.user.as_deref(), Some(world.actors.id("owner_a")));
    }
}

#[tokio::test]
async fn policies_are_told_what_stands_and_what_would() {
    let listener = Arc::new(Listener::default());
    let world = World::deciding(listener.clone()).await;
    let container = world.container().await;
    let shown = world.get("owner_a", &container).await.json();
    let secret =
        shown["secret_refs"][0]["secret_ref"].as_str().unwrap().strip_prefix(HREF).unwrap().to_owned();
    let private = r#"{"read":{"users":["u1"],"project-access":false}}"#;
    ok(&world.json("owner_a", &format!("PUT {container}/acl"), private).await);
    listener.take();

    let patch = r#"{"read":{"users":["u2"]}}"#;
    ok(&world.json("member_a", &format!("PATCH {secret}/acl"), patch).await);
    let access = listener.one();
    let entity = access.entity.unwrap();
    assert_eq!((entity.kind.as_str(), entity.subtype.as_deref()), ("secret", Some("opaque")));
    assert_eq!(entity.id, secret.rsplit('/').next().unwrap());
    assert_eq!(entity.creator.as_deref(), Some(world.actors.id("owner_a")));
    assert_eq!(access.acl, None);
    let proposed = access.proposed.unwrap();
    assert_eq!((proposed.users, proposed.project_access), (vec!["u2".to_owned()], true));
    let holder = &access.holders[0];
    assert_eq!(holder.entity.id, container.rsplit('/').next().unwrap());
    let acl = holder.acl.as_ref().unwrap();
    assert_eq!((acl.users.as_slice(), acl.project_access), (&["u1".to_owned()][..], false));

    // Keeping the users is part of what would stand.
    let open = r#"{"read":{"project-access":false}}"#;
    ok(&world.json("member_a", &format!("PATCH {secret}/acl"), open).await);
    let access = listener.one();
    let (acl, proposed) = (access.acl.unwrap(), access.proposed.unwrap());
    assert!(acl.created.is_some() && acl.updated.is_some());
    assert_eq!((proposed.users, proposed.project_access), (acl.users, false));

    // Taking an ACL away opens the entity, in whichever way it is done.
    for line in [format!("PUT {secret}/acl"), format!("DELETE {secret}/acl")] {
        ok(&world.json("member_a", &line, "{}").await);
        let proposed = listener.one().proposed.unwrap();
        assert_eq!((proposed.users.len(), proposed.project_access), (0, true), "{line}");
    }

    // What cannot be read would put nothing in force.
    assert_eq!(world.json("member_a", &format!("PUT {secret}/acl"), "{").await.status, 400);
    assert_eq!(listener.one().proposed, None);
}

#[tokio::test]
async fn what_is_to_be_made_is_told_before_it_is_there() {
    let listener = Arc::new(Listener::default());
    let world = World::deciding(listener.clone()).await;
    let body = json!({
        "name": "db", "secret_type": "symmetric", "algorithm": "aes", "bit_length": 256, "mode": "cbc",
        "payload": "aHVudGVyMg==", "payload_content_type": "application/octet-stream",
        "payload_content_encoding": "base64",
    });
    world.json("owner_a", "POST /v1/secrets", &body.to_string()).await;
    let access = listener.one();
    let entity = access.entity.clone().unwrap();
    assert_eq!((entity.id.as_str(), entity.name.as_deref()), ("", Some("db")));
    assert_eq!(entity.project, access.principal.project.clone().unwrap());
    let told = |name: &str| entity.extra.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(told("algorithm"), Some("aes"));
    assert_eq!(told("bit-length"), Some("256"));
    assert_eq!(told("content-type"), Some("application/octet-stream"));
    let everything = serde_json::to_string(&access).unwrap();
    assert!(!everything.contains("aHVudGVyMg") && !everything.contains("hunter2"), "{everything}");
}

#[tokio::test]
async fn what_is_ordered_is_told_before_and_after_it_is_made() {
    let listener = Arc::new(Listener::default());
    let world = World::deciding(listener.clone()).await;
    let meta = r#"{"name":"k","algorithm":"AES","bit_length":512,"mode":"xts","passphrase":"hunter2"}"#;
    let order = world.order(meta).await;
    let access = listener.one();
    let entity = access.entity.clone().unwrap();
    assert_eq!((entity.kind.as_str(), entity.id.as_str(), entity.name.as_deref()), ("order", "", Some("k")));
    assert_eq!(entity.subtype.as_deref(), Some("key"));
    assert_eq!(entity.creator, access.principal.user);
    let extra = [
        ("algorithm", "AES"),
        ("bit-length", "512"),
        ("mode", "xts"),
        ("content-type", "application/octet-stream"),
    ];
    assert_eq!(entity.extra, extra.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!serde_json::to_string(&access).unwrap().contains("hunter2"));

    let shown = world.get("owner_a", &order).await;
    let entity = listener.one().entity.unwrap();
    assert_eq!((entity.id.as_str(), entity.name.as_deref()), (order.rsplit('/').next().unwrap(), Some("k")));
    let secret = shown.json()["secret_ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert!(entity.extra.contains(&("secret".into(), secret)));
    assert!(!shown.text().contains("hunter2"), "{}", shown.text());
    // To another project it is not there, and nothing is asked.
    assert_eq!(world.get("member_b", &order).await.status, 404);
    assert!(listener.take().is_empty());
}

#[tokio::test]
async fn policies_are_told_which_consumer_and_which_quotas() {
    let listener = Arc::new(Listener::default());
    let world = World::deciding(listener.clone()).await;
    let (secret, container) = (world.secret().await, world.container().await);
    let project = world.actors.project("project_b").to_owned();
    listener.take();
    let of_secret = r#"{"service":"lb","resource_type":"listener","resource_id":"l1"}"#;
    let of_container = r#"{"name":"lb","URL":"http://lb/1"}"#;
    for (line, body, expected) in [
        (
            format!("{secret}/consumers"),
            of_secret,
            &[
                ("consumer-service", "lb"),
                ("consumer-resource-type", "listener"),
                ("consumer-resource-id", "l1"),
            ][..],
        ),
        (
            format!("{container}/consumers"),
            of_container,
            &[("consumer-name", "lb"), ("consumer-url", "http://lb/1")],
        ),
    ] {
        for method in ["POST", "DELETE"] {
            ok(&world.json("owner_a", &format!("{method} {line}"), body).await);
            let extra = listener.one().extra;
            let expected: Vec<_> =
                expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            assert_eq!(extra, expected, "{method} {line}");
            assert_eq!(world.json("owner_a", &format!("{method} {line}"), "{}").await.status, 400);
            assert!(listener.one().extra.is_empty(), "{method} {line}");
        }
    }
    let line = format!("PUT /v1/project-quotas/{project}");
    let quotas = r#"{"project_quotas":{"secrets":7,"orders":-1}}"#;
    assert_eq!(world.json("admin_a", &line, quotas).await.status, 204);
    let expected = [("project", project.as_str()), ("quota-secrets", "7"), ("quota-orders", "-1")];
    assert_eq!(listener.one().extra, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(world.json("admin_a", &line, "{").await.status, 400);
    assert_eq!(listener.one().extra, [("project".to_owned(), project)]);
}

#[tokio::test]
async fn a_refusal_changes_nothing() {
    let listener = Arc::new(Listener::default());
    let world = World::deciding(listener.clone()).await;
    let (secret, container) = (world.secret().await, world.container().await);
    let empty =
        format!("/v1/secrets/{}", world.json("owner_a", "POST /v1/secrets", "{}").await.id("secret_ref"));
    let acl = r#"{"read":{"users":["u1"],"project-access":false}}"#;
    ok(&world.json("owner_a", &format!("PUT {secret}/acl"), acl).await);
    let order = world.order(r#"{"algorithm":"aes","bit_length":128}"#).await;
    let before = [
        world.get("owner_a", "/v1/orders").await.text().to_owned(),
        world.get("owner_a", &format!("{secret}/acl")).await.text().to_owned(),
        world.get("owner_a", "/v1/secrets").await.text().to_owned(),
        world.get("owner_a", "/v1/containers").await.text().to_owned(),
    ];
    for fault in [false, true] {
        *listener.refuse.lock().unwrap() = Some((fault, "because"));
        for (line, body) in [
            (format!("PUT {secret}/acl"), "{}"),
            (format!("PATCH {secret}/acl"), r#"{"read":{"users":[]}}"#),
            (format!("DELETE {secret}/acl"), ""),
            (format!("DELETE {secret}"), ""),
            (format!("DELETE {container}"), ""),
            (format!("PUT {empty} | Content-Type: text/plain"), "x"),
            ("POST /v1/secrets".into(), "{}"),
            ("POST /v1/containers".into(), r#"{"type":"generic"}"#),
            ("POST /v1/orders".into(), r#"{"type":"key","meta":{"algorithm":"aes","bit_length":128}}"#),
            (format!("DELETE {order}"), ""),
            (format!("GET {order}"), ""),
            (format!("GET {secret}/payload"), ""),
        ] {
            let line =
                if line.contains('|') { line } else { format!("{line} | Content-Type: application/json") };
            let answer = world.ask("owner_a", &line, body).await;
            assert_eq!(answer.status, if fault { 500 } else { 403 }, "{line}");
            assert!(!answer.text().contains("hello"));
        }
        *listener.refuse.lock().unwrap() = None;
        assert_eq!(world.get("owner_a", "/v1/orders").await.text(), before[0]);
        assert_eq!(world.get("owner_a", &format!("{secret}/acl")).await.text(), before[1]);
        assert_eq!(world.get("owner_a", "/v1/secrets").await.text(), before[2]);
        assert_eq!(world.get("owner_a", "/v1/containers").await.text(), before[3]);
    }
}
