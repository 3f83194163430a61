//! Against a Keystone of our own that answers as the real one was recorded to.

mod cache;
mod fake;
mod health;
mod restrictions;
mod service;
mod tls;
mod trouble;
mod who;

use super::*;
use crate::Tokens;
use fake::Mood;
use http::HeaderName;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

fn options(address: SocketAddr) -> KeystoneOptions {
    let service = ServiceUser {
        username: "portcullis".into(),
        password: "hunter2".into(),
        user_domain_name: "Default".into(),
        project_name: "service".into(),
        project_domain_name: "Default".into(),
    };
    KeystoneOptions {
        service: Some(service),
        service_type: Some("key-manager".into()),
        ..KeystoneOptions::new(format!("http://{address}/v3"))
    }
}

/// A Keystone, and what asks it.
struct Pair {
    fake: Arc<fake::Keystone>,
    keystone: Arc<Keystone>,
}

impl Pair {
    async fn new(change: impl FnOnce(&mut KeystoneOptions)) -> Self {
        let fake = fake::Keystone::recorded();
        let mut options = options(fake.serve().await);
        change(&mut options);
        Self { fake, keystone: Arc::new(Keystone::new(options).unwrap()) }
    }

    async fn ask(&self, headers: &[(&str, &str)]) -> Result<Requester, AuthError> {
        ask(&self.keystone, headers, &Method::GET, "/v1/secrets/s/acl", start()).await
    }

    async fn token(&self, token: &str, now: Clock) -> Result<Requester, AuthError> {
        ask(&self.keystone, &[("X-Auth-Token", token)], &Method::GET, "/", now).await
    }
}

async fn ask(
    keystone: &Keystone,
    headers: &[(&str, &str)],
    method: &Method,
    path: &str,
    now: Clock,
) -> Result<Requester, AuthError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    keystone.identify(RequestCredentials::read(&map)?, method, path, now).await
}

/// The recorded tokens expire at 20:39:57 and a little later.
fn at(time: &str) -> Clock {
    Clock { time: humantime::parse_rfc3339(time).unwrap(), tick: Instant::now() }
}

fn start() -> Clock {
    at("2026-11-21T20:00:00Z")
}

fn unauthorized<T: std::fmt::Debug>(result: &Result<T, AuthError>) -> bool {
    matches!(result, Err(AuthError::Unauthorized { .. }))
}

fn unavailable<T: std::fmt::Debug>(result: &Result<T, AuthError>) -> bool {
    matches!(result, Err(AuthError::Unavailable { .. }))
}
