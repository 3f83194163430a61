//! The seam between the API and the authorization.
//!
//! The API finds out who asks, for what, and what is in the store; a [`Decider`] says whether it is allowed. In
//! production that is `portcullis-authorization`; tests bring their own.

use portcullis_authorization::{NotReady, Refused};
use portcullis_contract::secrets::Access;
use std::pin::Pin;
use std::time::Instant;

/// A request for a decision.
#[derive(Debug, Clone)]
pub struct Question {
    /// What the policies are told; its context is filled in.
    pub access: Access,
    /// The HTTP method.
    pub method: String,
    /// The URI as it was sent.
    pub uri: String,
    /// When the request came.
    pub begun: Instant,
}

/// A decision in the making.
pub type Deciding<'a> = Pin<Box<dyn Future<Output = Result<(), Refused>> + Send + 'a>>;

/// Who decides. Every question gets an answer: what cannot be decided is refused as a fault.
pub trait Decider: Send + Sync + 'static {
    /// Whether requests can be decided now.
    ///
    /// # Errors
    /// Why they cannot.
    fn ready(&self) -> Result<(), NotReady>;

    /// Decides and writes a record, even if the caller hangs up.
    fn decide(&self, question: Question) -> Deciding<'_>;

    /// Records what the host refused by a rule of its own, before any policy could be asked. Never `Ok`.
    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_>;
}
