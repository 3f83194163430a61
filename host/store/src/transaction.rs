//! One transaction, in either database.

use sqlx::{Postgres, Sqlite};
use std::pin::Pin;

use crate::row;
use crate::sql::bind;
use crate::{Row, Sql, StoreError, Value};

/// What an async closure gives.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is done in a transaction; it may be done several times over.
pub trait Act<T>: for<'a> Fn(&'a mut Transaction<'_>) -> BoxFuture<'a, Result<T, StoreError>> {}

impl<T, F> Act<T> for F where F: for<'a> Fn(&'a mut Transaction<'_>) -> BoxFuture<'a, Result<T, StoreError>> {}

/// A transaction under way: what is read in it does not change until its end, and what is written in it is written
/// as one or not at all.
pub struct Transaction<'c>(pub(crate) Inner<'c>);

pub(crate) enum Inner<'c> {
    Sqlite(sqlx::Transaction<'c, Sqlite>),
    Postgres(sqlx::Transaction<'c, Postgres>),
}

impl Transaction<'_> {
    /// Runs a statement that gives rows.
    pub async fn read(&mut self, sql: Sql, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &mut self.0 {
            Inner::Sqlite(to) => {
                Ok(row::all::<Sqlite>(bind(sql.sqlite, values)?.fetch_all(&mut **to).await?))
            }
            Inner::Postgres(to) => {
                Ok(row::all::<Postgres>(bind(sql.postgres, values)?.fetch_all(&mut **to).await?))
            }
        }
    }

    /// Runs a statement that changes rows, and says how many.
    pub async fn execute(&mut self, sql: Sql, values: &[Value]) -> Result<u64, StoreError> {
        match &mut self.0 {
            Inner::Sqlite(to) => {
                Ok(bind::<Sqlite>(sql.sqlite, values)?.execute(&mut **to).await?.rows_affected())
            }
            Inner::Postgres(to) => {
                Ok(bind::<Postgres>(sql.postgres, values)?.execute(&mut **to).await?.rows_affected())
            }
        }
    }

    /// Runs statements that take no values, such as the definitions of tables.
    pub(crate) async fn run(&mut self, sql: Sql) -> Result<(), StoreError> {
        match &mut self.0 {
            Inner::Sqlite(to) => sqlx::raw_sql(sql.sqlite).execute(&mut **to).await.map(|_| ())?,
            Inner::Postgres(to) => sqlx::raw_sql(sql.postgres).execute(&mut **to).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Does it, and commits unless it fails.
    pub(crate) async fn carry_out<T>(mut self, act: &impl Act<T>) -> Result<T, StoreError> {
        match act(&mut self).await {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Inner::Sqlite(transaction) => transaction.commit().await?,
            Inner::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Waits for it, so that whoever comes next finds a connection that is free.
    pub(crate) async fn roll_back(self) {
        // Where that fails the connection is broken, and the transaction has ended with it.
        let _ = match self.0 {
            Inner::Sqlite(transaction) => transaction.rollback().await,
            Inner::Postgres(transaction) => transaction.rollback().await,
        };
    }
}
