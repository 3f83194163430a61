//! Bad input: a clear 4xx, never a 5xx, and nothing changed.

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

use super::world::{World, ok};

#[tokio::test]
async fn bodies_that_are_no_acl_are_refused_and_change_nothing() {
    let world = World::new().await;
    let long = "u".repeat(256);
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "{",
        "null",
        "[]",
        "\"x\"",
        "1",
        "NaN",
        "{'read':{}}",
        "{} x",
        "\u{feff}{}",
        "{\"read\":",
        r#"{"write":{"users":[]}}"#,
        r#"{"read":{},"list":{}}"#,
        r#"{"READ":{}}"#,
        r#"{"read":null}"#,
        r#"{"read":[]}"#,
        r#"{"read":{"groups":[]}}"#,
        r#"{"read":{"project_access":false}}"#,
        r#"{"read":{"created":"2015-05-12T20:08:47.644264"}}"#,
        r#"{"read":{"users":"u1"}}"#,
        r#"{"read":{"users":null}}"#,
        r#"{"read":{"users":[null]}}"#,
        r#"{"read":{"users":[1]}}"#,
        r#"{"read":{"users":["u1",null]}}"#,
        r#"{"read":{"users":["u1",true]}}"#,
        r#"{"read":{"users":["u1",1]}}"#,
        r#"{"read":{"users":["u1",1.5]}}"#,
        r#"{"read":{"users":["u1",{}]}}"#,
        r#"{"read":{"users":["u1",["x"]]}}"#,
        r#"{"read":{"users":["a\u0000b"]}}"#,
        r#"{"read":{"users":["\ud800"]}}"#,
        r#"{"read":{"users":["\udc00x"]}}"#,
        r#"{"read":{"project-access":"False"}}"#,
        r#"{"read":{"project-access":null}}"#,
        r#"{"read":{"project-access":0}}"#,
        r#"{"read":{"project-access":NaN}}"#,
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.push(format!(r#"{{"read":{{"users":["{long}"]}}}}"#).into());
    bodies.push(format!(r#"{{"read":{{"users":["u1","{long}"]}}}}"#).into());
    bodies.push([b'['; 3000].to_vec());
    bodies.push(("[".repeat(3000) + &"]".repeat(3000)).into());
    bodies.push(("{\"a\":".repeat(3000) + "1" + &"}".repeat(3000)).into());
    bodies.push(vec![b'x'; 1 << 20]);
    bodies.push(format!(r#"{{"read":{{"users":["{}"]}}}}"#, "u".repeat(1 << 20)).into());
    bodies.push(b"{\"read\":{\"users\":[\"\xff\"]}}".to_vec());
    bodies.push("{\"read\":{}}".encode_utf16().flat_map(u16::to_le_bytes).collect());
    for path in [world.secret().await, world.container().await] {
        let acl = r#"{"read":{"users":["u1"],"project-access":false}}"#;
        ok(&world.json("owner_a", &format!("PUT {path}/acl"), acl).await);
        let before = world.get("owner_a", &format!("{path}/acl")).await.text().to_owned();
        for body in &bodies {
            for method in ["PUT", "PATCH"] {
                let line = format!("{method} {path}/acl | Content-Type: application/json");
                let answer = world.ask("owner_a", &line, body.clone()).await;
                let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
                assert_eq!(answer.status, 400, "{method} {shown}");
                assert_eq!(answer.json()["title"], "Bad Request");
            }
        }
        assert_eq!(world.get("owner_a", &format!("{path}/acl")).await.text(), before);
    }
}

#[tokio::test]
async fn entities_that_cannot_be_kept_are_not_made() {
    let world = World::new().await;
    for (kind, body) in [
        ("secrets", json!({ "name": "a\0b" })),
        ("secrets", json!({ "algorithm": "a\0b" })),
        ("secrets", json!({ "mode": "a\0b" })),
        ("secrets", json!({ "bit_length": 1e300 })),
        (
            "secrets",
            json!({ "payload": "a", "payload_content_type": "application/octet-stream",
                            "payload_content_encoding": "base64" }),
        ),
        ("containers", json!({ "type": "generic", "name": "a\0b" })),
        ("containers", json!({ "type": "generic", "secret_refs": [{ "name": "a\0b", "secret_ref": "x" }] })),
    ] {
        let answer = world.json("owner_a", &format!("POST /v1/{kind}"), &body.to_string()).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    for kind in ["secrets", "containers"] {
        assert_eq!(world.get("owner_a", &format!("/v1/{kind}")).await.json()["total"], 0);
    }
}

#[tokio::test]
async fn paths_and_queries_that_are_not_utf8_are_refused() {
    let world = World::new().await;
    for (path, status) in [("/v1/secrets/%ff/acl", 400), ("/%ff", 400), ("/v1/secrets?name=%ff", 400)] {
        assert_eq!(world.get("owner_a", path).await.status, status, "{path}");
    }
}

/// A body that never comes.
struct Stalled;

impl axum::body::HttpBody for Stalled {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn who_dawdles_over_a_body_keeps_nobody_waiting() {
    let world = World::new().await;
    let secret = world.secret().await;
    let line = format!("PUT {secret}/acl | Content-Type: application/json");
    let mut stalled = std::pin::pin!(world.ask("owner_a", &line, Body::new(Stalled)));
    for _ in 0..3 {
        tokio::select! {
            biased;
            _ = &mut stalled => panic!("it was answered without its body"),
            answer = world.ask("owner_a", &line, "{}") => ok(&answer),
            () = tokio::time::sleep(Duration::from_mins(1)) => panic!("another waits for the body too"),
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Every request gets a response, and never a 5xx.
    #[test]
    fn nothing_that_a_client_sends_is_our_fault(
        method in prop::sample::select(vec!["GET", "PUT", "PATCH", "DELETE", "POST", "HEAD", "OPTIONS", "TRACE"]),
        path in prop::sample::select(vec![
            "/", "/v1", "/v1/secrets", "/v1/containers", "/v1/secrets/x", "/v1/nothing", "/v2", "/healthcheck", "S",
            "S/acl", "S/payload", "C", "C/acl", "S/acl.json", "S//acl//", "/oslo-policy/x",
        ]),
        query in "[a-z=&%+0-9:,._-]{0,20}",
        accept in prop::option::of("[a-z*/;=, .0-9]{0,20}"),
        content_type in prop::option::of(prop::sample::select(vec![
            "application/json", "text/plain", "application/octet-stream", "x", "application/json;",
        ])),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[\\[\\]{}\":,a-z0-9]{0,60}".prop_map(String::into_bytes),
            "\\{\"(read|name|type|payload|secret_refs)\":[\\[\\]{}\",a-z0-9]{0,30}\\}".prop_map(String::into_bytes),
        ],
    ) {
        thread_local! {
            static WORLD: (tokio::runtime::Runtime, World, String, String) = {
                let runtime = runtime();
                let (world, secret, container) = runtime.block_on(async {
                    let world = World::new().await;
                    let (secret, container) = (world.secret().await, world.container().await);
                    (world, secret, container)
                });
                (runtime, world, secret, container)
            };
        }
        let status = WORLD.with(|(runtime, world, secret, container)| {
            let path = path.replacen('S', secret, 1).replacen('C', container, 1);
            let mut request = Request::builder().method(method).header("X-Auth-Token", "token-of-owner_a");
            request = request.uri(format!("{path}?{query}"));
            if let Some(accept) = &accept {
                request = request.header("Accept", accept);
            }
            if let Some(content_type) = content_type {
                request = request.header("Content-Type", content_type);
            }
            runtime.block_on(world.send(request.body(Body::from(body)).unwrap())).status
        });
        prop_assert!((200..500).contains(&status), "{}", status);
    }
}
