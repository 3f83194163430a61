//! A pooled connection that is closed, and not used again, unless its state is known.
//!
//! A pool cannot see what state a connection is in. SQLite rolls a transaction back by itself after e.g. a full disk,
//! so that a later ROLLBACK fails; a future that is dropped leaves a transaction open; a server may be silent. Such a
//! connection in the pool makes later requests fail. So the default is to close it: [`GuardedConnection::release`] is
//! called where a response was read in full and no transaction is open.

use sqlx::Database;
use sqlx::pool::PoolConnection;
use std::ops::{Deref, DerefMut};

use crate::StoreError;

/// Closes the connection on drop. The pool opens another one, and not before this one is closed.
pub(crate) struct GuardedConnection<DB: Database> {
    connection: PoolConnection<DB>,
    is_reusable: bool,
}

impl<DB: Database> GuardedConnection<DB> {
    pub(crate) fn new(connection: PoolConnection<DB>) -> Self {
        Self { connection, is_reusable: false }
    }

    /// Returns the connection to the pool.
    pub(crate) fn release(mut self) {
        self.is_reusable = true;
    }

    /// Returns the connection to the pool after one statement outside of a transaction, unless the statement failed
    /// since the database was unavailable: another connection may do better.
    pub(crate) fn release_after<T>(self, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let done = done.map_err(StoreError::from);
        if !matches!(done, Err(StoreError::Unavailable(_))) {
            self.release();
        }
        done
    }
}

impl<DB: Database> Drop for GuardedConnection<DB> {
    fn drop(&mut self) {
        if !self.is_reusable {
            self.connection.close_on_drop();
        }
    }
}

impl<DB: Database> Deref for GuardedConnection<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: Database> DerefMut for GuardedConnection<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}
