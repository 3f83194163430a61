//! What one policy may use, per decision and while it is configured.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One policy's limits. They are part of its revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// How long one decision may use the processor. Time in which the machine does something else does not count.
    pub deadline: Duration,
    /// Bytes of linear memory, over all memories of one instance.
    pub memory: u64,
    /// Elements, over all tables of one instance.
    pub table_elements: u32,
    /// Core instances, and memories, and tables, of one instance.
    pub instances: u32,
    /// Decisions under way at once; others wait.
    pub concurrency: u32,
    /// How long one of them waits, at most.
    pub queue_timeout: Duration,
    /// How many wait, at most.
    pub queue_length: u32,
    /// Lines that one decision may log.
    pub log_lines: u32,
    /// Bytes that one decision may log.
    pub log_bytes: u32,
    /// Bytes of one answer, and of one line of log.
    pub answer: u32,
    /// How long `configure` may use the processor when the policy is loaded.
    pub configure: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(100),
            memory: 64 << 20,
            table_elements: 40_000,
            instances: 128,
            concurrency: 64,
            queue_timeout: Duration::from_secs(5),
            queue_length: 4096,
            log_lines: 64,
            log_bytes: 16 << 10,
            answer: 64 << 10,
            configure: Duration::from_secs(10),
        }
    }
}
