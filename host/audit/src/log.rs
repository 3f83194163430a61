//! The handle that records are written to.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;
use tokio::sync::{TryAcquireError, broadcast, oneshot};

use crate::record::Kind;
use crate::shared::{Recent, Shared};
use crate::sink::{Output, Sink};
use crate::writer::{Message, Writer};
use crate::{AuditError, Record};

/// How many records may wait to be written.
pub(crate) const QUEUE: usize = 1024;
/// When [`Log::write`] returns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Commit {
    /// When the write(2) of the batch that holds the record has returned: a process that is killed has sent no
    /// response without a record. The file is not synced; a machine that loses power can lose records.
    #[default]
    Written,
    /// When the record is in a queue in memory. Cheaper where single requests follow one another, but a process that
    /// is killed loses up to 1,024 records whose responses were sent.
    Queued,
}

/// How a log is opened.
pub struct Options {
    /// When [`Log::write`] returns.
    pub commit: Commit,
    /// How many records stay in memory, for [`Log::recent`].
    pub recent: usize,
    /// Sees every record, on the writer's thread, so that metrics cost a decision nothing.
    pub observe: Box<dyn FnMut(&Record) + Send>,
}

impl Default for Options {
    fn default() -> Self {
        Self { commit: Commit::default(), recent: 0, observe: Box::new(|_| {}) }
    }
}

/// The log of decisions. Clones write to the same log.
///
/// A thread makes lines of records and writes them in batches (group commit). A line is never interrupted by another
/// one. After a write has failed no record is accepted until the lines that are left have been written, which is
/// tried twice a second.
#[derive(Clone)]
pub struct Log {
    queue: Sender<Message>,
    shared: Arc<Shared>,
    commit: Commit,
}

impl Log {
    /// Opens the log and starts its writer.
    ///
    /// # Errors
    /// The sink cannot be opened, or the thread cannot be started.
    pub fn open(sink: Sink, options: Options) -> Result<Self, AuditError> {
        let output = Output::open(sink)?;
        let shared = Arc::new(Shared::new(QUEUE, options.recent));
        let queue = Writer::start(output, Arc::clone(&shared), options.observe).map_err(AuditError::Start)?;
        Ok(Self { queue, shared, commit: options.commit })
    }

    /// Writes a record that a response depends on, as the log's [`Commit`] says. Waits until `until`, without blocking the
    /// thread.
    ///
    /// # Errors
    /// The decision is not recorded, and so must be refused: a write failed, the time is over, or the log is closed. A
    /// record that took longer may still be written later.
    pub async fn write(&self, record: Record, until: Instant) -> Result<(), AuditError> {
        self.check()?;
        let permit = match self.shared.permits.try_acquire() {
            Ok(permit) => permit,
            Err(TryAcquireError::Closed) => return Err(AuditError::Closed),
            Err(TryAcquireError::NoPermits) => {
                let permit = tokio::time::timeout_at(until.into(), self.shared.permits.acquire()).await;
                self.check()?;
                permit.map_err(|_| AuditError::Stalled)?.map_err(|_| AuditError::Closed)?
            }
        };
        let (reply, written) = match self.commit {
            Commit::Written => {
                let (reply, written) = oneshot::channel();
                (Some(reply), Some(written))
            }
            Commit::Queued => (None, None),
        };
        self.queue.send(Message::Record(Box::new(record), reply)).map_err(|_| AuditError::Closed)?;
        // The writer returns the permit once the line is written.
        permit.forget();
        let Some(written) = written else { return Ok(()) };
        let in_time = tokio::time::timeout_at(until.into(), written).await;
        in_time.map_err(|_| AuditError::Stalled)?.map_err(|_| AuditError::Closed)?
    }

    /// Queues a record that no response depends on, e.g. of monitoring policies.
    ///
    /// # Errors
    /// It is lost: as many records as may wait are waiting, the last write failed, or the log is closed.
    pub fn write_detached(&self, record: Record) -> Result<(), AuditError> {
        self.check()?;
        let permit = self.shared.permits.try_acquire().map_err(|error| match error {
            TryAcquireError::Closed => AuditError::Closed,
            TryAcquireError::NoPermits => AuditError::Stalled,
        })?;
        self.queue.send(Message::Record(Box::new(record), None)).map_err(|_| AuditError::Closed)?;
        permit.forget();
        Ok(())
    }

    /// Whether decisions can be recorded now, as far as is known.
    ///
    /// # Errors
    /// The last write failed.
    pub fn check(&self) -> Result<(), AuditError> {
        self.shared.broken().clone().map_or(Ok(()), |reason| Err(AuditError::Broken(reason)))
    }

    /// Opens the file once more, after it was moved away. Until then, and if that fails, records go on to be
    /// written to the old one.
    ///
    /// # Errors
    /// The file cannot be opened, or the lines that were left cannot be written to it.
    pub async fn reopen(&self) -> Result<(), AuditError> {
        self.ask(Message::Reopen).await
    }

    /// Waits until everything that was handed over before is written.
    ///
    /// # Errors
    /// It could not be written. It will be tried again.
    pub async fn flush(&self) -> Result<(), AuditError> {
        self.ask(Message::Flush).await
    }

    /// Writes everything that was handed over before, and ends the writer. Records that come later, from this
    /// handle or a clone, are refused.
    ///
    /// # Errors
    /// Some records could not be written and are lost.
    pub async fn close(self) -> Result<(), AuditError> {
        self.shared.permits.close();
        self.ask(Message::Close).await
    }

    async fn ask(
        &self,
        message: fn(oneshot::Sender<Result<(), AuditError>>) -> Message,
    ) -> Result<(), AuditError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(message(reply)).map_err(|_| AuditError::Closed)?;
        answer.await.map_err(|_| AuditError::Closed)?
    }

    /// The last records, newest first.
    pub fn recent(&self) -> Vec<Recent> {
        self.shared.recent().iter().rev().cloned().collect()
    }

    /// Records from now on, once they are written. A receiver that is more than 1,024 records behind misses some, and is
    /// told how many.
    pub fn follow(&self) -> broadcast::Receiver<Recent> {
        self.shared.follow()
    }

    /// The line of a recent record. Those of monitoring policies and shadows have the id of the decision they were asked
    /// beside, and are not returned here.
    pub fn find(&self, id: &str) -> Option<Arc<str>> {
        self.shared
            .recent()
            .iter()
            .find(|recent| !matches!(recent.kind, Kind::Monitor | Kind::Shadow) && &*recent.id == id)
            .map(|recent| Arc::clone(&recent.line))
    }
}

#[cfg(test)]
mod tests;
