//! Counters of connections that a limit has closed, for metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which limit has closed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// `max_connections_per_peer`.
    PeerLimit,
    /// `max_connections`: the connection had no request in flight and made room for a new one.
    Evicted,
    /// `header_timeout`, in the TLS handshake or in a request's head.
    HeaderTimeout,
    /// `body_timeout`.
    BodyTimeout,
    /// `write_timeout`.
    WriteTimeout,
    /// `idle_timeout`.
    IdleTimeout,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::PeerLimit,
        Self::Evicted,
        Self::HeaderTimeout,
        Self::BodyTimeout,
        Self::WriteTimeout,
        Self::IdleTimeout,
    ];

    /// The name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PeerLimit => "peer-limit",
            Self::Evicted => "evicted",
            Self::HeaderTimeout => "header-timeout",
            Self::BodyTimeout => "body-timeout",
            Self::WriteTimeout => "write-timeout",
            Self::IdleTimeout => "idle-timeout",
        }
    }
}

/// How many connections each limit has closed. Clones share the counters.
#[derive(Debug, Clone, Default)]
pub struct ConnectionStats(Arc<[AtomicU64; CloseReason::ALL.len()]>);

impl ConnectionStats {
    /// Connections closed for this reason.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.0[reason as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, reason: CloseReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }
}
