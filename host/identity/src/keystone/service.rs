//! Our own token, got with the service user's password and kept until it expires or is refused.

use http::{HeaderValue, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Mutex;

use super::client::{Client, KeystoneError};
use super::token;
use super::{ServiceUser, X_SUBJECT_TOKEN};
use crate::clock::Clock;

/// A token is renewed that long before it expires, as keystoneauth does.
const AHEAD: Duration = Duration::from_secs(30);
/// How long a refused password is not tried again: Keystone may lock users out who try too often.
const REFUSED: Duration = Duration::from_secs(5);

/// The service user.
pub(super) struct Service {
    user: ServiceUser,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<(HeaderValue, SystemTime)>,
    refused: Option<Instant>,
}

impl Service {
    pub(super) fn new(user: ServiceUser) -> Self {
        Self { user, state: Mutex::default() }
    }

    /// The service's own token. Concurrent callers wait for the same request.
    pub(super) async fn token(&self, client: &Client, now: Clock) -> Result<HeaderValue, KeystoneError> {
        let mut state = self.state.lock().await;
        if let Some((token, expires)) = &state.token
            && *expires > now.time + AHEAD
        {
            return Ok(token.clone());
        }
        if state.refused.is_some_and(|at| now.tick.saturating_duration_since(at) < REFUSED) {
            return Err(KeystoneError::Password);
        }
        let answer = client.post(self.question()).await?;
        match answer.status {
            StatusCode::CREATED | StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                state.refused = Some(now.tick);
                return Err(KeystoneError::Password);
            }
            status => return Err(KeystoneError::Status(status)),
        }
        let mut token = answer
            .headers
            .get(X_SUBJECT_TOKEN)
            .cloned()
            .ok_or_else(|| KeystoneError::InvalidResponse("it holds no token of our own".into()))?;
        token.set_sensitive(true);
        let expires = token::expiry(&answer.body)?;
        *state = State { token: Some((token.clone(), expires)), refused: None };
        Ok(token)
    }

    /// The token was refused: the next one who needs it gets a new one. A newer one stays.
    pub(super) async fn forget(&self, token: &HeaderValue) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|(known, _)| known == token) {
            state.token = None;
        }
    }

    fn question(&self) -> Vec<u8> {
        let user = &self.user;
        let question = json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": user.username,
                "password": user.password.expose_secret(),
                "domain": { "name": user.user_domain_name },
            }}},
            "scope": { "project": {
                "name": user.project_name,
                "domain": { "name": user.project_domain_name },
            }},
        }});
        question.to_string().into_bytes()
    }
}
