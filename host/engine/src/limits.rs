//! What one policy may use, per decision and while it is configured.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One policy's limits. They are part of its revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long one decision may take, by the clock on the wall.
    pub deadline: Duration,
    /// Bytes of linear memory, over all memories of one instance.
    pub memory: u64,
    /// Elements, over all tables of one instance.
    pub table_elements: u32,
    /// Core instances, and memories, and tables, of one instance.
    pub instances: u32,
    /// Decisions under way at once; one more is refused as overloaded.
    pub concurrency: u32,
    /// Lines that one decision may log.
    pub log_lines: u32,
    /// Bytes that one decision may log.
    pub log_bytes: u32,
    /// Bytes of one answer, and of one line of log.
    pub answer: u32,
    /// How long `configure` may take when the policy is loaded.
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
            log_lines: 64,
            log_bytes: 16 << 10,
            answer: 64 << 10,
            configure: Duration::from_secs(10),
        }
    }
}
