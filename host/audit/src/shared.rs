//! State shared by the writer and all handles of a log, with the ring of recent records.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

use crate::{Kind, Record};

/// State shared by the writer and all handles.
pub(crate) struct Shared {
    /// One for each record that may be queued.
    pub(crate) permits: Semaphore,
    broken: Mutex<Option<String>>,
    recent: Mutex<VecDeque<Recent>>,
    keep: usize,
}

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
        }
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
        if self.keep == 0 {
            return;
        }
        let line = String::from_utf8_lossy(line.trim_ascii_end()).into();
        let kept = Recent { kind: record.kind, id: record.id.as_str().into(), line };
        let mut recent = self.recent();
        if recent.len() == self.keep {
            recent.pop_front();
        }
        recent.push_back(kept);
    }
}
