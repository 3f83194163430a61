//! The database: away, opened again, and without a secret in clear text.

use super::*;
use crate::gateway::OpenError;
use portcullis_store::StoreError;

#[tokio::test]
async fn without_the_database_nothing_is_allowed() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let (alice, token) = world.user(&admin, "alice", 2).await;
    let endpoint = world.endpoint(&admin, "local").await;
    world.grant(&admin, endpoint, &[alice]).await;
    let session = world.gateway.authenticate(&parts(As::Token(&token))).await.unwrap();
    world.gateway.endpoint(&session, endpoint).await.unwrap();
    world.gateway.ready().await.unwrap();
    world.store.close().await;
    let details = "The database is not available; try again later";
    for path in ["/api/users/me", "/api/endpoints"] {
        let reply = world.get(path, As::Token(&token)).await;
        reply.is_error(503, "Unable to reach the database", details);
        assert_eq!(reply.headers["retry-after"], "1");
    }
    let body = json!({ "Username": "alice", "Password": PASSWORD });
    world.call("POST", "/api/auth", As::No, body).await.is(503);
    world.call("POST", "/api/auth/logout", As::Token(&token), Value::Null).await.is(503);
    assert_eq!(world.gateway.endpoint(&session, endpoint).await.unwrap_err().status, 503);
    assert_eq!(world.gateway.registry(&session, endpoint, 1).await.unwrap_err().status, 503);
    assert!(!world.gateway.still_valid(&session, endpoint).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_goes_away_brings_no_stale_grant_back() {
    // Its own: other tests must not lose theirs.
    let Some(server) = tokio::task::block_in_place(Postgres::start) else { return };
    let server = Arc::new(server);
    let world = World::postgres(Arc::clone(&server)).await;
    let admin = world.admin().await;
    let (alice, token) = world.user(&admin, "alice", 2).await;
    let endpoint = world.endpoint(&admin, "local").await;
    world.grant(&admin, endpoint, &[alice]).await;
    let path = format!("/api/endpoints/{endpoint}");
    world.get(&path, As::Token(&token)).await.is(200);
    world.grant(&admin, endpoint, &[]).await;
    tokio::task::block_in_place(|| server.go_away());
    for _ in 0..3 {
        world.get(&path, As::Token(&token)).await.is(503);
    }
    tokio::task::block_in_place(|| server.come_back());
    let mut reply = world.get(&path, As::Token(&token)).await;
    for _ in 0..100 {
        if reply.status != 503 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        reply = world.get(&path, As::Token(&token)).await;
    }
    reply.is(403);
    world.get(&path, As::Token(&admin)).await.is(200);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let (alice, token) = world.user(&admin, "alice", 2).await;
    let endpoint = world.endpoint(&admin, "local").await;
    world.grant(&admin, endpoint, &[alice]).await;
    let revoked = world.log_in("alice").await;
    world.call("POST", "/api/auth/logout", As::Token(&revoked), Value::Null).await.is(204);
    let id = world.get("/api/status", As::No).await.json()["InstanceID"].clone();
    world.store.close().await;
    let again = world.another().await;
    let session = again.authenticate(&parts(As::Token(&token))).await.unwrap();
    assert_eq!(session.user.name, "alice");
    again.endpoint(&session, endpoint).await.unwrap();
    assert_eq!(again.authenticate(&parts(As::Token(&revoked))).await.unwrap_err().status, 401);
    assert_eq!(again.instance_id, id.as_str().unwrap());
    // Without the key that sealed the values it does not start.
    let store = Store::open(&world.location, &Options::default()).await.unwrap();
    let other = Sealer::new(&key(2), &[]);
    let opened =
        Gateway::open(store, other, Arc::new(engines), world.log.clone(), GatewayOptions::default()).await;
    assert!(matches!(opened, Err(OpenError::Store(StoreError::Seal(_)))), "{opened:?}");
}

#[tokio::test]
async fn no_secret_is_stored_recorded_or_shown() {
    let world = World::sqlite().await;
    let admin = world.admin().await;
    let (alice, token) = world.user(&admin, "alice", 2).await;
    let key = "-----BEGIN PRIVATE KEY-----\nENGINEKEYENGINEKEY\n-----END PRIVATE KEY-----\n";
    let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let body = json!({
        "Name": "tls", "URL": "tcp://10.0.0.1:2376", "TLS": true, "TLSCertFile": certificate, "TLSKeyFile": key,
    });
    let endpoint = world.call("POST", "/endpoints", As::Token(&admin), body).await.id();
    let body = json!({
        "Name": "hub", "URL": "docker.io", "Authentication": true, "Username": "robot", "Password": "REGISTRYPASSWORD",
    });
    let registry = world.call("POST", "/registries", As::Token(&admin), body).await.id();
    let body = json!({ "password": PASSWORD, "description": "ci" });
    let made = world.call("POST", &format!("/users/{alice}/tokens"), As::Token(&token), body).await.json();
    let raw = made["rawAPIKey"].as_str().unwrap().to_owned();
    let body = json!({ "Username": "WRONGFIELDPASSWORD", "Password": "WRONGPASSWORD" });
    world.call("POST", "/auth", As::No, body).await.is(422);
    let signature = token.rsplit('.').next().unwrap();
    let signing = world.gateway.directory.instance().await.unwrap();
    let session = world.gateway.authenticate(&parts(As::Token(&admin))).await.unwrap();
    let mut shown = format!(
        "{:?} {:?} {session:?} {:?} {:?} {signing:?}",
        world.gateway,
        world.gateway.directory,
        world.gateway.endpoint(&session, endpoint).await.unwrap(),
        world.gateway.registry(&session, endpoint, registry).await.unwrap(),
    );
    for path in ["/users", "/endpoints", "/registries", &format!("/users/{alice}/tokens"), "/status"] {
        shown += &world.get(path, As::Token(&admin)).await.is(200).text;
    }
    for recent in world.log.recent() {
        shown += &recent.line;
    }
    let Kept::Sqlite { _folder: folder } = &world.kept else { unreachable!() };
    let mut stored = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        stored.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let secrets = [
        PASSWORD,
        "ENGINEKEYENGINEKEY",
        "REGISTRYPASSWORD",
        "WRONGPASSWORD",
        "WRONGFIELDPASSWORD",
        &raw,
        signature,
    ];
    let secrets = secrets.iter().map(|secret| secret.as_bytes()).chain([signing.signing_key.as_slice()]);
    for secret in secrets {
        let is_in = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!is_in(shown.as_bytes()) && !is_in(&stored), "{}", String::from_utf8_lossy(secret));
    }
}
