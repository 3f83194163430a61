//! How the cache does, for the metrics.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often what happened, since the program began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Credentials that were there and good enough.
    pub hits: u64,
    /// Requests that waited for STS, those that shared one question included.
    pub misses: u64,
    /// Credentials that were replaced in the background, before anybody had to wait.
    pub refreshed: u64,
    /// Credentials that were served though they should have been replaced, since STS did not give any.
    pub served_while_away: u64,
    /// Questions to STS, the SDK's own further attempts not counted.
    pub sts_requests: u64,
    /// Questions that STS did not answer with credentials.
    pub failures: u64,
}

impl Add for Stats {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            refreshed: self.refreshed + other.refreshed,
            served_while_away: self.served_while_away + other.served_while_away,
            sts_requests: self.sts_requests + other.sts_requests,
            failures: self.failures + other.failures,
        }
    }
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) hits: Counter,
    pub(super) misses: Counter,
    pub(super) refreshed: Counter,
    pub(super) away: Counter,
    pub(super) sts_requests: Counter,
    pub(super) failures: Counter,
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(super) fn stats(&self) -> Stats {
        Stats {
            hits: self.hits.get(),
            misses: self.misses.get(),
            refreshed: self.refreshed.get(),
            served_while_away: self.away.get(),
            sts_requests: self.sts_requests.get(),
            failures: self.failures.get(),
        }
    }
}
