//! Registries, their credentials and their grants.

use super::*;
use secrecy::ExposeSecret as _;

on_both!(registries_are_made_granted_and_deleted);

async fn registries_are_made_granted_and_deleted(world: World) {
    let admin = world.admin().await;
    let by_admin = As::Token(&admin);
    let (alice, token) = world.user(&admin, "alice", 2).await;
    let by_alice = As::Token(&token);
    let endpoint = world.endpoint(&admin, "local").await;
    let body = json!({
        "Name": "hub", "Type": 3, "URL": "https://Registry.Example.org:5000/", "Authentication": true,
        "Username": "robot", "Password": "hunter2",
    });
    let reply = world.call("POST", "/api/registries", by_admin, body.clone()).await;
    let id = reply.id();
    let expected = json!({
        "Id": id, "Name": "hub", "Type": 3, "URL": "registry.example.org:5000", "Authentication": true, "Username": "robot",
    });
    assert_eq!(reply.json(), expected);
    let path = format!("/api/registries/{id}");
    assert_eq!(world.get(&path, by_admin).await.json(), expected);
    assert_eq!(world.get("/api/registries", by_admin).await.json(), json!([expected]));
    // What cannot be made.
    let make = |body| world.call("POST", "/api/registries", by_admin, body);
    make(body.clone()).await.is_error(409, "Name is not unique", "The name is not unique");
    let mut same = body.clone();
    same["Name"] = json!("another");
    assert_eq!(make(same).await.status, 409);
    for (field, value) in [
        ("Name", json!("")),
        ("Type", json!(7)),
        ("Type", json!(9)),
        ("URL", json!("a b")),
        ("Password", json!("")),
        ("Username", json!("")),
    ] {
        let mut body = body.clone();
        body[field] = value;
        let reply = make(body).await;
        assert!(reply.status == 400 && !reply.text.contains("hunter2"), "{field}: {reply:?}");
    }
    // Granted on one endpoint, which must be granted too.
    let gateway = &world.gateway;
    let session = gateway.authenticate(&parts(by_alice)).await.unwrap();
    let ask = async |registry: i64| gateway.registry(&session, endpoint, registry).await;
    assert_eq!(ask(99).await.unwrap_err().status, 404);
    assert_eq!(ask(id).await.unwrap_err().status, 403);
    let of_endpoint = format!("/api/endpoints/{endpoint}/registries");
    let grant = format!("{of_endpoint}/{id}");
    world.call("PUT", &grant, by_admin, grants(&[alice])).await.is(204);
    assert_eq!(ask(id).await.unwrap_err().status, 403, "the endpoint is not granted");
    world.get(&of_endpoint, by_alice).await.is(403);
    world.grant(&admin, endpoint, &[alice]).await;
    let credentials = ask(id).await.unwrap();
    assert_eq!((&*credentials.host, &*credentials.username), ("registry.example.org:5000", "robot"));
    assert_eq!(credentials.password.expose_secret(), "hunter2");
    assert_eq!(world.get(&of_endpoint, by_alice).await.json(), json!([expected]));
    let other = world.endpoint(&admin, "other").await;
    world.grant(&admin, other, &[alice]).await;
    assert_eq!(gateway.registry(&session, other, id).await.unwrap_err().status, 403);
    assert_eq!(world.get(&format!("/api/endpoints/{other}/registries"), by_alice).await.json(), json!([]));
    // Administrators need no grant.
    let root = gateway.authenticate(&parts(by_admin)).await.unwrap();
    assert_eq!(gateway.registry(&root, other, id).await.unwrap().username, "robot");
    // Grants of nothing.
    for (path, status) in
        [(format!("/api/endpoints/99/registries/{id}"), 404), (format!("{of_endpoint}/99"), 404)]
    {
        world.call("PUT", &path, by_admin, grants(&[alice])).await.is(status);
    }
    world.call("PUT", &grant, by_admin, grants(&[99])).await.is(400);
    world.call("PUT", &grant, by_admin, json!({})).await.is(400);
    ask(id).await.unwrap();
    // The password is kept until another one comes, and goes with the authentication.
    let update = |body| world.call("PUT", &path, by_admin, body);
    update(json!({ "Name": "renamed", "Username": "robot2" })).await.is(200);
    let credentials = ask(id).await.unwrap();
    assert_eq!((&*credentials.username, credentials.password.expose_secret()), ("robot2", "hunter2"));
    update(json!({ "Password": "hunter3" })).await.is(200);
    assert_eq!(ask(id).await.unwrap().password.expose_secret(), "hunter3");
    update(json!({ "Authentication": false })).await.is(200);
    update(json!({ "Authentication": true, "Username": "robot" })).await.is(200);
    assert_eq!(ask(id).await.unwrap().password.expose_secret(), "");
    // Withdrawn, and deleted.
    world.call("PUT", &grant, by_admin, grants(&[])).await.is(204);
    assert_eq!(ask(id).await.unwrap_err().status, 403);
    world.call("DELETE", &path, by_admin, Value::Null).await.is(204);
    world.call("DELETE", &path, by_admin, Value::Null).await.is(404);
    assert_eq!(ask(id).await.unwrap_err().status, 404);
    let missing = "Unable to find a registry with the specified identifier inside the database";
    world.get(&path, by_admin).await.is_error(404, missing, "Object not found inside the database");
}
