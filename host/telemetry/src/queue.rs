//! Records that wait to be sent, bounded in number and bytes: what is more is lost, and counted.

use portcullis_audit::Recent;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::counts::Counts;

/// How many records may wait.
const RECORDS: usize = 8192;
/// How many bytes they may have together.
const BYTES: usize = 16 << 20;

/// The end that sends take records from.
pub(crate) struct Waiting {
    records: mpsc::Receiver<Arc<str>>,
    bytes: Arc<AtomicUsize>,
    end: Option<oneshot::Sender<()>>,
}

/// The end that the log's records come in at.
struct Queue {
    records: mpsc::Sender<Arc<str>>,
    bytes: Arc<AtomicUsize>,
    counts: Arc<Counts>,
}

/// Moves the log's records into a queue, until that is ended or the log is closed.
pub(crate) fn follow(log: broadcast::Receiver<Recent>, counts: Arc<Counts>) -> Waiting {
    let (sender, records) = mpsc::channel(RECORDS);
    let bytes = Arc::<AtomicUsize>::default();
    let (end, ended) = oneshot::channel();
    let queue = Queue { records: sender, bytes: Arc::clone(&bytes), counts };
    tokio::spawn(queue.fill(log, ended));
    Waiting { records, bytes, end: Some(end) }
}

impl Queue {
    async fn fill(self, mut log: broadcast::Receiver<Recent>, mut ended: oneshot::Receiver<()>) {
        loop {
            let received = tokio::select! {
                received = log.recv() => received,
                _ = &mut ended => break,
            };
            match received {
                Ok(recent) => self.put(recent.line),
                Err(RecvError::Lagged(missed)) => self.counts.add_lost(missed),
                Err(RecvError::Closed) => return,
            }
        }
        loop {
            match log.try_recv() {
                Ok(recent) => self.put(recent.line),
                Err(TryRecvError::Lagged(missed)) => self.counts.add_lost(missed),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn put(&self, line: Arc<str>) {
        let size = line.len();
        // Added before the other end can subtract it.
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        if before.saturating_add(size) > BYTES || self.records.try_send(line).is_err() {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            self.counts.add_lost(1);
        }
    }
}

impl Waiting {
    /// The next record; none when no more will come.
    pub(crate) async fn next(&mut self) -> Option<Arc<str>> {
        let line = self.records.recv().await;
        if let Some(line) = &line {
            self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
        }
        line
    }

    /// Takes no more records than the log has brought until now.
    pub(crate) fn end(&mut self) {
        if let Some(end) = self.end.take() {
            // An error means that it has ended already.
            let _ = end.send(());
        }
    }
}
