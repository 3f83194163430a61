//! Every deliberate difference, by its number in `portcullis_barbican::differences`; those that other tests show are
//! named there.

use std::sync::Arc;

use super::world::{HREF, World, ok};

#[tokio::test]
async fn d01_a_refusal_says_why_and_under_which_id() {
    let world = World::new().await;
    let secret = world.secret().await;
    let refused = world.get("member_b", &format!("{secret}/acl")).await;
    assert_eq!(refused.status, 403);
    let text = refused.description();
    let sentence =
        "SecretACL(s) retrieval attempt not allowed - please review your user/project privileges: ";
    let rest = text.strip_prefix(sentence).unwrap();
    let id = rest.strip_prefix("nobody let you (policy regime, rule test:no, decision ").unwrap();
    assert_eq!(id.trim_end_matches(')').len(), 32, "{id}");
}

#[tokio::test]
async fn d09_an_acl_has_a_tag_and_if_match_is_honoured() {
    let world = World::new().await;
    for path in [world.secret().await, world.container().await] {
        let acl = format!("{path}/acl");
        let tag = |answer: &super::world::Answer| answer.header("etag").unwrap().to_owned();
        let none = tag(&world.get("owner_a", &acl).await);
        assert_eq!(none, tag(&world.get("owner_a", &acl).await));
        let put =
            |if_match: &str| format!("PUT {acl} | Content-Type: application/json | If-Match: {if_match}");
        let body = r#"{"read":{"users":["u1"]}}"#;
        for (if_match, status) in [("\"x\"", 412), ("x", 412), ("", 412), (&*format!("W/{none}"), 412)] {
            let answer = world.ask("owner_a", &put(if_match), body).await;
            assert_eq!(answer.status, status, "{if_match}");
            assert_eq!(answer.json()["title"], "Precondition Failed");
        }
        ok(&world.ask("owner_a", &put(&format!("\"x\", {none}")), body).await);
        let first = tag(&world.get("owner_a", &acl).await);
        assert_ne!(first, none);
        // The same once more is another state.
        ok(&world.ask("owner_a", &put("*"), body).await);
        let second = tag(&world.get("owner_a", &acl).await);
        assert_ne!(second, first);
        for method in ["PATCH", "DELETE"] {
            let line = format!("{method} {acl} | Content-Type: application/json | If-Match: {first}");
            assert_eq!(world.ask("owner_a", &line, "{}").await.status, 412, "{method}");
            // Who may not write hears that first.
            assert_eq!(world.ask("member_b", &line, "{}").await.status, 403, "{method}");
            let line = format!("{method} {acl} | Content-Type: application/json | If-Match: {second}");
            ok(&world.ask("owner_a", &line, "{}").await);
        }
        assert_eq!(tag(&world.get("owner_a", &acl).await), none);
    }
}

#[tokio::test]
async fn there_are_no_transport_keys_and_no_further_secret_stores() {
    let world = World::new().await;
    let keys = world.get("reader_a", "/v1/transport_keys").await;
    assert_eq!((keys.status, keys.text()), (200, r#"{"transport_keys": [], "total": 0}"#));
    for (line, status, text) in [
        ("GET /v1/transport_keys/x", 404, "Not Found. Provided transport key id is invalid."),
        (
            "GET /v1/transport_keys/11111111-1111-4111-8111-111111111111",
            404,
            "Not Found. Transport Key not found.",
        ),
        ("POST /v1/transport_keys", 404, "transport keys are not offered by this host"),
        (
            "GET /v1/secret-stores",
            404,
            "Not Found. Multiple backends support is not enabled in service configuration.",
        ),
        (
            "GET /v1/secret-stores/preferred",
            404,
            "Not Found. Multiple backends support is not enabled in service configuration.",
        ),
        ("POST /v1/secret-stores", 405, ""),
    ] {
        let answer = world.ask("owner_a", line, "").await;
        assert_eq!((answer.status, answer.description().as_str()), (status, text), "{line}");
    }
}

#[tokio::test]
async fn d12_a_time_with_an_offset_is_that_moment() {
    let world = World::new().await;
    let body = r#"{"name":"s","expiration":"2090-01-01T00:00:00"}"#;
    world.json("owner_a", "POST /v1/secrets", body).await.id("secret_ref");
    for (time, total) in [
        ("2090-01-01T00:00:00", 1),
        ("2090-01-01T02:00:00%2B02:00", 1),
        ("gt:2089-12-31T23:00:00-01:00", 0),
        ("lt:2090-01-01T00:00:01%2B02:00", 0),
    ] {
        let listed = world.get("owner_a", &format!("/v1/secrets?expiration={time}")).await;
        ok(&listed);
        assert_eq!(listed.json()["total"], total, "{time}");
    }
}

#[tokio::test]
async fn d34_an_entity_has_so_many_consumers_at_most() {
    let world = World::new().await;
    let path = format!("{}/consumers", world.container().await);
    let consumer = |number: u32| serde_json::json!({ "name": "n", "URL": number.to_string() }).to_string();
    for number in 0..256 {
        ok(&world.json("owner_a", &format!("POST {path}"), &consumer(number)).await);
    }
    let refused = world.json("owner_a", &format!("POST {path}"), &consumer(256)).await;
    let text = "The container has 256 consumers, which is the most.";
    assert_eq!((refused.status, refused.description().as_str()), (400, text));
    ok(&world.json("owner_a", &format!("POST {path}"), &consumer(7)).await);
    ok(&world.json("owner_a", &format!("DELETE {path}"), &consumer(7)).await);
    ok(&world.json("owner_a", &format!("POST {path}"), &consumer(256)).await);
}

#[tokio::test]
async fn d05_a_nul_in_a_consumer_or_a_project_is_refused() {
    let world = World::new().await;
    let container = format!("POST {}/consumers", world.container().await);
    let secret = format!("POST {}/consumers", world.secret().await);
    for (line, body) in [
        (&container, r#"{"name":"\u0000","URL":"u"}"#),
        (&container, r#"{"name":"n","URL":"\u0000"}"#),
        (&secret, r#"{"service":"\u0000","resource_type":"t","resource_id":"i"}"#),
        (&secret, r#"{"service":"s","resource_type":"\u0000","resource_id":"i"}"#),
        (&secret, r#"{"service":"s","resource_type":"t","resource_id":"\u0000"}"#),
    ] {
        assert_eq!(world.json("owner_a", line, body).await.status, 400, "{line} {body}");
    }
    for project in ["a%00b".to_owned(), "a".repeat(256)] {
        for method in ["GET", "PUT", "DELETE"] {
            let line = format!("{method} /v1/project-quotas/{project}");
            let answer = world.json("admin_a", &line, r#"{"project_quotas":{}}"#).await;
            assert_eq!(answer.status, 400, "{line}");
        }
    }
}

#[tokio::test]
async fn d05_a_nul_in_a_list_s_filter_is_refused() {
    let world = World::new().await;
    for query in ["name=%00", "name=%2500", "secret_type=%00", "alg=a%00", "mode=%00"] {
        assert_eq!(world.get("owner_a", &format!("/v1/secrets?{query}")).await.status, 400, "{query}");
    }
    for query in ["name=%00", "type=%00"] {
        assert_eq!(world.get("owner_a", &format!("/v1/containers?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn d25_a_secret_is_in_so_many_containers_at_most() {
    let world = World::new().await;
    let secret = world.secret().await;
    let body =
        format!(r#"{{"type":"generic","secret_refs":[{{"name":"a","secret_ref":"{HREF}{secret}"}}]}}"#);
    for _ in 0..64 {
        assert_eq!(world.json("owner_a", "POST /v1/containers", &body).await.status, 201);
    }
    let refused = world.json("owner_a", "POST /v1/containers", &body).await;
    assert_eq!(refused.status, 400);
    assert!(refused.description().ends_with("is in 64 containers, which is the most."));
    ok(&world.get("owner_a", &secret).await);
}

#[tokio::test]
async fn d13_a_parameter_that_stands_twice_is_refused() {
    let world = World::new().await;
    for query in ["limit=1&limit=2", "name=a&name=b", "sort=name&sort=mode"] {
        let listed = world.get("owner_a", &format!("/v1/secrets?{query}")).await;
        assert_eq!(listed.status, 400, "{query}");
        assert_eq!(listed.description(), "URI provided invalid query string parameters.");
    }
}

#[tokio::test]
async fn d14_a_payload_says_what_it_is_to_whom_anything_will_do() {
    let world = World::new().await;
    let secret = world.secret().await;
    let payload = world.ask("owner_a", &format!("GET {secret}/payload | Accept: */*"), "").await;
    assert_eq!(payload.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(payload.text(), "hello");
}

#[tokio::test]
async fn d32_a_secret_has_so_many_keys_of_metadata_at_most() {
    let world = World::new().await;
    let path = format!("{}/metadata", world.secret().await);
    let pairs: serde_json::Map<_, _> = (0..1024).map(|key| (format!("k{key}"), "".into())).collect();
    let body = serde_json::json!({ "metadata": pairs }).to_string();
    assert_eq!(world.json("owner_a", &format!("PUT {path}"), &body).await.status, 201);
    let add = |key: &str| serde_json::json!({ "key": key, "value": "v" }).to_string();
    let refused = world.json("owner_a", &format!("POST {path}"), &add("more")).await;
    assert_eq!(
        (refused.status, refused.description().as_str()),
        (400, "The secret has 1024 keys of metadata, which is the most.")
    );
    assert_eq!(world.json("owner_a", &format!("POST {path}"), &add("k7")).await.status, 409);
    assert_eq!(world.json("owner_a", &format!("PUT {path}/k7"), &add("k7")).await.status, 200);
    assert_eq!(world.ask("owner_a", &format!("DELETE {path}/k7"), "").await.status, 204);
    assert_eq!(world.json("owner_a", &format!("POST {path}"), &add("more")).await.status, 201);
}

#[tokio::test]
async fn d05_a_nul_in_metadata_is_refused() {
    let world = World::new().await;
    let path = format!("{}/metadata", world.secret().await);
    for (line, body) in [
        (format!("PUT {path}"), r#"{"metadata":{"k":"a\u0000"}}"#),
        (format!("POST {path}"), r#"{"key":"k","value":"\u0000"}"#),
        (format!("PUT {path}/k"), r#"{"key":"k","value":"\u0000"}"#),
    ] {
        assert_eq!(world.json("owner_a", &line, body).await.status, 400, "{line}");
    }
    assert_eq!(world.get("owner_a", &path).await.text(), r#"{"metadata": {}}"#);
    // No key has one, so none such is there.
    for key in ["%00", "a%00b"] {
        assert_eq!(world.ask("owner_a", &format!("DELETE {path}/{key}"), "").await.status, 404, "{key}");
    }
}

#[tokio::test]
async fn d22_the_forwarded_protocol_must_be_one() {
    let options = portcullis_barbican::api::Options::default();
    let world = World::with(Arc::new(super::regime::Barbican23), options).await;
    let line = "GET / | Host: h | X-Forwarded-Proto: javascript:alert(1)//";
    let text = world.ask("", line, "").await.text().to_owned();
    assert!(text.contains(r#""href": "http://h/v1/""#), "{text}");
}
