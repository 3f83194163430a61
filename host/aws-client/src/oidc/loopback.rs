//! Where the browser comes back to: an address of this machine with a port of its own (RFC 8252, 7.3).

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::error::{AwsClientError, sanitize};

/// How long the browser may take to read that it is done.
const LINGER: Duration = Duration::from_secs(2);

pub(super) struct Listener {
    socket: TcpListener,
    port: u16,
}

/// What the provider sends with the browser (RFC 6749, 4.1.2).
#[derive(Deserialize)]
struct Redirect {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

type Outcome = Result<String, String>;

struct Shared {
    state: String,
    outcomes: mpsc::Sender<Outcome>,
}

impl Listener {
    pub(super) async fn bind() -> Result<Self, AwsClientError> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port })
    }

    pub(super) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// The code, once the browser brings it. A request without our state ends nothing: any page can send one.
    pub(super) async fn code(self, state: &str, within: Duration) -> Outcome {
        let (outcomes, mut outcome) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = Arc::new(Shared { state: state.to_owned(), outcomes });
        let router = Router::new().route("/callback", get(callback)).with_state(shared);
        let server = axum::serve(self.socket, router).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        let server = tokio::spawn(async move { server.await });
        let found = tokio::time::timeout(within, outcome.recv()).await;
        let _ = stop.send(());
        let _: Result<Result<io::Result<()>, _>, _> = tokio::time::timeout(LINGER, server).await;
        match found {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err("the listener for the browser has ended".into()),
            Err(_) => Err(format!("the sign-in did not end within {}", humantime::format_duration(within))),
        }
    }
}

async fn callback(
    State(shared): State<Arc<Shared>>,
    Query(redirect): Query<Redirect>,
) -> (StatusCode, Html<&'static str>) {
    if redirect.state.as_deref() != Some(&*shared.state) {
        return (StatusCode::BAD_REQUEST, Html("<p>This is not the sign-in that was asked for."));
    }
    let (outcome, text) = match (redirect.code, redirect.error) {
        (Some(code), None) => (Ok(code), "<p>You are signed in. This window can be closed."),
        (_, error) => {
            let words = [error, redirect.error_description].into_iter().flatten().collect::<Vec<_>>();
            (Err(sanitize(&words.join(": "))), "<p>The provider refused. The terminal says why.")
        }
    };
    // The first one counts.
    let _ = shared.outcomes.try_send(outcome);
    (StatusCode::OK, Html(text))
}
