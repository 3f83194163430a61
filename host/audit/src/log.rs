//! The handle that doors write to, and the records of late.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, TryAcquireError, oneshot};

use crate::sink::{Output, Sink};
use crate::writer::{Message, Writer};
use crate::{AuditError, Record};

/// How many records may wait to be written.
pub(crate) const QUEUE: usize = 1024;
/// How long a decision waits for room among them before it is refused.
const ROOM_WITHIN: Duration = Duration::from_secs(2);

/// The log of decisions. Clones write to the same log.
///
/// Records are made into lines and written by a thread of their own. A line is never parted by another one.
/// After a write has failed, no record is taken until the lines that are left have been written, which is tried
/// twice a second.
#[derive(Clone)]
pub struct Log {
    queue: Sender<Message>,
    shared: Arc<Shared>,
}

/// What writer and handles share.
pub(crate) struct Shared {
    pub(crate) room: Semaphore,
    broken: Mutex<Option<String>>,
    recent: Mutex<VecDeque<Recent>>,
    keep: usize,
}

/// A record that has been made into a line.
#[derive(Debug, Clone)]
pub struct Recent {
    /// The decision's id.
    pub id: Arc<str>,
    /// Its line, without the line feed.
    pub line: Arc<str>,
}

impl Log {
    /// Opens the log and starts its writer. The last `recent` records stay in memory, for [`Log::recent`].
    ///
    /// # Errors
    /// The sink cannot be opened, or the thread cannot be started.
    pub fn open(sink: Sink, recent: usize) -> Result<Self, AuditError> {
        Self::open_observed(sink, recent, |_| {})
    }

    /// The same, with something that sees every record, on the writer's thread: metrics cost a decision nothing.
    ///
    /// # Errors
    /// The sink cannot be opened, or the thread cannot be started.
    pub fn open_observed(
        sink: Sink,
        recent: usize,
        observe: impl FnMut(&Record) + Send + 'static,
    ) -> Result<Self, AuditError> {
        let output = Output::open(sink)?;
        let shared = Arc::new(Shared {
            room: Semaphore::new(QUEUE),
            broken: Mutex::new(None),
            recent: Mutex::new(VecDeque::with_capacity(recent)),
            keep: recent,
        });
        let queue =
            Writer::start(output, Arc::clone(&shared), Box::new(observe)).map_err(AuditError::Start)?;
        Ok(Self { queue, shared })
    }

    /// Hands a record to the writer. Waits while the queue is full, without blocking the thread.
    ///
    /// # Errors
    /// The decision cannot be recorded, and so must be refused: the last write failed, the queue stayed full for
    /// two seconds, or the log is closed.
    pub async fn write(&self, record: Record) -> Result<(), AuditError> {
        self.check()?;
        let room = match self.shared.room.try_acquire() {
            Ok(room) => room,
            Err(TryAcquireError::Closed) => return Err(AuditError::Closed),
            Err(TryAcquireError::NoPermits) => {
                let room = tokio::time::timeout(ROOM_WITHIN, self.shared.room.acquire()).await;
                self.check()?;
                room.map_err(|_| AuditError::Stalled(ROOM_WITHIN))?.map_err(|_| AuditError::Closed)?
            }
        };
        self.queue.send(Message::Record(Box::new(record))).map_err(|_| AuditError::Closed)?;
        // The writer gives it back once the line is written.
        room.forget();
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
        self.shared.room.close();
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

    /// The line of a record of late. Where several have that id it is the first: the decision's own, and not
    /// that of the policies which only watched it.
    pub fn find(&self, id: &str) -> Option<Arc<str>> {
        self.shared.recent().iter().find(|recent| &*recent.id == id).map(|recent| Arc::clone(&recent.line))
    }
}

impl Shared {
    pub(crate) fn broken(&self) -> MutexGuard<'_, Option<String>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the line for [`Log::recent`].
    pub(crate) fn keep(&self, id: &str, line: &[u8]) {
        if self.keep == 0 {
            return;
        }
        let kept = Recent { id: id.into(), line: String::from_utf8_lossy(line.trim_ascii_end()).into() };
        let mut recent = self.recent();
        if recent.len() == self.keep {
            recent.pop_front();
        }
        recent.push_back(kept);
    }
}

#[cfg(test)]
mod tests;
