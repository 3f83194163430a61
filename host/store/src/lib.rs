//! The database: SQLite in a file, or PostgreSQL.
//!
//! A write that was acknowledged survives `kill -9` and power loss, on both. An API keeps its data in its own
//! tables, made by its own [`Migration`]s; this crate knows no API, and no table but its own.
//!
//! * [`Location`]: what an operator may write, `sqlite:FILE` or `postgres://...`
//! * [`Store`]: the pool; [`Store::read`] for one statement, [`Store::write`] for a transaction
//! * [`Sql`], [`Value`], [`Row`]: one way to ask both databases. `$1` is a placeholder in both; a statement is the
//!   same text for both wherever it can be
//! * [`Migration`], [`Store::migrate`]: how tables come to be
//! * [`Store::check`]: the write that a readiness probe tries
//! * [`Foreign`]: another program's database, which an import reads
//! * [`seal`]: what is secret at rest
//!
//! SQLite runs in WAL mode with `synchronous=FULL`, one connection that writes and a few that read: no request
//! waits for a lock that another one holds, but writers for writers, in order. Text compares and sorts by its
//! bytes in both databases; in PostgreSQL that takes `COLLATE "C"` in the table's definition. Text with U+0000 is
//! refused for both, since PostgreSQL cannot store it.

mod connection;
mod error;
mod foreign;
mod location;
mod migrate;
mod open;
mod options;
mod postgres;
mod row;
pub mod seal;
mod sql;
mod sqlite;
mod transaction;
mod write_check;

pub use error::StoreError;
pub use foreign::{Foreign, ForeignLocation, ForeignLocationError, ForeignSql, TextRow};
pub use location::{Location, LocationError};
pub use migrate::Migration;
pub use open::Store;
pub use options::Options;
pub use row::Row;
pub use sql::{Sql, Value};
pub use transaction::{Act, BoxFuture, Transaction};
