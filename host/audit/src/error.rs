//! Why a decision cannot be recorded. The caller then refuses the request.

use std::io;
use std::path::PathBuf;

use crate::syslog::Syslog;

/// Why a decision cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The log's file cannot be opened.
    #[error("cannot open the audit log `{path}`: {source}", path = path.display())]
    Open {
        /// As configured.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The syslog daemon cannot be reached.
    #[error("cannot reach the syslog daemon `{daemon}`: {source}")]
    Syslog {
        /// As configured.
        daemon: Syslog,
        /// What the system said.
        source: io::Error,
    },
    /// The writer's thread cannot be started, or standard output cannot be used.
    #[error("cannot start the audit log: {0}")]
    Start(#[source] io::Error),
    /// The last write failed; it is tried again until one succeeds.
    #[error("the decision cannot be recorded: {0}")]
    Broken(String),
    /// The log is written to more slowly than decisions are made, and the queue stayed full, or a write took too long.
    #[error("the decision cannot be recorded: the audit log did not take it in time")]
    Stalled,
    /// The log has been closed.
    #[error("the decision cannot be recorded: the audit log is closed")]
    Closed,
}
