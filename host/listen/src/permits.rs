//! Permits for connections, and who makes room when all are taken: otherwise idle connections of a few peers would
//! keep everybody else out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::progress::Progress;

/// While every connection has a request in flight, how often to look for one that has become idle.
const EVICTION_INTERVAL: Duration = Duration::from_millis(50);

/// How long a client has for the first byte of its first request before its connection may make room for another: many
/// clients that connect at once are not silent ones.
const GRACE: Duration = Duration::from_millis(500);

/// The permits of one listener.
pub(crate) struct Permits {
    free: Arc<Semaphore>,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Progress>>>,
}

/// A permit for one connection.
pub(crate) struct Permit {
    permits: Arc<Permits>,
    id: u64,
    progress: Arc<Progress>,
    _free: OwnedSemaphorePermit,
}

impl Permits {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { free, next: AtomicU64::default(), open: Mutex::default() })
    }

    pub(crate) fn are_all_taken(&self) -> bool {
        self.free.available_permits() == 0
    }

    /// Waits for a permit, and makes room for it. Its connection's time starts now.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Option<Permit> {
        loop {
            let free = Arc::clone(&self.free);
            if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
                return Some(self.register(permit));
            }
            self.evict_one();
            // The evicted connection may have begun a request meanwhile, and others may have become idle.
            if let Ok(permit) = tokio::time::timeout(EVICTION_INTERVAL, free.acquire_owned()).await {
                return permit.ok().map(|permit| self.register(permit));
            }
        }
    }

    fn register(self: &Arc<Self>, free: OwnedSemaphorePermit) -> Permit {
        let progress = Arc::new(Progress::new());
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&progress));
        Permit { permits: Arc::clone(self), id, progress, _free: free }
    }

    /// Asks one connection without a request in flight to close, unless the first in line is about to send its first
    /// request. It looks at every connection, but only at the limit.
    pub(crate) fn evict_one(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let ranked = open.values().filter_map(|progress| Some((progress.eviction_rank()?, progress)));
        if let Some(((is_used, since), progress)) = ranked.min_by_key(|(rank, _)| *rank)
            && (is_used || since.elapsed() >= GRACE)
        {
            progress.evict();
        }
    }
}

impl Permit {
    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permits.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
