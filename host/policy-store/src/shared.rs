//! What the task and the handles share: messages to the task, and what it tells.

use arc_swap::ArcSwap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

use crate::change::{Applied, Change, ChangeError, ChangedBy};
use crate::state::State;

/// What the task tells the handles.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) state: ArcSwap<State>,
    refusal: Mutex<Option<Refusal>>,
}

/// The last change that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When: milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// The operation, e.g. `PutPolicy`.
    pub operation: &'static str,
    /// The policy that it was about; absent where it was about several.
    pub policy: Option<String>,
    /// The step at which it failed, e.g. `configure`.
    pub step: String,
    /// Why.
    pub reason: String,
}

impl Shared {
    pub(crate) fn refusal(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change that waits for the task.
pub(crate) struct Message {
    pub(crate) change: Change,
    pub(crate) by: ChangedBy,
    pub(crate) reply: oneshot::Sender<Result<Applied, ChangeError>>,
}
