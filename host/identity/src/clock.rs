//! The time at which a request is authenticated.

use std::time::{Instant, SystemTime};

/// The time at which a request is authenticated, on both clocks. Keystone and JWTs state expiry in wall-clock time; the
/// age of a cache entry is measured on the monotonic clock, which cannot be set back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) time: SystemTime,
    pub(crate) tick: Instant,
}

impl Clock {
    pub(crate) fn read() -> Self {
        Self { time: SystemTime::now(), tick: Instant::now() }
    }
}
