//! How payloads are encoded, as Barbican 23.0.0 was seen to take them.

use super::world::World;

#[tokio::test]
async fn an_empty_content_encoding_is_none_and_base64_of_nothing_is_an_empty_payload() {
    let world = World::new().await;
    let octets = "application/octet-stream";
    for (encoding, body, stored) in [
        ("", "hello", Some("hello")),
        ("", "aGVsbG8=", Some("aGVsbG8=")),
        ("", "====", Some("====")),
        ("base64", "aGVsbG8=", Some("hello")),
        ("BASE64", "====", Some("")),
        ("base64", "!!!!", Some("")),
        ("base64", "=", Some("")),
        ("base64", " ", Some("")),
        ("gzip", "aGVsbG8=", None),
        ("base64", "hello", None),
    ] {
        let made = world.json("owner_a", "POST /v1/secrets", r#"{"name":"x"}"#).await;
        let path = format!("/v1/secrets/{}", made.id("secret_ref"));
        let put = format!("PUT {path} | Content-Type: {octets} | Content-Encoding: {encoding}");
        let answer = world.ask("owner_a", &put, body).await;
        let get = world.ask("owner_a", &format!("GET {path}/payload | Accept: {octets}"), "").await;
        match stored {
            Some(stored) => {
                assert_eq!(answer.status, 204, "{encoding} {body}: {}", answer.text());
                assert_eq!(get.text(), stored, "{encoding} {body}");
                assert_eq!(get.status, if stored.is_empty() { 204 } else { 200 }, "{encoding} {body}");
                assert_eq!(get.header("content-type"), (!stored.is_empty()).then_some(octets));
                // It has its payload, be that empty.
                let again = format!("PUT {path} | Content-Type: text/plain");
                assert_eq!(world.ask("owner_a", &again, "x").await.status, 409, "{encoding} {body}");
            }
            None => assert_eq!((answer.status, get.status), (400, 404), "{encoding} {body}"),
        }
    }
    for payload in ["====", "!!!!", "="] {
        let body = serde_json::json!({ "payload": payload, "payload_content_type": octets,
            "payload_content_encoding": "base64" });
        let made = world.json("owner_a", "POST /v1/secrets", &body.to_string()).await;
        let path = format!("/v1/secrets/{}/payload", made.id("secret_ref"));
        let get = world.ask("owner_a", &format!("GET {path} | Accept: {octets}"), "").await;
        assert_eq!((get.status, get.text()), (204, ""), "{payload}");
    }
}

#[tokio::test]
async fn slashes_in_a_row_count_as_one() {
    use portcullis_api::Api as _;
    let world = World::new().await;
    let secret = world.secret().await;
    for path in [secret.clone(), format!("/{secret}"), secret.replace("/secrets/", "///secrets//")] {
        assert!(world.api.claims(&path), "{path}");
        assert_eq!(world.get("owner_a", &path).await.status, 200, "{path}");
    }
    for (path, claimed) in
        [("/", true), ("//", true), ("//healthcheck", true), ("//v1x", false), ("/v2", false)]
    {
        assert_eq!(world.api.claims(path), claimed, "{path}");
    }
}
