//! The writer's thread: makes lines of records, writes them in batches, and tells each waiting caller the result.
//!
//! Called by [`Log`](crate::Log) only, over one channel. A new kind of message is a variant of [`Message`] and an arm
//! of [`Writer::take`].

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

use crate::shared::Shared;
use crate::sink::Output;
use crate::{AuditError, Record, line};

/// How often a write that failed is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Pause after a write that no caller waited for. Under traffic the writer then finds work without having been woken:
/// waking a thread costs a decision more than everything else about its record. A process that is killed loses the
/// records of this pause, which is why callers have to ask for it with `commit = "queued"`.
const PAUSE: Duration = Duration::from_millis(1);
/// Bytes of lines that are written at once.
const BATCH: usize = 256 * 1024;

/// Observer of every record, called on the writer's thread.
pub(crate) type Observe = Box<dyn FnMut(&Record) + Send>;

pub(crate) type Reply = oneshot::Sender<Result<(), AuditError>>;

/// Messages to the writer.
pub(crate) enum Message {
    /// A record. The reply, where there is one, is sent when the write(2) with its line has returned.
    Record(Box<Record>, Option<Reply>),
    Flush(Reply),
    Reopen(Reply),
    Close(Reply),
}

/// A record whose line is in the buffer and whose caller does not know the result yet.
struct Pending {
    record: Box<Record>,
    reply: Option<Reply>,
    /// Where its line begins and ends in the buffer.
    start: usize,
    end: usize,
}

/// The writer's state.
pub(crate) struct Writer {
    output: Output,
    shared: Arc<Shared>,
    /// Whole lines, the first `written` bytes of which have been written.
    lines: Vec<u8>,
    written: usize,
    /// Queue permits that are returned once `lines` is written.
    records: usize,
    /// The last lines of the buffer, in order. Lines before them failed once, and their callers know.
    pending: Vec<Pending>,
    observe: Observe,
}

impl Writer {
    pub(crate) fn start(
        output: Output,
        shared: Arc<Shared>,
        observe: Observe,
    ) -> io::Result<Sender<Message>> {
        let (queue, messages) = mpsc::channel();
        let writer =
            Self { output, shared, lines: Vec::new(), written: 0, records: 0, pending: Vec::new(), observe };
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
                    self.write_batch();
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

    /// Writes what was taken. While the log is broken, only the retry timer or an explicit message writes: records
    /// that were sent before their callers could see that are refused at once.
    fn write_batch(&mut self) {
        let broken = self.shared.broken().clone();
        if let Some(reason) = broken {
            self.fail(&reason);
            return;
        }
        let waited_for = self.pending.iter().any(|pending| pending.reply.is_some());
        let _ = self.write();
        if !waited_for {
            thread::sleep(PAUSE);
        }
    }

    /// Handles one message. Returns true if the writer must stop.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Record(record, reply) => {
                let start = self.lines.len();
                line::write(&mut self.lines, &record);
                self.pending.push(Pending { record, reply, start, end: self.lines.len() });
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

    /// Writes the lines that are left. A file that failed is opened anew before: it may have been moved, or its disk
    /// mounted again.
    fn retry(&mut self) -> Result<(), AuditError> {
        if self.shared.broken().is_some() {
            // Where that is not possible, the old one is tried.
            let _ = self.reopen();
        }
        self.write()
    }

    fn reopen(&mut self) -> Result<(), AuditError> {
        // The lines that are left belong into the file that was open, unless that one fails.
        let _ = self.write();
        if self.output.reopen()? {
            // The line of which half is in the old file is written whole to the new one.
            let whole = self.lines[..self.written].iter().rposition(|byte| *byte == b'\n');
            self.written = whole.map_or(0, |at| at + 1);
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), AuditError> {
        match self.write_lines() {
            Ok(()) => {
                if self.shared.broken().take().is_some() {
                    tracing::info!("decisions can be recorded again");
                }
                for pending in self.pending.drain(..) {
                    (self.observe)(&pending.record);
                    self.shared.keep(&pending.record, &self.lines[pending.start..pending.end]);
                    if let Some(reply) = pending.reply {
                        let _ = reply.send(Ok(()));
                    }
                }
                self.lines.clear();
                self.lines.shrink_to(BATCH);
                self.written = 0;
                self.shared.permits.add_permits(std::mem::take(&mut self.records));
                Ok(())
            }
            Err(error) => {
                let reason = error.to_string();
                let already = self.shared.broken().replace(reason.clone());
                if already.is_none() {
                    tracing::error!(error = reason, "decisions cannot be recorded, and are refused");
                }
                self.fail(&reason);
                Err(AuditError::Broken(reason))
            }
        }
    }

    /// Tells every waiting caller that its record was not written. The caller then refuses, so the line that is kept
    /// for the next try says so: a log that showed these decisions as allowed would be wrong.
    fn fail(&mut self, reason: &str) {
        let mut pending = std::mem::take(&mut self.pending);
        // Lines of which a part has been written stay as they are.
        let untouched = pending.partition_point(|pending| pending.start < self.written);
        if let Some(first) = pending.get(untouched) {
            self.lines.truncate(first.start);
        }
        for (at, Pending { record, reply, start, end }) in pending.iter_mut().enumerate() {
            if at >= untouched {
                if reply.is_some() {
                    record.refuse_unrecorded(reason);
                }
                *start = self.lines.len();
                line::write(&mut self.lines, record);
                *end = self.lines.len();
            }
            (self.observe)(record);
            self.shared.keep(record, &self.lines[*start..*end]);
            if let Some(reply) = reply.take() {
                let written = *end <= self.written;
                let _ = reply.send(if written { Ok(()) } else { Err(AuditError::Broken(reason.into())) });
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
