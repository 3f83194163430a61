//! The order in which a request is looked at: who fails several checks hears of the first.

use portcullis_barbican::api::Options;

use super::world::{World, ok};

/// Paths in which `@S` stands for a secret and `@C` for a container.
async fn check(world: &World, rows: &[(&str, &str, &str, u16, &str)]) {
    let (secret, container) = (world.secret().await, world.container().await);
    for (actor, line, body, status, text) in rows {
        let line = line.replace("@S", &secret).replace("@C", &container);
        let answer = world.ask(actor, &line, (*body).to_owned()).await;
        let got = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, *status, "{actor}: {line}: {got}");
        assert!(got.contains(text), "{actor}: {line}: {got}");
    }
}

const UNKNOWN: &str = "/v1/secrets/11111111-1111-4111-8111-111111111111";

#[tokio::test]
async fn the_token_comes_before_everything_else() {
    let world = World::new().await;
    let unauthorized = "The request you have made requires authentication.";
    check(
        &world,
        &[
            ("", "GET @S/acl", "", 401, unauthorized),
            ("", "GET /v1/secrets/xyz/acl", "", 401, unauthorized),
            ("", "GET /v1/nothing", "", 401, unauthorized),
            ("", "POST @S/acl | OpenStack-API-Version: key-manager 9.9", "{", 401, unauthorized),
            ("revoked", "GET @S/acl", "", 401, unauthorized),
            ("unscoped", "GET @S/acl | OpenStack-API-Version: key-manager x", "", 401, "401 Unauthorized\n"),
            ("domain", "GET @S/acl | Accept: application/json", "", 401, r#""code": "401 Unauthorized""#),
            ("system", "GET @S/acl | Accept: text/html", "", 401, "<h1>401 Unauthorized</h1>"),
            ("nobody-knows", "GET @S/acl", "", 503, "The Keystone service is temporarily unavailable."),
            ("", "OPTIONS @S/acl", "", 200, ""),
        ],
    )
    .await;
    let challenged = world.get("", "/v1/secrets").await;
    assert_eq!(challenged.header("www-authenticate"), Some("Keystone uri=\"http://127.0.0.1:5000/v3\""));
    let options = world.ask("", "OPTIONS /v1/secrets", "").await;
    assert_eq!(options.header("allow"), None);
    assert_eq!(options.header("x-openstack-request-id"), None);
}

#[tokio::test]
async fn then_come_version_path_method_accept_policy_type_and_body() {
    let world = World::new().await;
    let forbidden = "SecretACL(s) Update attempt not allowed";
    check(
        &world,
        &[
            ("owner_a", "GET /v1/secrets/xyz/acl | OpenStack-API-Version: key-manager 9.9", "", 406, "9.9"),
            ("owner_a", "GET /v1/secrets/xyz/acl | OpenStack-API-Version: key-manager x", "", 400, "version"),
            ("member_b", "PUT /v1/secrets/xyz/acl", "{", 404, "Provided secret id is invalid."),
            ("member_b", &format!("PUT {UNKNOWN}/acl"), "{", 404, "Secret not found."),
            ("member_b", &format!("PUT {UNKNOWN}/acls"), "{", 404, "Secret not found."),
            ("member_b", "POST @S/acl", "{", 405, "Method Not Allowed"),
            ("member_b", "PUT @S/acl | Accept: text/plain", "{", 406, "null"),
            ("member_b", "PUT @S/acl | Content-Type: text/plain", "{", 403, forbidden),
            ("member_b", "PUT @S/acl | Content-Type: application/json", "{", 403, forbidden),
            (
                "member_b",
                "PATCH @C/acl | Content-Type: application/json",
                "[]",
                403,
                "ContainerACL(s) Update",
            ),
            ("owner_a", "PUT @S/acl | Content-Type: text/plain", "{", 415, "['application/json']"),
            ("owner_a", "PUT @S/acl | Content-Type: APPLICATION/JSON", "{}", 415, "['application/json']"),
            ("owner_a", "PUT @S/acl", "", 415, "['application/json']"),
            ("owner_a", "PUT @S/acl | Content-Type: application/json", "{", 400, "Malformed JSON"),
            ("owner_a", "PUT @S/acl | Content-Type: application/json; charset=x", "[]", 400, "schema 'ACL'"),
            ("reader_a", "POST /v1/secrets | Content-Type: text/plain", "{", 403, "Secret creation"),
            ("owner_a", "POST /v1/secrets | Content-Type: text/plain", "{", 415, "['application/json']"),
            ("reader_a", "POST /v1/containers | Content-Type: text/plain", "{", 403, "Container creation"),
            ("member_b", "PUT @S | Content-Type: text/html", "x", 403, "Secret update"),
            ("owner_a", "PUT @S | Content-Type: text/html", "x", 415, "'text/plain'"),
            ("owner_a", "PUT @S | Content-Type: text/plain", "", 400, "No data supplied"),
            ("owner_a", "PUT @S | Content-Type: text/plain", "x", 409, "already has data"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_refused_before_the_policy_is_asked() {
    let world = World::new().await;
    let secret = world.secret().await;
    for (actor, media_type, status) in [
        ("member_b", "application/json", 400),
        ("member_b", "text/plain", 403),
        ("owner_a", "text/plain", 415),
    ] {
        let line = format!("PUT {secret}/acl | Content-Type: {media_type}");
        let answer = world.ask(actor, &line, &b"{\"read\":\"\xff\"}"[..]).await;
        assert_eq!(answer.status, status, "{actor} {media_type}");
        if status == 400 {
            assert_eq!(answer.description(), "");
        }
    }
}

#[tokio::test]
async fn what_is_read_of_a_body_ends_after_25000_bytes() {
    let world = World::new().await;
    let secret = world.secret().await;
    let acl = r#"{"read":{"users":["u1"]}}"#;
    let padded = |length: usize| format!("{acl}{}", " ".repeat(length - acl.len()));
    for (body, status) in [
        (padded(25_000), 200),
        (padded(40_000), 200),
        (padded(25_000) + "garbage that nobody reads", 200),
        (padded(24_990) + "garbage", 400),
        (format!(r#"{{"read":{{"users":["u1"{}]}}}}"#, ",\"u1\"".repeat(6000)), 400),
        // Cut in the middle of a character.
        (format!("\"{}\"", "ü".repeat(13_000)), 400),
    ] {
        let answer = world.json("owner_a", &format!("PUT {secret}/acl"), &body).await;
        assert_eq!(answer.status, status, "{} bytes: {}", body.len(), answer.text());
        if status == 400 {
            assert_eq!(answer.description(), "Malformed JSON");
        }
    }
}

#[tokio::test]
async fn every_answer_but_to_options_has_an_id_of_its_own() {
    let world = World::new().await;
    let mut seen = std::collections::HashSet::new();
    for (actor, path) in [("", "/"), ("", "/v1/"), ("owner_a", "/v1/"), ("owner_a", "/v1/x"), ("", "/v2")] {
        let answer = world.get(actor, path).await;
        let id = answer.header("x-openstack-request-id").unwrap().to_owned();
        assert!(id.starts_with("req-") && id.len() == 40, "{id}");
        assert!(seen.insert(id));
    }
}

#[tokio::test]
async fn references_go_to_where_the_client_thinks_we_are() {
    let world = World::with(std::sync::Arc::new(super::regime::Barbican23), Options::default()).await;
    let line = "POST /v1/secrets | Content-Type: application/json | Host: kms.example.test:8080 | \
                X-Forwarded-Proto: https | X-Forwarded-Host: forged.example.test";
    let made = world.ask("owner_a", line, "{}").await;
    let reference = made.header("location").unwrap().to_owned();
    assert!(reference.starts_with("https://kms.example.test:8080/v1/secrets/"), "{reference}");
    let acl = format!("{}/acl", reference.strip_prefix("https://kms.example.test:8080").unwrap());
    let put =
        world.ask("owner_a", &format!("PUT {acl} | Content-Type: application/json | Host: h"), "{}").await;
    ok(&put);
    assert_eq!(put.json()["acl_ref"], format!("http://h{acl}"));
}
