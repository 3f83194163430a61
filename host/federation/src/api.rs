//! The federation API: from a request of a client to the response.
//!
//! * [`FederationApi`]: what the server needs
//! * `dispatch`: from a request to a route, and everything before authentication
//! * `call`: a request whose sender is known, and how it asks
//! * `accounts`, `roles`, `instance`: the handlers
//! * `policies`, `record`: the decider of production, and what a record says

mod accounts;
mod call;
mod dispatch;
mod instance;
mod page;
mod policies;
mod record;
mod roles;
mod service;

use axum::extract::Request;
use axum::response::Response;
use std::sync::Arc;

use crate::decide::Decider;
use crate::metadata::Tokens;

/// What the handlers share.
#[derive(Clone)]
pub struct FederationApi(Arc<Shared>);

struct Shared {
    decider: Arc<dyn Decider>,
    tokens: Tokens,
}

/// The system has no random numbers to make tokens of.
#[derive(Debug, thiserror::Error)]
#[error("the system has no random numbers, so no metadata tokens can be made")]
pub struct NoRandomness;

impl FederationApi {
    /// An API that asks `decider`.
    pub fn with(decider: Arc<dyn Decider>) -> Result<Self, NoRandomness> {
        let tokens = Tokens::new().ok_or(NoRandomness)?;
        Ok(Self(Arc::new(Shared { decider, tokens })))
    }

    /// Responds to a request with any path.
    pub async fn respond(&self, request: Request) -> Response {
        dispatch::respond(&self.0, request).await
    }
}
