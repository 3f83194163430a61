//! A provider that counts how often it is asked, and can be made to fail.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How it answers.
#[derive(Debug, Clone)]
pub(super) enum Mood {
    Gives(String),
    Status(u16),
    Redirects(String),
    /// It says when it has been asked, and answers when it is given leave.
    Waits(Arc<Semaphore>, Arc<Semaphore>, String),
}

pub(super) struct Fake {
    mood: Mutex<Mood>,
    asked: AtomicUsize,
}

impl Fake {
    /// It, and its URL.
    pub(super) async fn serve(mood: Mood) -> (Arc<Self>, String) {
        let fake = Arc::new(Self { mood: Mutex::new(mood), asked: AtomicUsize::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().route("/keys", get(answer)).with_state(Arc::clone(&fake));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (fake, url)
    }

    pub(super) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn answer(State(fake): State<Arc<Fake>>) -> Response {
    fake.asked.fetch_add(1, Ordering::SeqCst);
    let mood = fake.mood.lock().unwrap().clone();
    match mood {
        Mood::Gives(text) => text.into_response(),
        Mood::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Mood::Redirects(to) => (StatusCode::FOUND, [("location", to)]).into_response(),
        Mood::Waits(asked, leave, text) => {
            asked.add_permits(1);
            leave.acquire().await.unwrap().forget();
            text.into_response()
        }
    }
}
