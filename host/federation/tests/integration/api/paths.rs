//! Paths and methods, as AFP was seen to take them.

use axum::http::{Method, StatusCode};

use super::world::World;

#[tokio::test]
async fn paths_as_afp_takes_them() {
    let world =
        World::granting(&[("a b", "c+d"), ("testaccount", "testrole"), ("testaccount", "team/x")]).await;
    for (path, status) in [
        ("/account", 200),
        ("//account", 200),
        ("/account/", 404),
        ("/account/testaccount", 404),
        ("/account/testaccount/testrole/", 404),
        ("/account//testrole", 404),
        ("/account/testaccount/testrole/credentials", 200),
        ("/account/testaccount/testrole/credentials/", 404),
        ("/account/a%20b/c+d", 200),
        ("/account/a%20b/c%2Bd", 200),
        ("/account/a%20b/c%20d", 403),
        ("/account/a+b/c+d", 403),
        ("/account/testaccount/testrole%00", 403),
        ("/account/testaccount/testrole%ff", 404),
        ("/account/../status", 403),
        ("/account/testaccount/team%2Fx", 200),
        ("/account/testaccount/team/x/credentials", 200),
        ("/status", 200),
        ("/status/", 404),
        ("/meta-data/iam/security-credentials", 404),
        ("/meta-data/iam/security-credentials/testrole/", 404),
        ("/afp-api/latest/account", 200),
        ("/afp-api/latest/account/testaccount/testrole", 200),
        ("/afp-api/latest", 404),
        ("/afp-api/account", 404),
        ("/latest/meta-data/iam/security-credentials/", 404),
        ("/latest/api/token", 404),
        ("/", 404),
        ("/the/path", 404),
        ("/console/", 307),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    assert_eq!(world.get("/the/pa%20th").await.message(), "Not found: '/the/pa th'");
    // As AFP below its mount, and with the user.
    for path in ["/the/path", "//the/path", "/afp-api/latest/the/path", "/afp-api/latest//the/path"] {
        let answer = world.get(path).await;
        assert_eq!(answer.message(), "Not found: '/the/path'", "{path}");
        assert_eq!(answer.header("x-username"), Some("testuser"), "{path}");
        let answer = world.send(Method::GET, path, &[]).await;
        assert_eq!(
            (answer.status, answer.header("x-username")),
            (StatusCode::NOT_FOUND, Some("Unknown User"))
        );
    }
    assert_eq!(world.get("/afp-api/latest").await.message(), "Not found: '/'");
    // Clients that are kept out of a mount are not identified.
    let browser = [("x-remote-user", "testuser"), ("user-agent", "Mozilla/5.0")];
    let answer = world.send(Method::GET, "/sdks/the/path", &browser).await;
    assert_eq!((answer.status, answer.header("x-username")), (StatusCode::NOT_FOUND, Some("Unknown User")));
}

#[tokio::test]
async fn methods() {
    let world = World::granting(&[]).await;
    let user = [("x-remote-user", "testuser")];
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        let answer = world.send(method.clone(), "/account", &user).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        assert_eq!(answer.header("x-username"), Some("testuser"));
    }
    assert_eq!(world.send(Method::HEAD, "/account", &user).await.status, StatusCode::OK);
    assert!(world.rules().questions.lock().unwrap().iter().all(|asked| asked.method == "HEAD"));
}
