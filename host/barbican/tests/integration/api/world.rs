//! An API for each test, and a client of it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use portcullis_api::Api as _;
use portcullis_barbican::api::{BarbicanApi, Options};
use portcullis_barbican::decide::Decider;
use portcullis_barbican::vault::Vault;
use portcullis_store::seal::{MasterKey, Sealer};
use portcullis_store::{Location, Store};
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;

use super::regime::{Actors, Barbican23};

/// Where the recorded Barbican says it is.
pub const HREF: &str = "http://127.0.0.1:9312";

pub struct World {
    pub api: BarbicanApi,
    pub vault: Vault,
    pub actors: Arc<Actors>,
    _folder: TempDir,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn description(&self) -> String {
        self.json()["description"].as_str().unwrap().to_owned()
    }

    /// The id at the end of a reference.
    pub fn id(&self, field: &str) -> String {
        assert_eq!(self.status, 201, "{}", self.text());
        self.json()[field].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Arc::new(Barbican23), Options { host_href: Some(HREF.into()), ..Options::default() }).await
    }

    pub async fn deciding(decider: Arc<dyn Decider>) -> Self {
        Self::with(decider, Options { host_href: Some(HREF.into()), ..Options::default() }).await
    }

    pub async fn with(decider: Arc<dyn Decider>, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::sqlite(folder.path().join("door.db"));
        let store = Store::open(&location, &portcullis_store::Options::default()).await.unwrap();
        let sealer = Sealer::new(&MasterKey::parse(&[7; 32]).unwrap(), &[]);
        let vault = Vault::open(store, sealer).await.unwrap();
        let actors = Arc::new(Actors::read());
        let identify = Arc::clone(&actors);
        let api = BarbicanApi::with(decider, identify, vault.clone(), options);
        Self { api, vault, actors, _folder: folder }
    }

    /// One request, as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.api.serve(request).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// `line` is a method, a path, and headers after bars: `PUT /v1/secrets/x/acl | Accept: */*`.
    pub async fn ask(&self, actor: &str, line: &str, body: impl Into<Body>) -> Answer {
        let mut parts = line.split(" | ");
        let (method, path) = parts.next().unwrap().split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        if !actor.is_empty() {
            request = request.header("X-Auth-Token", format!("token-of-{actor}"));
        }
        for header in parts {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    pub async fn get(&self, actor: &str, path: &str) -> Answer {
        self.ask(actor, &format!("GET {path}"), "").await
    }

    pub async fn json(&self, actor: &str, line: &str, body: &str) -> Answer {
        self.ask(actor, &format!("{line} | Content-Type: application/json"), body.to_owned()).await
    }

    /// A secret of `owner_a` that holds `hello`; its path.
    pub async fn secret(&self) -> String {
        let body = r#"{"name":"s","payload":"hello","payload_content_type":"text/plain"}"#;
        let made = self.json("owner_a", "POST /v1/secrets", body).await;
        format!("/v1/secrets/{}", made.id("secret_ref"))
    }

    /// An order of `owner_a` for a key with this `meta`; its path.
    pub async fn order(&self, meta: &str) -> String {
        self.order_of("key", meta).await
    }

    /// The same, of another type.
    pub async fn order_of(&self, order_type: &str, meta: &str) -> String {
        let body = format!(r#"{{"type":"{order_type}","meta":{meta}}}"#);
        let made = self.json("owner_a", "POST /v1/orders", &body).await;
        assert_eq!(made.status, 202, "{}", made.text());
        let id = made.json()["order_ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        format!("/v1/orders/{id}")
    }

    /// A container of `owner_a` with one secret in it; its path.
    pub async fn container(&self) -> String {
        let secret = self.secret().await;
        let body = format!(
            r#"{{"name":"c","type":"generic","secret_refs":[{{"name":"k","secret_ref":"{HREF}{secret}"}}]}}"#
        );
        let made = self.json("owner_a", "POST /v1/containers", &body).await;
        format!("/v1/containers/{}", made.id("container_ref"))
    }
}

pub fn ok(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK.as_u16(), "{}", answer.text());
}
