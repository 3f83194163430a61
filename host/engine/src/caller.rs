//! On whose behalf policies are asked, and for how long.

use std::time::Instant;

use crate::fair_queue::QueueKey;

/// On whose behalf policies are asked. Callers with the same principal, or the same peer where there is none, share one
/// place in the turns of every queue.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    pub(crate) key: QueueKey,
    /// When the request has taken as long as it may, with everything that it waits for.
    pub(crate) until: Option<tokio::time::Instant>,
}

impl Caller {
    /// The caller of a request that must be decided until `until`. `principal` is its name or id; without one the peer
    /// counts, e.g. its IP address.
    pub fn new(principal: Option<&str>, peer: Option<&str>, until: Instant) -> Self {
        let key = match (principal, peer) {
            (Some(principal), _) => QueueKey::of("principal", principal),
            (None, peer) => QueueKey::of("peer", peer.unwrap_or_default()),
        };
        Self { key, until: Some(until.into()) }
    }

    /// The host itself, for work that no request waits for.
    pub(crate) const BACKGROUND: Self = Self { key: QueueKey::BACKGROUND, until: None };

    pub(crate) fn is_background(&self) -> bool {
        self.key == QueueKey::BACKGROUND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_counts_before_its_peer() {
        let key = |principal, peer| Caller::new(principal, peer, Instant::now()).key;
        assert_eq!(key(Some("alice"), Some("192.0.2.7")), key(Some("alice"), Some("192.0.2.8")));
        assert_ne!(key(Some("alice"), None), key(Some("bob"), None));
        assert_ne!(key(None, Some("192.0.2.7")), key(None, Some("192.0.2.8")));
        assert_ne!(key(None, Some("alice")), key(Some("alice"), None));
        assert_eq!(key(None, Some("unix")), key(None, Some("unix")));
    }
}
