//! AWS's federation endpoint: credentials go in, a sign-in token comes out.
//!

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// A token, if the question is a proper one.
    Ok,
    /// A token, but 400 to a request with a duration: so AWS treats credentials that were got with temporary ones.
    Chained,
    /// That status and body.
    Answer(u16, String),
    /// Another place, where the credentials must not go.
    Redirect(String),
    /// Nothing, ever.
    Silent,
}

/// Every token it gives out contains this, and what a URL must not.
pub const SIGN_IN_TOKEN: &str = "FakeSigninToken/+&=";

/// A running federation endpoint. It listens until the runtime ends.
pub struct FakeSignIn {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    mood: Mutex<Mood>,
    queries: Mutex<Vec<String>>,
}

impl FakeSignIn {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { mood: Mutex::new(Mood::Ok), queries: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// Where it is asked.
    pub fn url(&self) -> String {
        format!("http://{}/federation", self.address)
    }

    pub fn be(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// The query of each request, as it came.
    pub fn queries(&self) -> Vec<String> {
        self.shared.queries.lock().unwrap().clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    shared.queries.lock().unwrap().push(query.clone());
    let mood = shared.mood.lock().unwrap().clone();
    match mood {
        Mood::Answer(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Mood::Redirect(place) => (StatusCode::FOUND, [("location", place)]).into_response(),
        Mood::Silent => std::future::pending().await,
        Mood::Ok | Mood::Chained => {
            let proper = request.method() == "GET" && request.uri().path() == "/federation";
            match check(&query, mood == Mood::Chained).filter(|()| proper) {
                Some(()) => format!("{{\"SigninToken\":\"{SIGN_IN_TOKEN}\"}}").into_response(),
                None => (StatusCode::BAD_REQUEST, "Invalid credentials parameter").into_response(),
            }
        }
    }
}

/// Whether AWS would take it. The session is looked at as it is encoded: JSON of three fields without a space.
fn check(query: &str, chained: bool) -> Option<()> {
    let mut session = None;
    for pair in query.split('&') {
        match pair.split_once('=')? {
            ("Action", "getSigninToken") => {}
            ("SessionDuration", seconds) => {
                let seconds: u32 = seconds.parse().ok()?;
                if chained || !(900..=43_200).contains(&seconds) {
                    return None;
                }
            }
            ("Session", encoded) => session = Some(encoded),
            _ => return None,
        }
    }
    let rest = session?.strip_prefix("%7B%22sessionId%22%3A%22")?;
    let (id, rest) = rest.split_once("%22%2C%22sessionKey%22%3A%22")?;
    let (key, rest) = rest.split_once("%22%2C%22sessionToken%22%3A%22")?;
    let token = rest.strip_suffix("%22%7D")?;
    [id, key, token].iter().all(|part| !part.is_empty()).then_some(())
}
