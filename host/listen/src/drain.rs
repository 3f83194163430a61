//! Ending without dropping a request.
//!
//! When a drain is started, listeners take no new connections. For a short grace, connections stay open and
//! every answer says `Connection: close`: dockerd retries with an empty body when a kept connection is closed
//! under its request. Then idle ones are closed, and requests under way are waited for.

use std::time::Duration;
use tokio::sync::watch;

/// A signal to end, shared by every listener. Clones are the same signal.
#[derive(Debug, Clone)]
pub struct Drain {
    started: watch::Sender<bool>,
    pub(crate) grace: Duration,
    pub(crate) limit: Duration,
}

impl Drain {
    /// A drain that gives idle connections `grace` to be told in an answer, and requests under way another
    /// `limit` to be answered.
    pub fn new(grace: Duration, limit: Duration) -> Self {
        Self { started: watch::Sender::new(false), grace, limit }
    }

    /// Starts it. It cannot be taken back.
    pub fn start(&self) {
        self.started.send_replace(true);
    }

    /// Whether it has been started: an API may say in its health response that the server is stopping.
    pub fn has_started(&self) -> bool {
        *self.started.borrow()
    }

    /// Waits until it is started.
    pub async fn started(&self) {
        // The sender is ours, so it cannot be gone.
        let _ = self.started.subscribe().wait_for(|started| *started).await;
    }
}

impl Default for Drain {
    /// One second of grace, 30 for requests under way.
    fn default() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(30))
    }
}

/// How far a drain has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Serving,
    /// Every answer is a connection's last.
    LastAnswers,
    /// What is idle is closed.
    Closing,
    /// What is left is cut off.
    Cut,
}
