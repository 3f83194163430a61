//! Why authentication failed.

use portcullis_files::StaleError;
use std::time::Duration;

use crate::attempts::TooManyAttempts;

/// Why authentication failed.
///
/// The reasons are for the log and the record. A client learns nothing but which of them it is: Keystone's
/// middleware says no more either, and a client that guesses tokens or passwords should not learn what was wrong with
/// one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No valid credentials: 401, with the challenge of the authenticator that refused them, e.g.
    /// [`Tokens`](crate::Tokens).
    #[error("{reason}")]
    Unauthorized {
        /// Why, for the log.
        reason: String,
        /// The login that failed, if the request carried a name and a password.
        login: Option<FailedLogin>,
    },
    /// The credentials cannot be validated now, e.g. since Keystone does not respond: 503.
    #[error("{reason}")]
    Unavailable {
        /// Why, for the log.
        reason: String,
    },
    /// Too many passwords of this name were wrong, so this one was not checked: 429.
    #[error("too many failed attempts; try again in {} s", .retry_after.as_secs())]
    Limited {
        /// When the next attempt is allowed, in whole seconds.
        retry_after: Duration,
    },
}

/// A login whose password was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLogin {
    /// The user. An unknown name is left out: it may be a password in the wrong field.
    pub user: Option<String>,
    /// Whether it is the first one of this user and address in a while, which is recorded for all of them.
    pub is_first: bool,
}

impl From<TooManyAttempts> for AuthError {
    fn from(error: TooManyAttempts) -> Self {
        Self::Limited { retry_after: error.retry_after }
    }
}

/// A file that has not been readable for too long.
impl From<StaleError> for AuthError {
    fn from(error: StaleError) -> Self {
        Self::Unavailable { reason: error.to_string() }
    }
}

impl AuthError {
    pub(crate) fn unauthorized(reason: impl Into<String>) -> Self {
        Self::Unauthorized { reason: reason.into(), login: None }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }

    /// The same, with `what` before the reason.
    pub(crate) fn of(self, what: &str) -> Self {
        match self {
            Self::Unauthorized { reason, login } => {
                Self::Unauthorized { reason: format!("{what}: {reason}"), login }
            }
            Self::Unavailable { reason } => Self::Unavailable { reason: format!("{what}: {reason}") },
            Self::Limited { .. } => self,
        }
    }
}
