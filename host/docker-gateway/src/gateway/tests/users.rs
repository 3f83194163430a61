//! Users.

use super::*;

on_both!(users_are_made_changed_and_deleted, an_administrator_always_remains);

async fn users_are_made_changed_and_deleted(world: World) {
    let admin = world.admin().await;
    let by_admin = As::Token(&admin);
    let (alice, token) = world.user(&admin, "alice", 2).await;
    assert_eq!(world.get("/api/users/me", As::Token(&token)).await.json()["Id"], alice);
    // A standard user sees the own account alone.
    let all = world.get("/api/users", by_admin).await;
    assert_eq!(all.json().as_array().unwrap().len(), 2);
    assert_eq!(all.headers["x-total-count"], "2");
    let own = world.get("/api/users", As::Token(&token)).await;
    assert_eq!(own.json(), json!([{ "Id": alice, "Username": "alice", "Role": 2 }]));
    let path = format!("/api/users/{alice}");
    world.get(&path, As::Token(&token)).await.is(200);
    let reply = world.get("/api/users/1", As::Token(&token)).await;
    reply.is_error(403, "Permission denied inspect user", "Access denied to resource");
    let missing = "Unable to find a user with the specified identifier inside the database";
    world.get("/api/users/99", by_admin).await.is_error(404, missing, "Object not found inside the database");
    // What cannot be made.
    let make = |body| world.call("POST", "/api/users", by_admin, body);
    for name in ["alice", "Alice"] {
        let body = json!({ "Username": name, "Password": PASSWORD, "Role": 2 });
        make(body).await.is_error(
            409,
            "Another user with the same username already exists",
            "User already exists",
        );
    }
    for body in [
        json!({ "Password": PASSWORD, "Role": 2 }),
        json!({ "Username": "a b", "Password": PASSWORD, "Role": 2 }),
        json!({ "Username": "bob", "Role": 2 }),
        json!({ "Username": "bob", "Password": "short", "Role": 2 }),
        json!({ "Username": "bob", "Password": PASSWORD, "Role": 3 }),
        json!({ "Username": "bob", "Password": PASSWORD }),
    ] {
        let reply = make(body.clone()).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    // Changes.
    let update = |body| world.call("PUT", &path, by_admin, body);
    assert_eq!(update(json!({ "Username": "alicia" })).await.is(200).json()["Username"], "alicia");
    update(json!({ "Username": "ADMIN" })).await.is(409);
    update(json!({ "Role": 5 })).await.is(400);
    world.call("PUT", "/api/users/99", by_admin, json!({ "Role": 2 })).await.is(404);
    update(json!({ "NewPassword": "a wholly different one" })).await.is(200);
    let body = json!({ "Username": "alicia", "Password": "a wholly different one" });
    let token = world.call("POST", "/api/auth", As::No, body).await.is(200).json()["jwt"].clone();
    let token = token.as_str().unwrap();
    // The own password, with the current one.
    let of_password = format!("{path}/passwd");
    let set = |by, body| world.call("PUT", &of_password, by, body);
    let body = json!({ "Password": "wrong wrong wrong", "NewPassword": PASSWORD });
    let details = "Current password does not match the password provided. Please try again";
    set(As::Token(token), body).await.is_error(403, "Current password doesn't match", details);
    set(As::Token(token), json!({ "NewPassword": PASSWORD })).await.is(400);
    let body = json!({ "Password": "a wholly different one", "NewPassword": "short" });
    set(As::Token(token), body).await.is(400);
    let body = json!({ "Password": "a wholly different one", "NewPassword": PASSWORD });
    set(As::Token(token), body.clone()).await.is(204);
    set(As::Token(token), body).await.is(401);
    let (_, bob) = world.user(&admin, "bob", 2).await;
    let body = json!({ "NewPassword": PASSWORD });
    set(As::Token(&bob), body).await.is_error(
        403,
        "Permission denied to update user",
        "Access denied to resource",
    );
    world.log_in("alicia").await;
    world.call("PUT", "/api/users/1", by_admin, json!({ "NewPassword": PASSWORD })).await.is(400);
    // Deleted for good: the id is not used again.
    world.call("DELETE", &path, by_admin, Value::Null).await.is(204);
    world.call("DELETE", &path, by_admin, Value::Null).await.is(404);
    let (again, _) = world.user(&admin, "alicia", 2).await;
    assert!(again > alice);
}

async fn an_administrator_always_remains(world: World) {
    let admin = world.admin().await;
    let last = "The last administrator cannot be removed: make another user administrator first";
    let message = "Cannot remove the last local administrator account";
    let delete = |id: i64, by| {
        let path = format!("/api/users/{id}");
        let world = &world;
        async move { world.call("DELETE", &path, by, Value::Null).await }
    };
    delete(1, As::Token(&admin)).await.is_error(409, message, last);
    let demote = json!({ "Role": 2 });
    world.call("PUT", "/api/users/1", As::Token(&admin), demote.clone()).await.is_error(409, message, last);
    let (root, token) = world.user(&admin, "root", 1).await;
    let own = "Cannot remove your own user account. Contact another administrator";
    delete(1, As::Token(&admin)).await.is_error(403, own, "Cannot remove own user account");
    // Two who demote each other at the same time.
    let path = format!("/api/users/{root}");
    let (one, other) = tokio::join!(
        world.call("PUT", &path, As::Token(&admin), demote.clone()),
        world.call("PUT", "/api/users/1", As::Token(&token), demote.clone()),
    );
    assert!(one.status == 200 || other.status == 200, "{one:?} {other:?}");
    assert!(world.gateway.directory.has_administrator().await.unwrap());
}
