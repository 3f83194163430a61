//! State shared by the writer and all handles of a log, with the ring of recent records.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, broadcast};

use crate::{Kind, Record};

/// State shared by the writer and all handles.
pub(crate) struct Shared {
    /// One for each record that may be queued.
    pub(crate) permits: Semaphore,
    broken: Mutex<Option<String>>,
    recent: Mutex<VecDeque<Recent>>,
    keep: usize,
    /// Sees each record once it is written.
    followers: broadcast::Sender<Recent>,
}

/// Records that a follower may be behind. After more of them, it misses some.
const BEHIND: usize = 1024;

/// A record that has been made into a line.
#[derive(Debug, Clone)]
pub struct Recent {
    /// What it records.
    pub kind: Kind,
    /// The decision's id.
    pub id: Arc<str>,
    /// Its line, without the line feed.
    pub line: Arc<str>,
}

impl Shared {
    /// With `permits` records that may be queued, and `recent` that stay in memory.
    pub(crate) fn new(permits: usize, recent: usize) -> Self {
        Self {
            permits: Semaphore::new(permits),
            broken: Mutex::new(None),
            recent: Mutex::new(VecDeque::with_capacity(recent)),
            keep: recent,
            followers: broadcast::Sender::new(BEHIND),
        }
    }

    /// Records from now on.
    pub(crate) fn follow(&self) -> broadcast::Receiver<Recent> {
        self.followers.subscribe()
    }

    pub(crate) fn broken(&self) -> MutexGuard<'_, Option<String>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last records, oldest first.
    pub(crate) fn recent(&self) -> MutexGuard<'_, VecDeque<Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the line for [`Log::recent`](crate::Log::recent).
    pub(crate) fn keep(&self, record: &Record, line: &[u8]) {
        let followed = self.followers.receiver_count() > 0;
        if self.keep == 0 && !followed {
            return;
        }
        let line = String::from_utf8_lossy(line.trim_ascii_end()).into();
        let kept = Recent { kind: record.kind, id: record.id.as_str().into(), line };
        if followed {
            // Those that are gone since miss nothing.
            let _ = self.followers.send(kept.clone());
        }
        let mut recent = self.recent();
        if self.keep == 0 {
            return;
        }
        if recent.len() == self.keep {
            recent.pop_front();
        }
        recent.push_back(kept);
    }
}
