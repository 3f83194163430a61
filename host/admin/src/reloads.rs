//! Whether the last reload was accepted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How reloads ended since the start.
#[derive(Debug, Default)]
pub struct ReloadStatus {
    accepted: AtomicU64,
    refused: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl ReloadStatus {
    /// Counts one reload; `error` is why it was refused.
    pub fn count(&self, error: Option<String>) {
        let counter = if error.is_some() { &self.refused } else { &self.accepted };
        counter.fetch_add(1, Ordering::Relaxed);
        *self.lock() = error;
    }

    /// Why the last reload was refused, so that what is on disk is not in force.
    pub fn last_error(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Reloads by how they ended.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 2] {
        [
            ("accepted", self.accepted.load(Ordering::Relaxed)),
            ("refused", self.refused.load(Ordering::Relaxed)),
        ]
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_reload_clears_the_error_and_both_are_counted() {
        let status = ReloadStatus::default();
        assert_eq!(status.last_error(), None);
        status.count(Some("line 3".into()));
        status.count(Some("line 4".into()));
        assert_eq!(status.last_error().as_deref(), Some("line 4"));
        status.count(None);
        assert_eq!(status.last_error(), None);
        assert_eq!(status.counts(), [("accepted", 1), ("refused", 2)]);
    }
}
