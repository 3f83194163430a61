//! Options of the connection pool.

use std::time::Duration;

/// Options of the connection pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Connections that read, of SQLite. One more writes.
    pub readers: u32,
    /// Connections at most, of PostgreSQL.
    pub connections: u32,
    /// How long one [`Store::read`](crate::Store::read) of SQLite may take before
    /// [`StoreError::TooLong`](crate::StoreError::TooLong). PostgreSQL gives each statement 8 s.
    pub read_timeout: Duration,
    /// How long to wait for a connection before [`StoreError::Unavailable`](crate::StoreError::Unavailable).
    pub acquire_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            connections: 10,
            // Less than the next: who waits for a connection that slow reads hold gets one.
            read_timeout: Duration::from_secs(2),
            acquire_timeout: Duration::from_secs(3),
        }
    }
}
