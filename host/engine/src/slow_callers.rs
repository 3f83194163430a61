//! Whose last decision of a policy was long, so that the next one starts where it holds up no other request.
//!
//! A first slice runs on the thread that serves connections. Decisions of a millisecond end within it, and a caller with
//! many of them would keep every connection waiting; the runtime for long decisions shares its cores fairly instead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::fair_queue::QueueKey;

/// A decision that took this long on the thread of its connection makes its caller a slow one.
const SLOW: Duration = Duration::from_micros(500);
/// A decision that used the processor for less than this makes it a fast one again.
const FAST: Duration = Duration::from_micros(300);
/// Callers that share an entry share the verdict, which costs the fast ones a change of threads.
const ENTRIES: usize = 256;

/// The slow callers of one policy.
pub(crate) struct SlowCallers([AtomicBool; ENTRIES]);

impl SlowCallers {
    pub(crate) fn new() -> Self {
        Self([const { AtomicBool::new(false) }; ENTRIES])
    }

    pub(crate) fn contain(&self, key: QueueKey) -> bool {
        self.0[key.index(ENTRIES)].load(Ordering::Relaxed)
    }

    /// A decision has taken this long on the thread of its connection.
    pub(crate) fn took(&self, key: QueueKey, elapsed: Duration) {
        if elapsed >= SLOW {
            self.0[key.index(ENTRIES)].store(true, Ordering::Relaxed);
        }
    }

    /// A decision has used the processor for this long elsewhere.
    pub(crate) fn spent(&self, key: QueueKey, spent: Duration) {
        self.0[key.index(ENTRIES)].store(spent >= FAST, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for SlowCallers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlowCallers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_slow_after_a_long_decision_and_until_a_short_one() {
        let (callers, alice) = (SlowCallers::new(), QueueKey::of("principal", "alice"));
        callers.took(alice, Duration::from_micros(499));
        assert!(!callers.contain(alice));
        callers.took(alice, Duration::from_micros(500));
        assert!(callers.contain(alice));
        callers.took(alice, Duration::from_micros(10));
        assert!(callers.contain(alice), "elapsed time elsewhere proves nothing");
        callers.spent(alice, Duration::from_micros(400));
        assert!(callers.contain(alice));
        callers.spent(alice, Duration::from_micros(299));
        assert!(!callers.contain(alice));
    }
}
