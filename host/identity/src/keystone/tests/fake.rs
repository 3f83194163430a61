//! A Keystone that answers as the real one was recorded to (`tests/data/keystone.jsonl`), counts what it is asked,
//! and can be made to fail in every way.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How it answers questions about tokens.
#[derive(Debug, Clone, Default)]
pub(super) enum Mood {
    #[default]
    Recorded,
    Status(u16),
    Says(&'static str),
    /// A good answer, and more than anyone would read behind it.
    Endless,
    /// It hangs up without an answer.
    HangsUp,
    /// It answers each question when it is given leave.
    Waits(Arc<Semaphore>),
    Redirects(String),
}

#[derive(Default)]
pub(super) struct Keystone {
    pub(super) mood: Mutex<Mood>,
    pub(super) looked_at: AtomicUsize,
    pub(super) passwords: AtomicUsize,
    /// Own tokens that were given out before this one are not known any more.
    pub(super) oldest: AtomicUsize,
    pub(super) password: Mutex<String>,
    answers: BTreeMap<String, (u16, Value)>,
}

impl Keystone {
    pub(super) fn recorded() -> Arc<Self> {
        let mut answers = BTreeMap::new();
        for line in include_str!("../../../tests/data/keystone.jsonl").lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let status = u16::try_from(line["status"].as_u64().unwrap()).unwrap();
            answers.insert(line["token"].as_str().unwrap().to_owned(), (status, line["body"].clone()));
        }
        let made = |change: &dyn Fn(&mut Value)| {
            let mut body = answers["owner"].1.clone();
            change(&mut body["token"]);
            (200, body)
        };
        let service = made(&|token| {
            token["roles"] = json!([{ "id": "r", "name": "service" }]);
            token["user"]["id"] = json!("octavia");
        });
        let expired = made(&|token| token["expires_at"] = json!("2026-11-21T19:59:59.000000Z"));
        let scope = |name: &str, value: Value| {
            made(&|token| {
                token.as_object_mut().unwrap().remove("project");
                token[name] = value.clone();
            })
        };
        let domain = scope("domain", json!({ "id": "d1", "name": "D" }));
        let system = scope("system", json!({ "all": true }));
        let unscoped = scope("methods", json!(["token"]));
        let federated = made(&|token| {
            token["user"]["OS-FEDERATION"] = json!({
                "groups": [{ "id": "g1" }, { "id": "g2" }],
                "identity_provider": { "id": "idp" },
                "protocol": { "id": "saml2" },
            });
        });
        let bound = made(&|token| token["bind"] = json!({ "kerberos": "alice" }));
        answers.extend(
            [
                ("service", service),
                ("expired", expired),
                ("domain", domain),
                ("system", system),
                ("unscoped", unscoped),
                ("federated", federated),
                ("bound", bound),
            ]
            .map(|(name, answer)| (name.to_owned(), answer)),
        );
        Arc::new(Self { answers, password: Mutex::new("hunter2".into()), ..Self::default() })
    }

    pub(super) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(super) fn calls(&self) -> (usize, usize) {
        (self.looked_at.load(Ordering::SeqCst), self.passwords.load(Ordering::SeqCst))
    }

    pub(super) fn router(self: &Arc<Self>) -> Router {
        Router::new().route("/v3/auth/tokens", get(look).post(authenticate)).with_state(Arc::clone(self))
    }

    /// Serves on a port of its own.
    pub(super) async fn serve(self: &Arc<Self>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn knows_own(&self, token: &str) -> bool {
        let number = token.strip_prefix("own-").and_then(|number| number.parse::<usize>().ok());
        number.is_some_and(|number| number >= self.oldest.load(Ordering::SeqCst))
    }
}

async fn authenticate(State(keystone): State<Arc<Keystone>>, body: String) -> Response {
    let number = keystone.passwords.fetch_add(1, Ordering::SeqCst) + 1;
    if let Mood::Status(status @ 500..) = *keystone.mood.lock().unwrap() {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    let question: Value = serde_json::from_str(&body).unwrap();
    let password = keystone.password.lock().unwrap().clone();
    let expected = json!({ "auth": {
        "identity": { "methods": ["password"], "password": { "user": {
            "name": "portcullis", "password": password, "domain": { "name": "Default" } } } },
        "scope": { "project": { "name": "service", "domain": { "name": "Default" } } },
    }});
    if question != expected {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (status, body) = &keystone.answers["own"];
    let status = StatusCode::from_u16(*status).unwrap();
    (status, [("x-subject-token", format!("own-{number}"))], body.to_string()).into_response()
}

async fn look(State(keystone): State<Arc<Keystone>>, uri: Uri, headers: HeaderMap) -> Response {
    keystone.looked_at.fetch_add(1, Ordering::SeqCst);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(header("openstack-identity-access-rules"), "1");
    assert_eq!(header("accept"), "application/json");
    let mood = keystone.mood.lock().unwrap().clone();
    match mood {
        Mood::Recorded => {}
        Mood::Status(status) => return StatusCode::from_u16(status).unwrap().into_response(),
        Mood::Says(text) => return text.into_response(),
        Mood::Endless => {
            return format!("{}{}", keystone.answers["owner"].1, " ".repeat(3 << 20)).into_response();
        }
        Mood::HangsUp => {
            let broken = std::io::Error::other("the end");
            return Response::new(Body::from_stream(Broken(Some(broken))));
        }
        Mood::Waits(leave) => leave.acquire().await.unwrap().forget(),
        Mood::Redirects(to) => return (StatusCode::FOUND, [("location", to)]).into_response(),
    }
    let (auth, subject) = (header("x-auth-token"), header("x-subject-token"));
    let allow_expired = uri.query() == Some("allow_expired=1");
    let may_look = keystone.knows_own(auth) || auth == "service";
    let known = keystone.answers.get(subject).filter(|_| subject != "expired" || allow_expired);
    match known {
        _ if auth == subject && known.is_none() => StatusCode::UNAUTHORIZED.into_response(),
        _ if auth != subject && !may_look && !keystone.answers.contains_key(auth) => {
            StatusCode::UNAUTHORIZED.into_response()
        }
        _ if auth != subject && !may_look => StatusCode::FORBIDDEN.into_response(),
        Some((status, body)) => (StatusCode::from_u16(*status).unwrap(), body.to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A body that breaks off.
struct Broken(Option<std::io::Error>);

impl futures_core::Stream for Broken {
    type Item = Result<Vec<u8>, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Err))
    }
}
