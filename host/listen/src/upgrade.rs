//! A connection that became a stream by an upgrade: hyper's part of it is over, and it stays within the limits of its
//! listener and is told about a drain.

use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

use crate::drain::Stage;
use crate::peers::PeerPermit;
use crate::permits::Permit;
use crate::progress::Progress;

/// What a connection holds for as long as it is open.
pub(crate) struct Held {
    pub(crate) _permit: Option<Permit>,
    pub(crate) _peer: Option<PeerPermit>,
    /// By which the end of a drain knows that the connection is still open.
    pub(crate) _alive: Option<mpsc::Sender<Infallible>>,
}

/// An extension of each request that asks for another protocol, beside hyper's `OnUpgrade`.
#[derive(Clone)]
pub struct Upgradable {
    pub(crate) held: Arc<Held>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) stage: watch::Receiver<Stage>,
}

/// A connection that carries a stream. It counts as a connection with a request in flight until it is dropped.
pub struct UpgradedConnection {
    _held: Arc<Held>,
    progress: Arc<Progress>,
    stage: watch::Receiver<Stage>,
}

impl Upgradable {
    /// To be called before the response with status 101 is returned, and to be kept as long as the stream.
    pub fn upgrade(&self) -> UpgradedConnection {
        self.progress.body_begins();
        UpgradedConnection {
            _held: Arc::clone(&self.held),
            progress: Arc::clone(&self.progress),
            stage: self.stage.clone(),
        }
    }
}

impl UpgradedConnection {
    /// Waits until the listener closes what is left: some time after a drain has begun.
    pub async fn closing(&mut self) {
        // The sender outlives every connection.
        let _ = self.stage.wait_for(|stage| *stage >= Stage::Closing).await;
    }
}

impl Drop for UpgradedConnection {
    fn drop(&mut self) {
        self.progress.body_ends();
    }
}
