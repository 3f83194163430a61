//! Decision records: one JSON line for each decision, so that every answer can be explained later.
//!
//! A record says who asked for what, which policies were asked, what each said, how long it took and what
//! came of it. It never holds a secret: [`mask`] is applied while a line is made, so that no caller can forget
//! it, and everything in it has a greatest length.
//!
//! * [`record`]: what a decision leaves behind, and how long each part may be
//! * [`facts`]: what a Docker request runs, and with which privileges
//! * [`input`]: a hook's whole input, where the operator asked for it
//! * [`mask`]: what is hidden from a record, and why
//! * [`line`](mod@line): a record as one line of JSON that is harmless to print
//! * [`log`]: the handle that APIs write to, group commit, and the recent records
//! * [`AuditError`]: why a decision cannot be recorded; the API then refuses
//!
//! This crate knows no API, no engine and no configuration.

mod error;
pub mod facts;
mod fields;
pub mod input;
pub mod line;
pub mod log;
pub mod mask;
pub mod record;
mod shared;
mod sink;
mod syslog;
mod writer;

pub use error::AuditError;
pub use facts::Facts;
pub use input::RecordedInput;
pub use log::{Commit, Log, Options};
pub use record::{Kind, PolicyRecord, Principal, Record, Target};
pub use shared::Recent;
pub use sink::Sink;
pub use syslog::Syslog;
