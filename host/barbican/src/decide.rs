//! The seam between the door and whoever decides.
//!
//! The door finds out who asks, for what, and what stands in the store; a [`Decider`] says whether it may be. In
//! production that is the engine with the audit log (feature `door`); tests bring their own.

use portcullis_contract::secrets::Access;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

/// A question of the door.
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

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why not, for the client; empty where it is allowed.
    pub reason: String,
    /// The rule that fired.
    pub rule: String,
    /// The policy whose word it was; absent where it was the host's.
    pub policy: Option<Arc<str>>,
    /// Under which id it is recorded.
    pub id: String,
    /// Whether a fault, and not a policy's will, refused it.
    pub fault: bool,
}

/// A decision in the making.
pub type Deciding<'a> = Pin<Box<dyn Future<Output = Ruling> + Send + 'a>>;

/// Who decides. Every question gets an answer: what cannot be decided is refused as a fault.
pub trait Decider: Send + Sync + 'static {
    /// Decides, and leaves a record, whatever becomes of the caller.
    fn decide(&self, question: Question) -> Deciding<'_>;

    /// Leaves a record of what the host refused by a rule of its own, before any policy could be asked.
    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_>;
}
