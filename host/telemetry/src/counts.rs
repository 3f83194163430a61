//! What was sent and what was not.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a collector takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log entries.
    Logs,
}

impl Signal {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Traces, Self::Logs];

    /// Its name in OTLP's paths and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
        }
    }
}

/// Counts of records since the start.
#[derive(Debug, Default)]
pub struct Counts {
    sent: [AtomicU64; 2],
    rejected: [AtomicU64; 2],
    lost: AtomicU64,
}

impl Counts {
    /// Records that the collector has taken.
    pub fn sent(&self, signal: Signal) -> u64 {
        self.sent[signal as usize].load(Ordering::Relaxed)
    }

    /// Records that the collector has refused, or that could not be sent in several attempts.
    pub fn rejected(&self, signal: Signal) -> u64 {
        self.rejected[signal as usize].load(Ordering::Relaxed)
    }

    /// Records that were never sent, since too many were waiting.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn add_sent(&self, signal: Signal, records: usize) {
        add(&self.sent[signal as usize], records);
    }

    pub(crate) fn add_rejected(&self, signal: Signal, records: usize) {
        add(&self.rejected[signal as usize], records);
    }

    pub(crate) fn add_lost(&self, records: u64) {
        self.lost.fetch_add(records, Ordering::Relaxed);
    }
}

fn add(counter: &AtomicU64, records: usize) {
    counter.fetch_add(u64::try_from(records).unwrap_or(u64::MAX), Ordering::Relaxed);
}
