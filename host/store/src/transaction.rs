//! One transaction, in either database.

use sqlx::{Postgres, Sqlite};
use std::mem;
use std::pin::Pin;

use crate::connection::GuardedConnection;
use crate::row;
use crate::sql::bind;
use crate::{Row, Sql, StoreError, Value};

/// What an async closure gives.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is done in a transaction; it may be done several times over.
pub trait Act<T>: for<'a> Fn(&'a mut Transaction) -> BoxFuture<'a, Result<T, StoreError>> {}

impl<T, F> Act<T> for F where F: for<'a> Fn(&'a mut Transaction) -> BoxFuture<'a, Result<T, StoreError>> {}

const COMMIT: Sql = Sql::same("COMMIT");
const ROLLBACK: Sql = Sql::same("ROLLBACK");

/// A transaction under way: what is read in it does not change until its end, and what is written in it is written
/// as one or not at all.
///
/// Its connection returns to the pool only after a COMMIT or ROLLBACK that succeeded. In all other cases (a failed
/// COMMIT, a failed ROLLBACK, a drop, a panic) it is closed, which ends the transaction too. `sqlx::Transaction` is not
/// used: after a failed COMMIT or ROLLBACK it returns the connection to the pool, with a transaction that sqlx counts
/// as open, and sends another ROLLBACK.
pub struct Transaction {
    connection: Connection,
    /// A statement failed, or its future was dropped. SQLite may have rolled back by then, so that the next statement
    /// would run outside of any transaction; PostgreSQL answers COMMIT with a rollback, and without an error.
    has_failed: bool,
}

/// What a transaction sees of others, in PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    Serializable,
    ReadCommitted,
}

pub(crate) enum Connection {
    Sqlite(GuardedConnection<Sqlite>),
    Postgres(GuardedConnection<Postgres>),
}

impl Transaction {
    /// Runs `statement`, e.g. `BEGIN IMMEDIATE`.
    pub(crate) async fn begin(connection: Connection, statement: Sql) -> Result<Self, StoreError> {
        let mut begun = Self { connection, has_failed: false };
        begun.run(statement).await?;
        Ok(begun)
    }

    /// Runs a statement that gives rows.
    pub async fn read(&mut self, sql: Sql, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.start_statement()?;
        let rows = match &mut self.connection {
            Connection::Sqlite(to) => {
                row::all::<Sqlite>(bind(sql.sqlite, values)?.fetch_all(&mut **to).await?)
            }
            Connection::Postgres(to) => {
                row::all::<Postgres>(bind(sql.postgres, values)?.fetch_all(&mut **to).await?)
            }
        };
        self.has_failed = false;
        Ok(rows)
    }

    /// Runs a statement that changes rows, and says how many.
    pub async fn execute(&mut self, sql: Sql, values: &[Value]) -> Result<u64, StoreError> {
        self.start_statement()?;
        let rows = match &mut self.connection {
            Connection::Sqlite(to) => {
                bind::<Sqlite>(sql.sqlite, values)?.execute(&mut **to).await?.rows_affected()
            }
            Connection::Postgres(to) => {
                bind::<Postgres>(sql.postgres, values)?.execute(&mut **to).await?.rows_affected()
            }
        };
        self.has_failed = false;
        Ok(rows)
    }

    /// Runs statements that take no values, such as the definitions of tables.
    pub(crate) async fn run(&mut self, sql: Sql) -> Result<(), StoreError> {
        self.start_statement()?;
        self.connection.run(sql).await?;
        self.has_failed = false;
        Ok(())
    }

    /// Sets `has_failed` until the statement has succeeded.
    fn start_statement(&mut self) -> Result<(), StoreError> {
        if mem::replace(&mut self.has_failed, true) {
            return Err(StoreError::Statement("an earlier statement of the same transaction failed".into()));
        }
        Ok(())
    }

    /// Does it, and commits unless it fails.
    pub(crate) async fn carry_out<T>(mut self, act: &impl Act<T>) -> Result<T, StoreError> {
        let done = act(&mut self).await;
        self.end(done).await
    }

    /// Commits, unless `done` is an error.
    pub(crate) async fn end<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Ok(done) if !self.has_failed => {
                self.run(COMMIT).await?;
                self.connection.release();
                Ok(done)
            }
            Ok(_) => {
                self.roll_back().await;
                Err(StoreError::Statement(
                    "a statement of the transaction failed; nothing was written".into(),
                ))
            }
            // Also where ROLLBACK would succeed: a new connection may find more memory, or the new primary.
            Err(error @ StoreError::Unavailable(_)) => Err(error),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    /// Waits for the end of ROLLBACK, so that the next request finds a connection that is free.
    async fn roll_back(mut self) {
        match self.connection.run(ROLLBACK).await {
            Ok(()) => self.connection.release(),
            Err(error) => tracing::debug!(%error, "a rollback failed; its connection is closed"),
        }
    }
}

impl Connection {
    async fn run(&mut self, sql: Sql) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(to) => sqlx::raw_sql(sql.sqlite).execute(&mut **to).await.map(|_| ())?,
            Self::Postgres(to) => sqlx::raw_sql(sql.postgres).execute(&mut **to).await.map(|_| ())?,
        }
        Ok(())
    }

    fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.release(),
            Self::Postgres(connection) => connection.release(),
        }
    }
}
