//! A sign-in that was begun, kept by the browser that began it, so that no other browser can end it.

use serde::{Deserialize, Serialize};

use super::return_to::ReturnTo;

/// What is needed when the browser comes back. It has no `Debug`: the verifier is a secret.
#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) nonce: String,
    /// Of PKCE.
    pub(super) verifier: String,
    pub(super) return_to: ReturnTo,
    /// In seconds since 1970.
    pub(super) until: u64,
}
