//! What a connection is doing, shared by its streams, its bodies, its [clock](crate::clock) and its listener.
//!
//! hyper's own limit for a request's head would also close connections that are merely idle.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Nothing: no byte of a request has come.
    Idle,
    /// A request's head has begun.
    Head,
    /// A request is being read or answered.
    Request,
}

/// All parts of a connection run in one task, but for a body that a handler has taken elsewhere. The listener's
/// task only reads, and asks for [eviction](Self::evict).
#[derive(Debug)]
pub(crate) struct Progress {
    accepted: Instant,
    head: AtomicBool,
    bodies: AtomicUsize,
    requests: AtomicUsize,
    last: AtomicBool,
    /// The peer's socket takes no more bytes.
    write_blocked: AtomicBool,
    /// Writes that the peer's socket has taken.
    writes: AtomicUsize,
    keeps_unused: AtomicBool,
    /// The bodies of the request in flight may take any time.
    untimed: AtomicBool,
    /// When the current activity began, in microseconds after `accepted`.
    since: AtomicU64,
    eviction: Notify,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            accepted: Instant::now(),
            head: AtomicBool::default(),
            bodies: AtomicUsize::default(),
            requests: AtomicUsize::default(),
            last: AtomicBool::default(),
            write_blocked: AtomicBool::default(),
            writes: AtomicUsize::default(),
            keeps_unused: AtomicBool::default(),
            untimed: AtomicBool::default(),
            since: AtomicU64::default(),
            eviction: Notify::default(),
        }
    }

    pub(crate) fn accepted(&self) -> Instant {
        self.accepted
    }

    /// Bytes have come.
    pub(crate) fn read(&self) {
        if self.bodies.load(Ordering::Acquire) == 0 {
            self.head.store(true, Ordering::Release);
        }
    }

    /// A head is complete.
    pub(crate) fn request(&self) {
        self.head.store(false, Ordering::Release);
        self.untimed.store(false, Ordering::Release);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Until the next request, its bodies may take any time.
    pub(crate) fn set_untimed(&self) {
        self.untimed.store(true, Ordering::Release);
    }

    pub(crate) fn is_untimed(&self) -> bool {
        self.untimed.load(Ordering::Acquire)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn body_begins(&self) {
        self.bodies.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn body_ends(&self) {
        self.bodies.fetch_sub(1, Ordering::AcqRel);
    }

    /// The peer's socket has taken bytes, or takes none for now.
    pub(crate) fn wrote(&self, is_ready: bool) {
        if is_ready {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        self.write_blocked.store(!is_ready, Ordering::Release);
    }

    /// While the peer's socket takes no bytes: how many writes it has taken before.
    pub(crate) fn blocked_after(&self) -> Option<usize> {
        self.write_blocked.load(Ordering::Acquire).then(|| self.writes.load(Ordering::Relaxed))
    }

    /// From now on every response is the connection's last.
    pub(crate) fn set_last(&self) {
        self.last.store(true, Ordering::Release);
    }

    pub(crate) fn is_last(&self) -> bool {
        self.last.load(Ordering::Acquire)
    }

    /// A peer with credentials keeps the connection unused for as long as it likes.
    pub(crate) fn set_keeps_unused(&self) {
        self.keeps_unused.store(true, Ordering::Relaxed);
    }

    pub(crate) fn keeps_unused(&self) -> bool {
        self.keeps_unused.load(Ordering::Relaxed)
    }

    pub(crate) fn activity(&self) -> Activity {
        // A response that the peer has not taken yet is in flight, also after hyper is done with its body.
        if self.bodies.load(Ordering::Acquire) > 0 || self.write_blocked.load(Ordering::Acquire) {
            Activity::Request
        } else if self.head.load(Ordering::Acquire) {
            Activity::Head
        } else {
            Activity::Idle
        }
    }

    /// The activity has changed at this time.
    pub(crate) fn set_since(&self, since: Instant) {
        let micros = since.duration_since(self.accepted).as_micros();
        self.since.store(u64::try_from(micros).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Which connection is evicted first: the smallest of these. First those that never sent a complete head, oldest
    /// first, then those that have been without a request for longest. None if it is not to be evicted.
    pub(crate) fn eviction_rank(&self) -> Option<(bool, Instant)> {
        if self.activity() == Activity::Request {
            return None;
        }
        if self.requests() == 0 {
            return Some((false, self.accepted));
        }
        let since = self.accepted + Duration::from_micros(self.since.load(Ordering::Relaxed));
        (!self.keeps_unused()).then_some((true, since))
    }

    /// Asks the connection's task to close it.
    pub(crate) fn evict(&self) {
        self.eviction.notify_one();
    }

    /// Waits until the listener asks for eviction.
    pub(crate) async fn evicted(&self) {
        self.eviction.notified().await;
    }
}
