//! What reading and writing ACLs does: section for section what Barbican's tests ask of it.

use serde_json::{Value, json};
use std::sync::Arc;

use super::world::{World, ok};

async fn acl(world: &World, path: &str) -> Value {
    let answer = world.get("owner_a", &format!("{path}/acl")).await;
    ok(&answer);
    answer.json()["read"].clone()
}

fn users(acl: &Value) -> Vec<&str> {
    let mut users: Vec<_> =
        acl["users"].as_array().unwrap().iter().map(|user| user.as_str().unwrap()).collect();
    users.sort_unstable();
    users
}

/// Each row is done in turn, and what stands then is compared: users, and whether the project has access; `None` is the
/// ACL that is none.
#[tokio::test]
async fn put_replaces_patch_keeps_and_delete_removes() {
    let world = World::new().await;
    for path in [world.secret().await, world.container().await] {
        for (method, body, expected) in [
            ("PATCH", "{}", None),
            ("PATCH", r#"{"read":{}}"#, None),
            ("PUT", "{}", None),
            ("PUT", r#"{"read":{}}"#, None),
            ("DELETE", "", None),
            ("PATCH", r#"{"read":{"users":["u1","u2"]}}"#, Some((vec!["u1", "u2"], true))),
            ("DELETE", "", None),
            ("PATCH", r#"{"read":{"project-access":false}}"#, Some((vec![], false))),
            ("PATCH", r#"{"read":{"users":["u3"," u1 ","u3"]}}"#, Some((vec!["u1", "u3"], false))),
            ("PATCH", r#"{"read":{"project-access":true}}"#, Some((vec!["u1", "u3"], true))),
            ("PATCH", "{}", Some((vec!["u1", "u3"], true))),
            ("PATCH", r#"{"read":{"users":[]}}"#, Some((vec![], true))),
            ("PUT", r#"{"read":{"users":["u9"],"project-access":false}}"#, Some((vec!["u9"], false))),
            ("PUT", r#"{"read":{"users":["u2"]}}"#, Some((vec!["u2"], true))),
            ("PUT", r#"{"read":{"project-access":false}}"#, Some((vec![], false))),
            ("PUT", r#"{"read":{"users":[""]}}"#, Some((vec![""], true))),
            ("PUT", r#"{"read":{}}"#, None),
        ] {
            let answer = world.json("owner_a", &format!("{method} {path}/acl"), body).await;
            ok(&answer);
            let reference = format!(r#"{{"acl_ref": "http://127.0.0.1:9312{path}/acl"}}"#);
            assert_eq!(answer.text(), if method == "DELETE" { "null" } else { &reference });
            let stands = acl(&world, &path).await;
            match expected {
                None => assert_eq!(stands, json!({ "project-access": true }), "{method} {body}"),
                Some((expected, project_access)) => {
                    assert_eq!(users(&stands), expected, "{method} {body}");
                    assert_eq!(stands["project-access"], project_access, "{method} {body}");
                }
            }
        }
    }
}

async fn updated(world: &World, path: &str) -> String {
    world.get("owner_a", path).await.json()["updated"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn created_stays_and_updated_moves_and_so_does_the_entitys() {
    let world = World::new().await;
    let path = world.secret().await;
    let body = r#"{"read":{"users":["u1"]}}"#;
    let before = updated(&world, &path).await;
    ok(&world.json("owner_a", &format!("PUT {path}/acl"), body).await);
    let (first, moved) = (acl(&world, &path).await, updated(&world, &path).await);
    assert!(moved > before);
    ok(&world.json("owner_a", &format!("PUT {path}/acl"), body).await);
    let (second, again) = (acl(&world, &path).await, updated(&world, &path).await);
    assert!(again > moved);
    assert_eq!(first["created"], second["created"]);
    assert!(second["updated"].as_str() > first["updated"].as_str());
    ok(&world.ask("owner_a", &format!("DELETE {path}/acl"), "").await);
    assert_eq!(updated(&world, &path).await, again);
    for moment in [&second["created"], &second["updated"]] {
        let moment = moment.as_str().unwrap();
        assert!(!moment.contains(['Z', '+']), "gophercloud cannot read {moment}");
    }
}

#[tokio::test]
async fn a_container_is_no_way_to_its_secrets() {
    let world = World::new().await;
    let container = world.container().await;
    let member = world.actors.id("member_b").to_owned();
    let body = json!({ "read": { "users": [member] } }).to_string();
    ok(&world.json("owner_a", &format!("PUT {container}/acl"), &body).await);
    let shown = world.get("member_b", &container).await;
    ok(&shown);
    let reference = shown.json()["secret_refs"][0]["secret_ref"].as_str().unwrap().to_owned();
    let path = reference.strip_prefix("http://127.0.0.1:9312").unwrap();
    assert_eq!(world.get("member_b", path).await.status, 403);
}

#[tokio::test]
async fn an_acl_can_stand_before_there_is_a_payload() {
    let world = World::new().await;
    let made = world.json("owner_a", "POST /v1/secrets", "{}").await;
    let path = format!("/v1/secrets/{}", made.id("secret_ref"));
    let private = r#"{"read":{"project-access":false}}"#;
    ok(&world.json("owner_a", &format!("PUT {path}/acl"), private).await);
    let put = world.ask("owner_a", &format!("PUT {path} | Content-Type: text/plain"), "hello").await;
    assert_eq!(put.status, 204);
    assert_eq!(world.get("member_a", &format!("{path}/payload")).await.status, 403);
    assert_eq!(world.get("owner_a", &format!("{path}/payload")).await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_who_write_first_all_succeed_and_one_of_them_stands_whole() {
    let world = Arc::new(World::new().await);
    for path in [world.secret().await, world.container().await] {
        let writers: Vec<_> = (0..16)
            .map(|n| {
                let (world, line) = (Arc::clone(&world), format!("PATCH {path}/acl"));
                let body = json!({ "read": { "users": [format!("a{n}"), format!("b{n}")] } }).to_string();
                tokio::spawn(async move { world.json("owner_a", &line, &body).await.status })
            })
            .collect();
        for writer in writers {
            assert_eq!(writer.await.unwrap(), 200);
        }
        let acl = acl(&world, &path).await;
        let users = users(&acl);
        let number = users[0].strip_prefix('a').unwrap();
        assert_eq!(users, [format!("a{number}"), format!("b{number}")]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_who_append_with_if_match_lose_nobody() {
    let world = Arc::new(World::new().await);
    let path = world.secret().await;
    let append = |n: usize| {
        let (world, path) = (Arc::clone(&world), format!("{path}/acl"));
        async move {
            loop {
                let read = world.get("owner_a", &path).await;
                let tag = read.header("etag").unwrap().to_owned();
                let mut users = read.json()["read"]["users"].as_array().cloned().unwrap_or_default();
                users.push(format!("u{n}").into());
                let line = format!("PUT {path} | Content-Type: application/json | If-Match: {tag}");
                match world
                    .ask("owner_a", &line, json!({ "read": { "users": users } }).to_string())
                    .await
                    .status
                {
                    200 => return,
                    412 => {}
                    status => panic!("{status}"),
                }
            }
        }
    };
    let writers: Vec<_> = (0..8).map(|n| tokio::spawn(append(n))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let acl = acl(&world, &path).await;
    assert_eq!(users(&acl), (0..8).map(|n| format!("u{n}")).collect::<Vec<_>>());
}
