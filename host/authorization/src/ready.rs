//! Whether requests can be decided now. Every health response asks here.

use portcullis_contract::hook::HookName;
use portcullis_engine::Mode;
use std::sync::Arc;

use crate::Policies;

/// Why requests cannot be decided now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotReady {
    /// No policy of the hook is enforced, so that everything is refused.
    #[error("no policy serves `{0}`")]
    NoPolicy(HookName),
    /// A policy that was named is not in force.
    #[error("the policy `{0}` is not in force")]
    PolicyMissing(Arc<str>),
    /// The store of an API accepts no writes.
    #[error("the store accepts no writes: {0}")]
    Store(String),
    /// What validates tokens cannot do so.
    #[error("tokens cannot be validated: {0}")]
    Identity(String),
    /// A file of an identity source has not been usable for longer than its `max_stale`.
    #[error("{0}")]
    StaleFile(String),
    /// The last record could not be written.
    #[error("decisions cannot be recorded: {0}")]
    Unrecordable(String),
}

impl Policies {
    /// Whether a policy of this hook is enforced, and its decisions can be recorded.
    ///
    /// # Errors
    /// Why requests cannot be decided.
    pub fn ready(&self, hook: HookName) -> Result<(), NotReady> {
        if !self.generation.has_enforced(hook) {
            return Err(NotReady::NoPolicy(hook));
        }
        self.can_record()
    }

    /// The same where only the policies in `of` are asked: all of them are in force, and one is enforced.
    ///
    /// # Errors
    /// Why requests cannot be decided.
    pub fn ready_with(&self, hook: HookName, of: &[Arc<str>]) -> Result<(), NotReady> {
        let mut enforced = false;
        for name in of {
            let status = self.generation.status().find(|status| status.name == *name);
            let Some(status) = status.filter(|status| status.hooks.contains(&hook)) else {
                return Err(NotReady::PolicyMissing(Arc::clone(name)));
            };
            enforced |= status.mode == Mode::Enforce;
        }
        if !enforced {
            return Err(NotReady::NoPolicy(hook));
        }
        self.can_record()
    }

    fn can_record(&self) -> Result<(), NotReady> {
        self.authorizer.log.check().map_err(|error| NotReady::Unrecordable(error.to_string()))
    }
}
