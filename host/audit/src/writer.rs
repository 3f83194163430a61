//! The one thread that writes.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

use crate::log::Shared;
use crate::sink::Output;
use crate::{AuditError, Record, line};

/// How often a write that failed is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How long the writer rests after each write. Where there is traffic, it then finds work without having been
/// woken for it: waking a thread costs a decision more than all else about its record. A process that is killed
/// loses what has come since.
const REST: Duration = Duration::from_millis(1);
/// Bytes of lines that are written at once.
const BATCH: usize = 256 * 1024;

/// What wants to count records.
pub(crate) type Observe = Box<dyn FnMut(&Record) + Send>;

type Reply = oneshot::Sender<Result<(), AuditError>>;

/// What the writer is told.
pub(crate) enum Message {
    Record(Box<Record>),
    Flush(Reply),
    Reopen(Reply),
    Close(Reply),
}

/// The writer's state.
pub(crate) struct Writer {
    output: Output,
    shared: Arc<Shared>,
    /// Whole lines, the first `written` bytes of which have been written.
    lines: Vec<u8>,
    written: usize,
    /// How many records `lines` holds.
    records: usize,
    /// Sees every record, whether it can be written or not.
    observe: Observe,
}

impl Writer {
    pub(crate) fn start(
        output: Output,
        shared: Arc<Shared>,
        observe: Observe,
    ) -> io::Result<Sender<Message>> {
        let (queue, messages) = mpsc::channel();
        let writer = Self { output, shared, lines: Vec::new(), written: 0, records: 0, observe };
        thread::Builder::new().name("audit".into()).spawn(move || writer.run(&messages))?;
        Ok(queue)
    }

    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let first = if self.lines.is_empty() {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                messages.recv_timeout(RETRY)
            };
            match first {
                Ok(first) => {
                    let mut next = Some(first);
                    while let Some(message) = next {
                        if self.take(message) {
                            return;
                        }
                        next = if self.lines.len() < BATCH { messages.try_recv().ok() } else { None };
                    }
                    // While the log is broken, only the clock or an explicit wish has it tried again.
                    if self.shared.broken().is_none() {
                        let _ = self.write();
                        thread::sleep(REST);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.retry();
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = self.retry();
                    return;
                }
            }
        }
    }

    /// Does what it is told, and says whether that was to end.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Record(record) => {
                let start = self.lines.len();
                (self.observe)(&record);
                line::write(&mut self.lines, &record);
                self.shared.keep(&record.id, &self.lines[start..]);
                self.records += 1;
            }
            Message::Flush(reply) => {
                let _ = reply.send(self.retry());
            }
            Message::Reopen(reply) => {
                let reopened = self.reopen();
                let written = self.write();
                let _ = reply.send(reopened.and(written));
            }
            Message::Close(reply) => {
                let _ = reply.send(self.retry());
                return true;
            }
        }
        false
    }

    /// Writes what is left. A file that failed is opened anew before: it may have been moved or its disk mounted
    /// again.
    fn retry(&mut self) -> Result<(), AuditError> {
        if self.shared.broken().is_some() {
            // Where that is not possible, the old one is tried.
            let _ = self.reopen();
        }
        self.write()
    }

    fn reopen(&mut self) -> Result<(), AuditError> {
        // What is left belongs into the file that was open, unless that one fails.
        let _ = self.write();
        if self.output.reopen()? {
            // The line of which half stands in the old file is written whole to the new one.
            let whole = self.lines[..self.written].iter().rposition(|byte| *byte == b'\n');
            self.written = whole.map_or(0, |at| at + 1);
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), AuditError> {
        let result = self.write_lines();
        let mut broken = self.shared.broken();
        match result {
            Ok(()) => {
                if broken.take().is_some() {
                    tracing::info!("decisions can be recorded again");
                }
                drop(broken);
                self.lines.clear();
                self.lines.shrink_to(BATCH);
                self.written = 0;
                self.shared.room.add_permits(std::mem::take(&mut self.records));
                Ok(())
            }
            Err(error) => {
                let reason = error.to_string();
                if broken.is_none() {
                    tracing::error!(error = reason, "decisions cannot be recorded, and are refused");
                }
                *broken = Some(reason.clone());
                Err(AuditError::Broken(reason))
            }
        }
    }

    fn write_lines(&mut self) -> io::Result<()> {
        while self.written < self.lines.len() {
            match self.output.write(&self.lines[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.output.flush()
    }
}
