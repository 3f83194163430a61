//! Whose last decisions of a policy were long, so that the next one starts where it holds up no other request.
//!
//! A first slice runs on the thread that serves connections. Decisions of a millisecond end within it, and a caller with
//! many of them would keep every connection waiting; the runtime for long decisions shares its cores fairly instead.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::fair_queue::QueueKey;

/// A decision that took this long on the thread of its connection counts as long.
const SLOW: Duration = Duration::from_micros(500);
/// So many of them in a row make their caller a slow one. One alone may have lost its core to another program.
const IN_A_ROW: u8 = 2;
/// A decision that used the processor for less than this makes it a fast one again.
const FAST: Duration = Duration::from_micros(300);
/// Callers that share an entry share the verdict, which costs the fast ones a change of threads.
const ENTRIES: usize = 256;

/// The slow callers of one policy.
///
/// Each entry counts long decisions in a row. Threads may overwrite each other's counts, which changes threads once too
/// often or too rarely.
pub(crate) struct SlowCallers([AtomicU8; ENTRIES]);

impl SlowCallers {
    pub(crate) fn new() -> Self {
        Self([const { AtomicU8::new(0) }; ENTRIES])
    }

    pub(crate) fn contain(&self, key: QueueKey) -> bool {
        self.0[key.index(ENTRIES)].load(Ordering::Relaxed) >= IN_A_ROW
    }

    /// A decision has taken this long on the thread of its connection.
    pub(crate) fn took(&self, key: QueueKey, elapsed: Duration) {
        let entry = &self.0[key.index(ENTRIES)];
        let count = entry.load(Ordering::Relaxed);
        let next = if elapsed < SLOW { 0 } else { count.saturating_add(1) };
        // Most decisions are short ones after short ones, and write nothing that other cores read.
        if next != count {
            entry.store(next, Ordering::Relaxed);
        }
    }

    /// A decision has used the processor for this long elsewhere.
    pub(crate) fn spent(&self, key: QueueKey, spent: Duration) {
        if spent < FAST {
            self.0[key.index(ENTRIES)].store(0, Ordering::Relaxed);
        }
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
    fn a_caller_is_slow_after_two_long_decisions_and_until_a_short_one() {
        let (callers, alice) = (SlowCallers::new(), QueueKey::of("principal", "alice"));
        callers.took(alice, Duration::from_micros(499));
        assert!(!callers.contain(alice));
        callers.took(alice, Duration::from_micros(500));
        callers.took(alice, Duration::from_micros(10));
        callers.took(alice, Duration::from_micros(500));
        assert!(!callers.contain(alice), "not in a row");
        callers.took(alice, Duration::from_micros(500));
        assert!(callers.contain(alice));
        callers.spent(alice, Duration::from_micros(400));
        assert!(callers.contain(alice));
        callers.spent(alice, Duration::from_micros(299));
        assert!(!callers.contain(alice));
    }
}
