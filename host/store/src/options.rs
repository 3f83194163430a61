//! Options of the connection pool.

use std::time::Duration;

/// Options of the connection pool.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read, of SQLite. One more writes.
    pub readers: u32,
    /// Connections at most, of PostgreSQL.
    pub connections: u32,
    /// How long to wait for a connection before [`StoreError::Unavailable`](crate::StoreError::Unavailable).
    pub acquire_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, connections: 10, acquire_timeout: Duration::from_secs(3) }
    }
}
