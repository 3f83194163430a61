//! The federation API: from a request of a client to the response.
//!
//! * [`FederationApi`]: what the server needs
//! * `dispatch`: from a request to a route, and everything before authentication
//! * `call`: a request whose sender is known, and how it asks
//! * `accounts`, `roles`, `instance`: the handlers
//! * `revocation`: ends the cached sessions of a user
//! * `policies`, `record`: the decider of production, and what a record says

mod accounts;
mod call;
mod dispatch;
mod instance;
mod page;
mod policies;
mod record;
mod revocation;
mod roles;
mod service;

use axum::extract::Request;
use axum::response::Response;
use std::sync::Arc;

use crate::decide::Decider;
use crate::metadata::Tokens;

/// The API at one listener. Clones share what its handlers share.
#[derive(Clone)]
pub struct FederationApi {
    shared: Arc<Shared>,
    /// The one that it is served at; none where all mounts are served.
    listener: Option<Arc<str>>,
    /// Of several for the listeners of one server the one that has the metrics of all.
    has_metrics: bool,
}

/// What the handlers share.
struct Shared {
    decider: Arc<dyn Decider>,
    tokens: Tokens,
}

/// The system has no random numbers to make tokens of.
#[derive(Debug, thiserror::Error)]
#[error("the system has no random numbers, so no metadata tokens can be made")]
pub struct NoRandomness;

impl FederationApi {
    /// An API that asks `decider`. Metadata tokens are signed with `token_key`, or with a new key.
    pub fn with(decider: Arc<dyn Decider>, token_key: Option<&[u8]>) -> Result<Self, NoRandomness> {
        let tokens = token_key.map(Tokens::with_key).or_else(Tokens::new).ok_or(NoRandomness)?;
        Ok(Self { shared: Arc::new(Shared { decider, tokens }), listener: None, has_metrics: true })
    }

    /// The same API with the mounts of one listener. One of them has the metrics of all.
    #[must_use]
    pub fn at_listener(&self, name: Arc<str>, has_metrics: bool) -> Self {
        Self { shared: Arc::clone(&self.shared), listener: Some(name), has_metrics }
    }

    /// Responds to a request with any path.
    pub async fn respond(&self, request: Request) -> Response {
        dispatch::respond(self, request).await
    }
}
