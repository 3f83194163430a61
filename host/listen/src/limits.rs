//! What a peer may not do, and how sockets are made.

use std::time::Duration;

/// What a peer may not do.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many connections there may be at once; further ones wait in the system's queue.
    pub connections: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a request's head may take from its first byte to its last.
    pub head: Duration,
    /// Bytes of a request's head; with more the answer is 431.
    pub head_bytes: usize,
    /// How long a connection may lie idle between requests. dockerd keeps its connections for ever and retries
    /// with an empty body when one is closed under it: its door has no such limit.
    pub idle: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            head_bytes: 64 * 1024,
            idle: None,
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
    /// What a peer may not do.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { mode: 0o660, group: None, limits: Limits::default() }
    }
}
