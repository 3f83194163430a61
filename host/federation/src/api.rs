//! The federation API: from a request of a client to the response.
//!
//! * [`FederationApi`]: what the server needs
//! * `body`: the body of a request, read first
//! * `dispatch`: from a request to a route, and everything before authentication
//! * `call`: a request whose sender is known, and how it asks
//! * `accounts`, `roles`, `instance`: the handlers
//! * `requests`: access for a time, that others approve
//! * `sso`: AWS's SSO portal, for `aws sso login`
//! * `sign_in`: sign-in and sign-out on the page
//! * `ours`: whether a request was sent by our own page
//! * `session_tags`: claims of a token as tags of its sessions
//! * `revocation`: ends the cached sessions of a user
//! * `policies`, `record`: the decider of production, and what a record says

mod accounts;
mod body;
mod call;
mod dispatch;
mod instance;
mod ours;
mod page;
mod policies;
mod record;
mod requests;
mod revocation;
mod roles;
mod service;
mod session_tags;
mod sign_in;
mod sso;

use axum::extract::Request;
use axum::response::Response;
use std::sync::Arc;

use crate::access::AccessRequests;
use crate::decide::Decider;
use crate::metadata::Tokens;

/// The API at one listener. Clones share what its handlers share.
#[derive(Clone)]
pub struct FederationApi {
    shared: Arc<Shared>,
    /// The one that it is served at; none where all mounts are served.
    listener: Option<Arc<str>>,
    /// Whether it is the one, of several for the listeners of one server, that counts and revokes for all: they have the
    /// same mounts.
    stands_for_all: bool,
}

/// What the handlers share.
struct Shared {
    decider: Arc<dyn Decider>,
    tokens: Tokens,
    /// Absent where no mount had `requests` at the start.
    requests: Option<AccessRequests>,
}

/// The system has no random numbers to make tokens of.
#[derive(Debug, thiserror::Error)]
#[error("the system has no random numbers, so no metadata tokens can be made")]
pub struct NoRandomness;

impl FederationApi {
    /// An API that asks `decider`. Metadata tokens are signed with `token_key`, or with a new key.
    pub fn with(
        decider: Arc<dyn Decider>,
        token_key: Option<&[u8]>,
        requests: Option<AccessRequests>,
    ) -> Result<Self, NoRandomness> {
        let tokens = token_key.map(Tokens::with_key).or_else(Tokens::new).ok_or(NoRandomness)?;
        let shared = Arc::new(Shared { decider, tokens, requests });
        Ok(Self { shared, listener: None, stands_for_all: true })
    }

    /// The same API with the mounts of one listener. One of them stands for all where all are meant.
    #[must_use]
    pub fn at_listener(&self, name: Arc<str>, stands_for_all: bool) -> Self {
        Self { shared: Arc::clone(&self.shared), listener: Some(name), stands_for_all }
    }

    /// Responds to a request with any path.
    pub async fn respond(&self, request: Request) -> Response {
        dispatch::respond(self, request).await
    }
}
