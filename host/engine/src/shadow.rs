//! A candidate that is asked beside the policy in force, for the same requests and after their responses, so that an
//! operator sees what it would change. Its word counts for nothing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::decision::PolicyOutcome;
use crate::policy::Policy;

/// Disagreements that are kept, the latest ones.
const KEPT: usize = 200;

/// Comparisons of one shadow that are under way at once.
const RUNNING: usize = 2;

/// A candidate beside the policy of its name.
#[derive(Debug, Clone)]
pub(crate) struct Shadow {
    pub(crate) candidate: Arc<Policy>,
    pub(crate) stats: Arc<ShadowStats>,
}

/// What a shadow and the policy in force answered to one request.
#[derive(Debug)]
pub struct Comparison {
    /// The policy in force.
    pub active: PolicyOutcome,
    /// The shadow.
    pub candidate: PolicyOutcome,
    /// Whether the two answers differ in what they allow, or one is a fault.
    pub disagree: bool,
    /// Where it is counted; a disagreement is to be described there.
    pub stats: Arc<ShadowStats>,
}

/// What came of asking a shadow. Survives swaps of other policies, and of the policy that it is beside.
#[derive(Debug)]
pub struct ShadowStats {
    since: SystemTime,
    agreed: AtomicU64,
    disagreed: AtomicU64,
    dropped: AtomicU64,
    latest: Mutex<VecDeque<Arc<str>>>,
    /// Comparisons under way: few, so that they take few of the permits that live requests need.
    running: Semaphore,
}

impl Default for ShadowStats {
    fn default() -> Self {
        Self {
            since: SystemTime::now(),
            agreed: AtomicU64::new(0),
            disagreed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            latest: Mutex::default(),
            running: Semaphore::new(RUNNING),
        }
    }
}

/// Counters of a shadow at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowCounts {
    /// When it began to be asked.
    pub since: SystemTime,
    /// Requests to which it answered as the policy in force did.
    pub agreed: u64,
    /// Requests to which it answered otherwise.
    pub disagreed: u64,
    /// Requests that it was not asked, since too much work was waiting.
    pub dropped: u64,
}

impl ShadowStats {
    /// The counters now.
    pub fn counts(&self) -> ShadowCounts {
        ShadowCounts {
            since: self.since,
            agreed: self.agreed.load(Ordering::Relaxed),
            disagreed: self.disagreed.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// Descriptions of the latest disagreements, newest first.
    pub fn latest(&self) -> Vec<Arc<str>> {
        self.lock().iter().rev().cloned().collect()
    }

    /// Keeps the description of a disagreement.
    pub fn describe(&self, disagreement: Arc<str>) {
        let mut latest = self.lock();
        if latest.len() == KEPT {
            latest.pop_front();
        }
        latest.push_back(disagreement);
    }

    /// Waits until a comparison may be made.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.running.acquire().await.ok()
    }

    /// Counts a request that was not compared.
    pub(crate) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self, disagree: bool) {
        let counter = if disagree { &self.disagreed } else { &self.agreed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<str>>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a request as dropped, unless the work that holds this was begun.
#[derive(Debug)]
pub struct PendingComparison(Vec<Arc<ShadowStats>>);

impl PendingComparison {
    pub(crate) fn new(shadows: &[Shadow]) -> Self {
        Self(shadows.iter().map(|shadow| Arc::clone(&shadow.stats)).collect())
    }

    /// The work begins.
    pub fn begin(mut self) {
        self.0.clear();
    }
}

impl Drop for PendingComparison {
    fn drop(&mut self) {
        for stats in &self.0 {
            stats.count_dropped();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_is_dropped_before_it_begins_is_counted() {
        let stats = Arc::<ShadowStats>::default();
        drop(PendingComparison(vec![Arc::clone(&stats)]));
        PendingComparison(vec![Arc::clone(&stats)]).begin();
        assert_eq!(stats.counts().dropped, 1);
    }

    #[test]
    fn the_latest_disagreements_are_kept_newest_first() {
        let stats = ShadowStats::default();
        for at in 0..=KEPT {
            stats.describe(at.to_string().into());
        }
        let latest = stats.latest();
        assert_eq!((latest.len(), &*latest[0], &*latest[KEPT - 1]), (KEPT, &*KEPT.to_string(), "1"));
    }
}
