//! Sessions of open streams end when what they rest on does.

use super::*;
use crate::session::Session;
use std::time::Duration;

on_both!(another_process_notices);

/// A standard user with an open stream to an endpoint.
struct Stream {
    id: i64,
    token: String,
    endpoint: i64,
    session: Session,
}

/// A request that changes what a stream rests on: method, path and body.
type Change = fn(&Stream) -> (&'static str, String, Value);

async fn open(world: &World, admin: &str, name: &str) -> Stream {
    let (id, token) = world.user(admin, name, 2).await;
    let endpoint = world.endpoint(admin, &format!("of-{name}")).await;
    world.grant(admin, endpoint, &[id]).await;
    let session = world.gateway.authenticate(&parts(As::Token(&token))).await.unwrap();
    world.gateway.endpoint(&session, endpoint).await.unwrap();
    Stream { id, token, endpoint, session }
}

async fn ends(session: &Session) -> bool {
    tokio::time::timeout(Duration::from_millis(50), session.ended()).await.is_ok()
}

#[tokio::test]
async fn a_session_ends_at_once() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let by_admin = As::Token(&admin);
    let bystander = open(&world, &admin, "bystander").await;
    let changes: [(&str, Change); 8] = [
        ("deleted", |stream| ("DELETE", format!("/users/{}", stream.id), Value::Null)),
        ("role", |stream| ("PUT", format!("/users/{}", stream.id), json!({ "Role": 1 }))),
        ("name", |stream| ("PUT", format!("/users/{}", stream.id), json!({ "Username": "renamed" }))),
        ("password", |stream| {
            ("PUT", format!("/users/{}/passwd", stream.id), json!({ "NewPassword": PASSWORD }))
        }),
        ("grant", |stream| ("PUT", format!("/endpoints/{}", stream.endpoint), grants(&[]))),
        ("endpoint", |stream| ("DELETE", format!("/endpoints/{}", stream.endpoint), Value::Null)),
        ("url", |stream| {
            ("PUT", format!("/endpoints/{}", stream.endpoint), json!({ "URL": "tcp://10.0.0.9:1" }))
        }),
        ("nothing", |stream| ("PUT", format!("/endpoints/{}", stream.endpoint), grants(&[stream.id]))),
    ];
    for (name, change) in changes {
        let stream = open(&world, &admin, name).await;
        assert!(world.gateway.still_valid(&stream.session, stream.endpoint).await, "{name}");
        let (method, path, body) = change(&stream);
        let reply = world.call(method, &path, by_admin, body).await;
        assert!(reply.status < 300, "{name}: {reply:?}");
        assert_eq!(ends(&stream.session).await, name != "nothing", "{name}");
        assert_eq!(
            world.gateway.still_valid(&stream.session, stream.endpoint).await,
            name == "nothing",
            "{name}"
        );
    }
    // A token ends its own sessions alone.
    let stream = open(&world, &admin, "logout").await;
    let other = world.gateway.authenticate(&parts(As::Token(&world.log_in("logout").await))).await.unwrap();
    world.call("POST", "/auth/logout", As::Token(&stream.token), Value::Null).await.is(204);
    assert!(ends(&stream.session).await && !ends(&other).await);
    // So does an API key.
    let path = format!("/users/{}/tokens", bystander.id);
    let body = json!({ "password": PASSWORD, "description": "ci" });
    let made = world.call("POST", &path, As::Token(&bystander.token), body).await.is(201).json();
    let by_key =
        world.gateway.authenticate(&parts(As::Key(made["rawAPIKey"].as_str().unwrap()))).await.unwrap();
    assert!(world.gateway.still_valid(&by_key, bystander.endpoint).await);
    let path = format!("{path}/{}", made["apiKey"]["id"]);
    world.call("DELETE", &path, As::Token(&bystander.token), Value::Null).await.is(204);
    assert!(ends(&by_key).await && !ends(&bystander.session).await);
    assert!(!world.gateway.still_valid(&by_key, bystander.endpoint).await);
    assert!(world.gateway.still_valid(&bystander.session, bystander.endpoint).await);
}

#[tokio::test]
async fn users_without_a_token_of_ours() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let stream = open(&world, &admin, "alice").await;
    let session = world.gateway.user_by_name("alice", "certificate").await.unwrap();
    assert_eq!((session.authentication, session.user.id), ("certificate", stream.id));
    world.gateway.endpoint(&session, stream.endpoint).await.unwrap();
    assert!(world.gateway.still_valid(&session, stream.endpoint).await);
    for name in ["Alice", "bob", ""] {
        assert_eq!(world.gateway.user_by_name(name, "certificate").await.unwrap_err().status, 401, "{name}");
    }
    world.call("DELETE", &format!("/users/{}", stream.id), As::Token(&admin), Value::Null).await.is(204);
    assert!(ends(&session).await);
}

async fn another_process_notices(world: World) {
    let admin = world.admin().await;
    let another = world.another().await;
    let in_another = async |stream: &Stream| {
        let session = another.authenticate(&parts(As::Token(&stream.token))).await.unwrap();
        another.endpoint(&session, stream.endpoint).await.unwrap();
        assert!(another.still_valid(&session, stream.endpoint).await);
        session
    };
    let changes: [(&str, &str, Value); 3] = [
        ("DELETE", "users", Value::Null),
        ("PUT", "users", json!({ "Role": 1 })),
        ("PUT", "endpoints", grants(&[])),
    ];
    for (n, (method, of, body)) in changes.into_iter().enumerate() {
        let stream = open(&world, &admin, &format!("user{n}")).await;
        let session = in_another(&stream).await;
        let id = if of == "users" { stream.id } else { stream.endpoint };
        let reply = world.call(method, &format!("/{of}/{id}"), As::Token(&admin), body).await;
        assert!(reply.status < 300, "{reply:?}");
        assert!(!another.still_valid(&session, stream.endpoint).await, "{method} {of}");
    }
    let stream = open(&world, &admin, "logout").await;
    let session = in_another(&stream).await;
    world.call("POST", "/auth/logout", As::Token(&stream.token), Value::Null).await.is(204);
    assert!(!another.still_valid(&session, stream.endpoint).await);
}
