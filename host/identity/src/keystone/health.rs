//! Whether Keystone lets us validate tokens, for `/readyz` and metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

use crate::AuthError;
use crate::clock::Clock;

/// For how long the result of one check is given to all who ask.
const FRESH: Duration = Duration::from_secs(5);

/// What the last requests to Keystone came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeystoneHealth {
    /// Whether the last request was answered as it should be. A token that Keystone does not know is such an answer.
    pub up: bool,
    /// Requests since the start that were not.
    pub failures: u64,
}

pub(super) struct Health {
    down: AtomicBool,
    failures: AtomicU64,
    /// The lock is held while a check runs, so that concurrent probes share it.
    last_check: Mutex<Option<(Instant, Result<(), AuthError>)>>,
}

impl Health {
    pub(super) fn new() -> Self {
        Self { down: AtomicBool::new(false), failures: AtomicU64::new(0), last_check: Mutex::new(None) }
    }

    pub(super) fn get(&self) -> KeystoneHealth {
        KeystoneHealth {
            up: !self.down.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }

    /// Notes the outcome of a request to Keystone.
    pub(super) fn note<T>(&self, outcome: Result<T, AuthError>) -> Result<T, AuthError> {
        let down = matches!(outcome, Err(AuthError::Unavailable { .. }));
        self.down.store(down, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(down), Ordering::Relaxed);
        outcome
    }

    /// The result of `check`, or that of one a moment ago.
    pub(super) async fn check(
        &self,
        now: Clock,
        check: impl Future<Output = Result<(), AuthError>>,
    ) -> Result<(), AuthError> {
        let mut last = self.last_check.lock().await;
        if let Some((at, outcome)) = &*last
            && now.tick.saturating_duration_since(*at) < FRESH
        {
            return outcome.clone();
        }
        let outcome = self.note(check.await);
        *last = Some((now.tick, outcome.clone()));
        outcome
    }
}
