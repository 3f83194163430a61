//! `/v1/containers/{id}/secrets`, as Barbican 23.0.0 was seen to answer.

use serde_json::json;

use super::world::{HREF, World};

const UNKNOWN: &str = "/v1/secrets/11111111-1111-4111-8111-111111111111";

async fn container(world: &World, of_type: &str, secrets: serde_json::Value) -> String {
    let body = json!({ "name": "c", "type": of_type, "secret_refs": secrets }).to_string();
    format!(
        "/v1/containers/{}",
        world.json("owner_a", "POST /v1/containers", &body).await.id("container_ref")
    )
}

async fn refs(world: &World, container: &str) -> Vec<(Option<String>, String)> {
    let shown = world.get("owner_a", container).await.json();
    let one = |held: &serde_json::Value| {
        let reference = held["secret_ref"].as_str().unwrap().strip_prefix(HREF).unwrap().to_owned();
        (held["name"].as_str().map(String::from), reference)
    };
    shown["secret_refs"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn secrets_are_added_to_a_container_and_removed_from_it() {
    let world = World::new().await;
    let (a, b) = (world.secret().await, world.secret().await);
    let container = container(&world, "generic", json!([])).await;
    let path = format!("{container}/secrets");
    let updated = world.get("owner_a", &container).await.json()["updated"].clone();
    let named = |name: &str, secret: &str| json!({ "name": name, "secret_ref": format!("{HREF}{secret}") });
    let conflict = "Conflict. A secret with that name and ID is already stored in this container. The same secret can \
                    exist in a container as long as the name is unique.";
    let schema = |reason: &str, property: &str| {
        format!(
            "Provided object does not match schema 'ContainerSecret': {reason}. Invalid property: '{property}'"
        )
    };
    for (method, body, status, text) in [
        ("POST", named("k", &a), 201, String::new()),
        ("POST", named("k", &a), 409, conflict.into()),
        ("POST", named("l", &a), 201, String::new()),
        ("POST", json!({ "secret_ref": format!("{HREF}{b}") }), 201, String::new()),
        ("POST", json!({ "secret_ref": format!("{HREF}{b}") }), 409, conflict.into()),
        // Neither the host nor the path before the id is looked at.
        ("POST", json!({ "name": "k", "secret_ref": format!("http://other{b}") }), 201, String::new()),
        ("POST", named("q", &format!("{b}/")), 404, "Secret provided doesn't exist.".into()),
        ("POST", named("q", UNKNOWN), 404, "Secret provided doesn't exist.".into()),
        ("POST", json!({ "name": "q", "secret_ref": "abc" }), 404, "Secret provided doesn't exist.".into()),
        ("POST", json!({ "secret_ref": "" }), 400, schema("'' should be non-empty", "secret_ref")),
        (
            "POST",
            json!({ "name": null, "secret_ref": "x" }),
            400,
            schema("None is not of type 'string'", "name"),
        ),
        ("POST", json!({ "x": 1 }), 400, schema("'secret_ref' is a required property", "None")),
        ("DELETE", json!({}), 400, schema("'secret_ref' is a required property", "None")),
        ("DELETE", named("zz", &a), 404, "Secret provided is not in the container".into()),
        (
            "DELETE",
            named("zz", UNKNOWN),
            404,
            format!("Secret 'zz' with reference '{HREF}{UNKNOWN}' doesn't exist."),
        ),
        ("DELETE", named("k", &a), 204, String::new()),
        ("DELETE", json!({ "secret_ref": format!("{HREF}{b}") }), 204, String::new()),
    ] {
        let answer = world.json("owner_a", &format!("{method} {path}"), &body.to_string()).await;
        assert_eq!(answer.status, status, "{method} {body}: {}", answer.text());
        match status {
            201 => {
                let reference = format!("{HREF}{container}");
                assert_eq!(answer.header("location"), Some(reference.as_str()));
                assert_eq!(answer.json(), json!({ "container_ref": reference }));
            }
            204 => assert_eq!(answer.text(), ""),
            _ => assert_eq!(answer.description(), text, "{method} {body}"),
        }
        // Without the right, all of these are refused alike.
        let denied = world.json("member_b", &format!("{method} {path}"), &body.to_string()).await;
        let doing = if method == "POST" { "creation" } else { "deletion" };
        assert_eq!(denied.status, 403, "{method} {body}");
        assert!(denied.description().starts_with(&format!("Container Secret {doing} attempt not allowed")));
    }
    let left = [(Some("l".to_owned()), a.clone()), (Some("k".to_owned()), b.clone())];
    assert_eq!(refs(&world, &container).await, left);
    assert_eq!(world.get("owner_a", &container).await.json()["updated"], updated);
    // The secret is deleted with a container around it, and goes from it.
    assert_eq!(world.ask("owner_a", &format!("DELETE {b}"), "").await.status, 204);
    assert_eq!(refs(&world, &container).await, left[..1]);
}

#[tokio::test]
async fn methods_and_types_are_looked_at_in_barbicans_order() {
    let world = World::new().await;
    let secret = world.secret().await;
    let held = json!([{ "name": "certificate", "secret_ref": format!("{HREF}{secret}") }]);
    let certificate = container(&world, "certificate", held).await;
    let path = format!("{certificate}/secrets");
    for method in ["GET", "PUT", "PATCH", "HEAD"] {
        let answer = world.ask("owner_a", &format!("{method} {path}"), "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("DELETE, POST")), "{method}");
    }
    for method in ["POST", "DELETE"] {
        let text = world.ask("owner_a", &format!("{method} {path} | Content-Type: text/plain"), "{}").await;
        assert_eq!(text.status, 415, "{method}");
    }
    let fixed = world.json("owner_a", &format!("POST {path}"), "not even JSON").await;
    assert_eq!(
        (fixed.status, fixed.description().as_str()),
        (400, "Only 'generic' containers can be modified.")
    );
    let body = json!({ "name": "certificate", "secret_ref": format!("{HREF}{secret}") }).to_string();
    assert_eq!(world.json("owner_a", &format!("DELETE {path}/x/y"), &body).await.status, 204);
    assert_eq!(refs(&world, &certificate).await, []);
}

#[tokio::test]
async fn d25_a_secret_is_added_to_so_many_containers_at_most() {
    let world = World::new().await;
    let secret = world.secret().await;
    let body = json!({ "name": "a", "secret_ref": format!("{HREF}{secret}") }).to_string();
    for number in 0..65 {
        let path = container(&world, "generic", json!([])).await;
        let added = world.json("owner_a", &format!("POST {path}/secrets"), &body).await;
        assert_eq!(added.status, if number < 64 { 201 } else { 400 }, "{number} {}", added.text());
    }
}
