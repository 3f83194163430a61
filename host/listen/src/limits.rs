//! Limits on what one peer can occupy, and how sockets are made. The server reads the values from `[listen]`.

use std::time::Duration;

use crate::{ConnectionStats, Cores, Proxies};

/// Limits of one listener. Each limit is on something that a peer without credentials can occupy: a connection
/// stays open only while its peer makes progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. At the limit a new connection replaces one that has no request in flight; without
    /// such a connection it waits in the system's queue.
    pub max_connections: usize,
    /// Connections at once from one IPv4 address or one IPv6 /64 network. Further ones are closed at once. Peers on
    /// unix sockets and [`Proxies`] are not counted.
    pub max_connections_per_peer: usize,
    /// Time for a request's head, TLS handshake included. For the first request it starts at accept, for a later
    /// one at its first byte.
    pub header_timeout: Duration,
    /// Bytes of a request's head; a longer head gets 431.
    pub max_header_bytes: usize,
    /// How long a request's body may stop coming while its handler waits for it. A body that makes progress has no
    /// limit.
    pub body_timeout: Duration,
    /// How long a peer may take no byte of a response that is ready to be sent.
    pub write_timeout: Duration,
    /// How long a connection may stay open without a request. None is for dockerd, which keeps its connections for
    /// ever, and retries with an empty body when one is closed under its request. With none, `header_timeout` does
    /// not start at accept for a peer that has shown credentials, on a unix socket or by a client certificate:
    /// Go's HTTP client also keeps connections that it has not used yet.
    pub idle_timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_connections_per_peer: 256,
            header_timeout: Duration::from_secs(10),
            max_header_bytes: 64 * 1024,
            body_timeout: Duration::from_mins(1),
            write_timeout: Duration::from_mins(1),
            idle_timeout: None,
        }
    }
}

/// How a listener is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Permissions of a unix socket.
    pub mode: u32,
    /// The group of a unix socket, by name or number; absent leaves it to the system.
    pub group: Option<String>,
    /// Limits on what one peer can occupy.
    pub limits: Limits,
    /// Peers whose connections are not counted per peer.
    pub proxies: Proxies,
    /// Counts connections that a limit has closed.
    pub stats: ConnectionStats,
    /// Where connections are served; absent means the runtime that accepts them.
    pub cores: Option<Cores>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: 0o660,
            group: None,
            limits: Limits::default(),
            proxies: Proxies::default(),
            stats: ConnectionStats::default(),
            cores: None,
        }
    }
}
