//! The four access policies, over every route.

use super::*;
use crate::gateway::{AccessPolicy, Verb};

fn method(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "GET",
        Verb::Post => "POST",
        Verb::Put => "PUT",
        Verb::Delete => "DELETE",
    }
}

#[tokio::test]
async fn each_route_admits_whom_its_policy_names() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let (_, alice) = world.user(&admin, "alice", 2).await;
    let routes = world.gateway.routes();
    for route in &routes {
        for prefix in ["", "/api"] {
            // Ids of nothing, and bodies that say nothing: no row changes anything.
            let path = ["{id}", "{key}", "{registry}"]
                .iter()
                .fold(route.path.to_owned(), |path, name| path.replace(name, "999"));
            let path = format!("{prefix}{path}");
            let row = format!("{} {path}", method(route.verb));
            let send = |by| world.call(method(route.verb), &path, by, json!({}));
            let nothing = send(As::No).await;
            if route.policy == AccessPolicy::Public {
                assert!(![401, 403, 405].contains(&nothing.status), "{row}: {nothing:?}");
                continue;
            }
            nothing.is_error(401, "A valid authorization token is missing", "Unauthorized");
            send(As::Token("garbage")).await.is_error(401, "Invalid JWT token", "Unauthorized");
            send(As::Key("ptr_garbage")).await.is_error(401, "Invalid JWT token", "Unauthorized");
            let by_user = send(As::Token(&alice)).await;
            if route.policy == AccessPolicy::Administrator {
                by_user.is_error(403, "Access denied", "Unauthorized");
            } else {
                assert!(by_user.status != 401 && by_user.status < 500, "{row}: {by_user:?}");
            }
            let by_admin = send(As::Token(&admin)).await;
            let is_denied = by_admin.status == 401 || by_admin.text.contains("\"Access denied\"");
            assert!(!is_denied && by_admin.status < 500, "{row}: {by_admin:?}");
        }
    }
    let count = |policy| routes.iter().filter(|route| route.policy == policy).count();
    let public: Vec<_> =
        routes.iter().filter(|route| route.policy == AccessPolicy::Public).map(|route| route.path).collect();
    let expected =
        ["/auth", "/auth/logout", "/status", "/system/status", "/users/admin/init", "/users/admin/check"];
    assert_eq!(public, expected);
    assert_eq!(count(AccessPolicy::Authenticated), 1);
    assert_eq!(count(AccessPolicy::Restricted), 9);
    assert_eq!(count(AccessPolicy::Administrator), 12);
}

#[tokio::test]
async fn other_paths_and_methods_are_errors_in_json() {
    let world = World::sqlite().await;
    world.get("/api/nothing", As::No).await.is_error(404, "Not found", "There is no such path in this API");
    let reply = world.call("PATCH", "/api/users", As::No, Value::Null).await;
    reply.is_error(405, "Method not allowed", "This path has other methods");
    let head = world.call("HEAD", "/api/status", As::No, Value::Null).await;
    assert_eq!((head.status, &*head.text), (200, ""));
}

#[tokio::test]
async fn status_is_public() {
    let world = World::sqlite().await;
    for path in ["/status", "/api/status", "/system/status", "/api/system/status"] {
        let status = world.get(path, As::No).await;
        assert_eq!(status.is(200).json()["Version"], env!("CARGO_PKG_VERSION"), "{path}");
        assert_eq!(status.json()["InstanceID"].as_str().unwrap().len(), 36);
    }
}

#[tokio::test]
async fn ids_and_bodies_that_cannot_be_read_are_refused() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    for (path, what) in [
        ("/api/endpoints/abc", "environment"),
        ("/api/users/abc", "user"),
        ("/api/registries/abc", "registry"),
    ] {
        let message = format!("Invalid {what} identifier route variable");
        let reply = world.get(path, As::Token(&admin)).await;
        reply.is_error(400, &message, "Strconv.Atoi: parsing \"abc\": invalid syntax");
    }
    let send = |body: &str| {
        let mut request = request("POST", "/api/users", As::Token(&admin), &Value::Null);
        *request.body_mut() = Body::from(body.to_owned());
        world.send(request)
    };
    let broken = send("{\"Password\":\"hunter2hunter2\"").await;
    assert_eq!(broken.is(400).json()["message"], "Invalid request payload");
    assert!(!broken.text.contains("hunter2"), "{broken:?}");
    send("{\"Username\":\"a\",\"username\":\"b\"}").await.is(400);
    send(&" ".repeat(300 << 10)).await.is_error(413, "Invalid request payload", "A body may have 256 KiB");
}
