//! The router in process, over both databases.

mod access;
mod auth;
mod ending;
mod endpoints;
mod registries;
mod store;
mod users;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use portcullis_audit::{Log, Options as LogOptions, Sink};
use portcullis_listen::{Peer, Timeouts};
use portcullis_store::seal::{MasterKey, Sealer};
use portcullis_store::{Location, Options, Store};
use portcullis_testing::postgres::Postgres;
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use tower_service::Service as _;

use super::{Gateway, GatewayOptions};
use crate::endpoint::EngineUrl;

/// The password of every user of the tests.
const PASSWORD: &str = "correct horse battery";

struct World {
    gateway: Arc<Gateway>,
    router: Router,
    store: Store,
    log: Log,
    location: Location,
    kept: Kept,
}

enum Kept {
    Sqlite { _folder: TempDir },
    Postgres { _server: Arc<Postgres> },
}

/// What a request presents.
#[derive(Clone, Copy)]
enum As<'a> {
    No,
    Token(&'a str),
    Key(&'a str),
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn id(&self) -> i64 {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["Id"].as_i64().unwrap()
    }

    /// Checks an error: status, message and details.
    #[track_caller]
    fn is_error(&self, status: u16, message: &str, details: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.json(), json!({ "message": message, "details": details }));
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers["x-content-type-options"], "nosniff");
    }

    #[track_caller]
    fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

fn key(byte: u8) -> MasterKey {
    MasterKey::parse(&[byte; 32]).unwrap()
}

/// Refuses one address.
fn engines(url: &EngineUrl) -> Result<(), String> {
    match url {
        EngineUrl::Tcp { host, .. } if host == "169.254.169.254" => {
            Err("metadata services are not allowed".into())
        }
        _ => Ok(()),
    }
}

impl World {
    async fn sqlite() -> Self {
        Self::with(GatewayOptions::default(), |_| {}).await
    }

    async fn with(options: GatewayOptions, change: impl FnOnce(&mut Gateway)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::sqlite(folder.path().join("test.db"));
        Self::open(location, Kept::Sqlite { _folder: folder }, options, change).await
    }

    async fn postgres(server: Arc<Postgres>) -> Self {
        let location = server.database().parse().unwrap();
        Self::open(location, Kept::Postgres { _server: server }, GatewayOptions::default(), |_| {}).await
    }

    async fn open(
        location: Location,
        kept: Kept,
        options: GatewayOptions,
        change: impl FnOnce(&mut Gateway),
    ) -> Self {
        let sink = Sink::Writer(Box::new(std::io::sink()));
        let log = Log::open(sink, LogOptions { recent: 100, ..LogOptions::default() }).unwrap();
        let store = Store::open(&location, &Options::default()).await.unwrap();
        let sealer = Sealer::new(&key(1), &[]);
        let gateway = Gateway::open(store.clone(), sealer, Arc::new(engines), log.clone(), options);
        let mut gateway = gateway.await.unwrap();
        change(&mut gateway);
        let gateway = Arc::new(gateway);
        Self { router: gateway.router(), gateway, store, log, location, kept }
    }

    /// A second process on the same database.
    async fn another(&self) -> Arc<Gateway> {
        let store = Store::open(&self.location, &Options::default()).await.unwrap();
        let sealer = Sealer::new(&key(1), &[]);
        let options = GatewayOptions::default();
        Arc::new(Gateway::open(store, sealer, Arc::new(engines), self.log.clone(), options).await.unwrap())
    }

    async fn send(&self, mut request: Request<Body>) -> Reply {
        if request.extensions().get::<Peer>().is_none() {
            request.extensions_mut().insert(peer("192.0.2.1:50000"));
        }
        let response = self.router.clone().call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Reply { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    async fn call(&self, method: &str, path: &str, by: As<'_>, body: Value) -> Reply {
        self.send(request(method, path, by, &body)).await
    }

    async fn get(&self, path: &str, by: As<'_>) -> Reply {
        self.call("GET", path, by, Value::Null).await
    }

    async fn log_in(&self, name: &str) -> String {
        let body = json!({ "Username": name, "Password": PASSWORD });
        let reply = self.call("POST", "/api/auth", As::No, body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["jwt"].as_str().unwrap().to_owned()
    }

    /// Makes the first administrator, `admin`, and logs in.
    async fn admin(&self) -> String {
        let body = json!({ "Username": "admin", "Password": PASSWORD });
        self.call("POST", "/api/users/admin/init", As::No, body).await.is(200);
        self.log_in("admin").await
    }

    /// Makes a user. Returns the id and a token.
    async fn user(&self, admin: &str, name: &str, role: i64) -> (i64, String) {
        let body = json!({ "Username": name, "Password": PASSWORD, "Role": role });
        let id = self.call("POST", "/api/users", As::Token(admin), body).await.id();
        (id, self.log_in(name).await)
    }

    async fn endpoint(&self, admin: &str, name: &str) -> i64 {
        let body = json!({ "Name": name, "EndpointCreationType": 1 });
        self.call("POST", "/api/endpoints", As::Token(admin), body).await.id()
    }

    /// Grants an endpoint to these users alone.
    async fn grant(&self, admin: &str, endpoint: i64, users: &[i64]) {
        let path = format!("/api/endpoints/{endpoint}");
        self.call("PUT", &path, As::Token(admin), grants(users)).await.is(200);
    }
}

fn grants(users: &[i64]) -> Value {
    let grants = users.iter().map(|user| (user.to_string(), json!({ "RoleId": 0 })));
    json!({ "UserAccessPolicies": Value::Object(grants.collect()) })
}

fn peer(address: &str) -> Peer {
    Peer { address: address.into(), certificate: None, user: None, timeouts: Timeouts::default() }
}

fn request(method: &str, path: &str, by: As<'_>, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = match by {
        As::No => request,
        As::Token(token) => request.header("authorization", format!("Bearer {token}")),
        As::Key(key) => request.header("x-api-key", key),
    };
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    request.body(body).unwrap()
}

/// The head of a request, for the interface that the proxy asks.
fn parts(by: As<'_>) -> axum::http::request::Parts {
    request("GET", "/endpoints/1/docker/info", by, &Value::Null).into_parts().0
}

/// Makes two tests of each function, one for each database.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::gateway::tests::World::sqlite().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let shared = tokio::task::block_in_place(portcullis_testing::postgres::Postgres::shared);
                let Some(server) = shared else { return };
                super::$name(crate::gateway::tests::World::postgres(server).await).await;
            })*
        }
    };
}
use on_both;
