//! Login, tokens, API keys, attempts, and the first administrator.

use super::*;
use crate::directory::now;
use crate::token::Claims;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_identity::SigningKey;
use portcullis_identity::attempts::{AttemptLimits, Limit};
use std::time::Duration;

on_both!(a_token_is_issued_and_revoked, api_keys_are_made_used_and_deleted);

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

async fn a_token_is_issued_and_revoked(world: World) {
    let token = world.admin().await;
    let claims = claims(&token);
    assert_eq!(
        (&claims["id"], &claims["username"], &claims["role"]),
        (&json!(1), &json!("admin"), &json!(1))
    );
    let seconds = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(seconds, 8 * 3600);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
    let other = world.log_in("admin").await;
    // Keys of JSON in any case.
    let body = json!({ "username": "admin", "PASSWORD": PASSWORD });
    world.call("POST", "/auth", As::No, body).await.is(200);
    world.get("/api/users/me", As::Token(&token)).await.is(200);
    world.call("POST", "/api/auth/logout", As::Token(&token), Value::Null).await.is(204);
    world.get("/api/users/me", As::Token(&token)).await.is_error(401, "Invalid JWT token", "Unauthorized");
    world.get("/api/users/me", As::Token(&other)).await.is(200);
    // Another process sees the revocation, and verifies tokens with the same key.
    let another = world.another().await;
    assert_eq!(another.authenticate(&parts(As::Token(&token))).await.unwrap_err().status, 401);
    another.authenticate(&parts(As::Token(&other))).await.unwrap();
    // Twice, and without a token.
    world.call("POST", "/api/auth/logout", As::Token(&token), Value::Null).await.is(204);
    world.call("POST", "/api/auth/logout", As::No, Value::Null).await.is(204);
    let reply = world.call("POST", "/api/auth/logout", As::Token("garbage"), Value::Null).await;
    reply.is_error(401, "Invalid JWT token", "Unauthorized");
    world.call("POST", "/api/auth/logout", As::Key("ptr_x"), Value::Null).await.is(400);
}

#[tokio::test]
async fn logins_that_fail() {
    let world = World::sqlite().await;
    world.admin().await;
    for (body, status, message, details) in [
        (json!({}), 400, "Invalid request payload", "Invalid username"),
        (json!({ "Username": "", "Password": "x" }), 400, "Invalid request payload", "Invalid username"),
        (json!({ "Username": "admin" }), 400, "Invalid request payload", "Invalid password"),
        (json!({ "Username": "admin", "Password": "wrong" }), 422, "Invalid credentials", "Unauthorized"),
        (json!({ "Username": "nobody", "Password": PASSWORD }), 422, "Invalid credentials", "Unauthorized"),
        (json!({ "Username": "Admin", "Password": PASSWORD }), 422, "Invalid credentials", "Unauthorized"),
        (json!({ "Username": "a\u{0}", "Password": PASSWORD }), 422, "Invalid credentials", "Unauthorized"),
        (
            json!({ "Username": 1, "Password": "x" }),
            400,
            "Invalid request payload",
            "The field Username must be a text",
        ),
    ] {
        world.call("POST", "/api/auth", As::No, body).await.is_error(status, message, details);
    }
    let records: Vec<Value> =
        world.log.recent().iter().map(|recent| serde_json::from_str(&recent.line).unwrap()).collect();
    let failed: Vec<_> = records.iter().filter(|record| record["verdict"] == "deny").collect();
    assert_eq!(failed.len(), 4, "{records:#?}");
    let wrong = failed.last().unwrap();
    assert_eq!(wrong["kind"], "authentication");
    assert_eq!(wrong["rule"], "host:wrong-password");
    assert_eq!(wrong["api"], "docker-gateway");
    assert_eq!(wrong["operation"], "login");
    assert_eq!(wrong["peer"], "192.0.2.1:50000");
    assert_eq!(wrong["principal"]["name"], "admin");
    assert!(wrong["hook"].is_null());
    // The name of an unknown user may be a password.
    assert_eq!(failed[0]["rule"], "host:unknown-user");
    assert!(failed[0]["principal"]["name"].is_null());
}

#[tokio::test]
async fn tokens_that_are_refused() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let (alice, _) = world.user(&admin, "alice", 2).await;
    let good = Claims {
        id: alice,
        username: "alice".into(),
        role: 2,
        exp: now() + 60,
        iat: now(),
        jti: "j".into(),
        epoch: 1,
    };
    let signed = |claims: &Claims| world.gateway.tokens.key.sign(claims).unwrap();
    let token = signed(&good);
    world.get("/api/users/me", As::Token(&token)).await.is(200);
    let [header, body, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    for (row, token) in [
        ("expired", signed(&Claims { exp: now() - 1, ..good.clone() })),
        ("another key", SigningKey::new(&[9; 32]).sign(&good).unwrap()),
        ("alg none", format!("{none}.{body}.")),
        ("alg none with a signature", format!("{none}.{body}.{signature}")),
        ("no signature", format!("{header}.{body}.")),
        ("an older epoch", signed(&Claims { epoch: 0, ..good.clone() })),
        ("two tokens", format!("{token} {token}")),
    ] {
        let reply = world.get("/api/users/me", As::Token(&token)).await;
        assert_eq!(reply.status, 401, "{row}");
        reply.is_error(401, "Invalid JWT token", "Unauthorized");
    }
    let gone = signed(&Claims { id: 77, ..good.clone() });
    world.get("/api/users/me", As::Token(&gone)).await.is_error(
        401,
        "An authorization token is invalid",
        "Unauthorized",
    );
    // A role in the token is not believed.
    let forged = signed(&Claims { role: 1, ..good });
    world.get("/api/registries", As::Token(&forged)).await.is(403);
}

#[tokio::test]
async fn changes_of_a_user_end_the_tokens() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let changes = [
        ("PUT", "", json!({ "Role": 1 })),
        ("PUT", "", json!({ "Username": "alicia" })),
        ("PUT", "", json!({ "NewPassword": "another long password" })),
        ("PUT", "/passwd", json!({ "NewPassword": "another long password" })),
        ("DELETE", "", Value::Null),
    ];
    for (n, (method, suffix, body)) in changes.into_iter().enumerate() {
        let (id, token) = world.user(&admin, &format!("user{n}"), 2).await;
        world.get("/api/users/me", As::Token(&token)).await.is(200);
        let reply =
            world.call(method, &format!("/api/users/{id}{suffix}"), As::Token(&admin), body.clone()).await;
        assert!(reply.status < 300, "{body}: {reply:?}");
        world.get("/api/users/me", As::Token(&token)).await.is(401);
    }
}

#[tokio::test]
async fn where_credentials_may_be() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    for query in ["token", "TOKEN", "X-API-KEY", "x-api-key", "%74oken"] {
        let reply = world.get(&format!("/api/users/me?{query}={admin}"), As::No).await;
        let details = "Send the token in the header `Authorization: Bearer`, or an API key in `X-API-KEY`";
        reply.is_error(401, "Credentials in the query string are refused", details);
    }
    let mut both = request("GET", "/api/users/me", As::Token(&admin), &Value::Null);
    both.headers_mut().insert("x-api-key", "ptr_x".parse().unwrap());
    let message = "api key and auth header are not allowed at the same time";
    world.send(both).await.is_error(403, message, "Send one of `X-API-KEY` and `Authorization`");
    let mut twice = request("GET", "/api/users/me", As::Token(&admin), &Value::Null);
    twice.headers_mut().append("authorization", format!("Bearer {admin}").parse().unwrap());
    world.send(twice).await.is(401);
    let mut cookie = request("GET", "/api/users/me", As::No, &Value::Null);
    cookie.headers_mut().insert("cookie", format!("portainer_api_key={admin}").parse().unwrap());
    world.send(cookie).await.is(401);
    let mut bare = request("GET", "/api/users/me", As::No, &Value::Null);
    bare.headers_mut().insert("authorization", admin.parse().unwrap());
    world.send(bare).await.is(401);
    let mut lower = request("GET", "/api/users/me", As::No, &Value::Null);
    lower.headers_mut().insert("authorization", format!("bearer {admin}").parse().unwrap());
    world.send(lower).await.is(200);
}

async fn api_keys_are_made_used_and_deleted(world: World) {
    let admin = world.admin().await;
    let (alice, token) = world.user(&admin, "alice", 2).await;
    let path = format!("/api/users/{alice}/tokens");
    let body = json!({ "password": PASSWORD, "description": "ci" });
    let made = world.call("POST", &path, As::Token(&token), body.clone()).await;
    let raw = made.is(201).json()["rawAPIKey"].as_str().unwrap().to_owned();
    let id = made.json()["apiKey"]["id"].as_i64().unwrap();
    assert!(raw.starts_with("ptr_") && raw.len() == 48, "{raw}");
    assert_eq!(made.json()["apiKey"]["prefix"], raw[..7]);
    assert_eq!(world.get("/api/users/me", As::Key(&raw)).await.is(200).json()["Username"], "alice");
    let listed = world.get(&path, As::Token(&token)).await;
    assert_eq!(listed.json()[0]["description"], "ci");
    assert!(!listed.text.contains(&raw[8..]));
    assert_eq!(listed.headers["x-total-count"], "1");
    // By an API key, for another user, with a wrong password, without a description.
    let call = |by, body| world.call("POST", &path, by, body);
    call(As::Key(&raw), body.clone()).await.is_error(
        401,
        "Auth not supported",
        "JWT Authentication required",
    );
    let denied = "Permission denied to create user access token";
    call(As::Token(&admin), body).await.is_error(403, denied, "Access denied to resource");
    let wrong = json!({ "password": "wrong", "description": "ci" });
    assert_eq!(
        call(As::Token(&token), wrong).await.is(403).json()["message"],
        "Current password doesn't match"
    );
    for description in [String::new(), " ".into(), "x".repeat(129), "a\nb".into()] {
        let body = json!({ "password": PASSWORD, "description": description });
        call(As::Token(&token), body).await.is(400);
    }
    // Not by another user; by the user, or an administrator.
    let (_, bob) = world.user(&admin, "bob", 2).await;
    let of_key = format!("{path}/{id}");
    world.call("DELETE", &of_key, As::Token(&bob), Value::Null).await.is(403);
    world.get(&path, As::Token(&bob)).await.is(403);
    world.call("DELETE", &of_key, As::Token(&admin), Value::Null).await.is(204);
    world.get("/api/users/me", As::Key(&raw)).await.is_error(401, "Invalid JWT token", "Unauthorized");
    world.call("DELETE", &of_key, As::Token(&token), Value::Null).await.is(404);
}

#[tokio::test]
async fn failed_logins_are_limited_per_name_and_address() {
    let hour = Duration::from_hours(1);
    let attempts = AttemptLimits {
        name_and_address: Limit { burst: 3, recovery: hour },
        address: Some(Limit { burst: 6, recovery: hour }),
        ..AttemptLimits::default()
    };
    let options = GatewayOptions { attempts, ..GatewayOptions::default() };
    options.proxies.set(vec!["10.0.0.0/8".parse().unwrap()]);
    let world = World::with(options, |_| {}).await;
    let admin = world.admin().await;
    world.user(&admin, "alice", 2).await;
    let log_in = async |name: &str, password: &str, address: &str| {
        let body = json!({ "Username": name, "Password": password });
        let mut request = request("POST", "/api/auth", As::No, &body);
        request.extensions_mut().insert(peer(address));
        world.send(request).await
    };
    for _ in 0..3 {
        log_in("admin", "wrong", "198.51.100.1:1").await.is(422);
    }
    // Also with the right password: it is not looked at.
    let limited = log_in("admin", PASSWORD, "198.51.100.1:2").await;
    assert_eq!(limited.is(429).json()["message"], "Access denied");
    let seconds: u64 = limited.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3590..=3600).contains(&seconds), "{seconds}");
    log_in("admin", PASSWORD, "198.51.100.2:1").await.is(200);
    log_in("alice", PASSWORD, "198.51.100.1:1").await.is(200);
    // Three more of other names, and the address is stopped.
    for name in ["a", "b", "c"] {
        log_in(name, "wrong", "198.51.100.1:1").await.is(422);
    }
    log_in("alice", PASSWORD, "198.51.100.1:1").await.is(429);
    log_in("alice", PASSWORD, "198.51.100.3:1").await.is(200);
    // Behind a proxy, and on a unix socket, clients share an address: only names count.
    for proxy in ["10.0.0.1:1", "unix"] {
        for n in 0..10 {
            log_in(&format!("{proxy}-{n}"), "wrong", proxy).await.is(422);
        }
        log_in("alice", PASSWORD, proxy).await.is(200);
    }
    // A session that exists is not touched.
    world.get("/api/users/me", As::Token(&admin)).await.is(200);
}

#[tokio::test]
async fn the_first_administrator() {
    let world = World::sqlite().await;
    let check = || world.get("/api/users/admin/check", As::No);
    let init = |name: &str, password: &str| {
        let body = json!({ "Username": name, "Password": password });
        world.send(request("POST", "/api/users/admin/init", As::No, &body))
    };
    let missing = "No administrator account found inside the database";
    check().await.is_error(404, missing, "Object not found inside the database");
    let short = "Use at least 12 characters and at most 1024 bytes";
    init("admin", "short").await.is_error(400, "Password does not meet the requirements", short);
    init("ad min", PASSWORD).await.is(400);
    let user = init("admin", PASSWORD).await;
    assert_eq!(user.is(200).json(), json!({ "Id": 1, "Username": "admin", "Role": 1 }));
    check().await.is(204);
    let exists = "An administrator user already exists";
    init("root", PASSWORD).await.is_error(409, "Unable to create administrator user", exists);
    assert!(!world.gateway.bootstrap("root", &PASSWORD.to_owned().into()).await.unwrap());
}

#[tokio::test]
async fn the_operator_may_make_the_first_administrator_at_any_time() {
    let late = |gateway: &mut Gateway| gateway.opened -= Duration::from_secs(301);
    let world = World::with(GatewayOptions::default(), late).await;
    let body = json!({ "Username": "admin", "Password": PASSWORD });
    let reply = world.call("POST", "/api/users/admin/init", As::No, body).await;
    assert_eq!(reply.is(403).json()["message"], "Administrator initialization timeout");
    let bootstrap =
        async |password: &str| world.gateway.bootstrap("admin", &password.to_owned().into()).await;
    assert_eq!(bootstrap("short").await.unwrap_err().status, 400);
    assert!(bootstrap(PASSWORD).await.unwrap());
    world.log_in("admin").await;
}
