//! PostgreSQL: how each connection is set up.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection as _, PgPool, Row as _};
use std::time::Duration;
use tokio::time::timeout;

use crate::connection::GuardedConnection;
use crate::sql::bind;
use crate::transaction::{Connection, Isolation};
use crate::{Act, Options, Row, Sql, StoreError, Transaction, Value, row};

/// How long one read, or one attempt at a transaction, may take: longer than the server gives a statement, so that it
/// is up only where the server has fallen silent.
const SILENT: Duration = Duration::from_secs(10);
/// A connection that was idle for longer is tried before it is used: the server may have gone and come back.
const TRUSTED: Duration = Duration::from_secs(1);
const SERIALIZABLE: Sql = Sql::same("BEGIN ISOLATION LEVEL SERIALIZABLE");
const READ_COMMITTED: Sql = Sql::same("BEGIN ISOLATION LEVEL READ COMMITTED");

#[derive(Clone)]
pub(crate) struct Postgres {
    pub(crate) pool: PgPool,
}

impl Postgres {
    pub(crate) async fn open(connect: &PgConnectOptions, options: &Options) -> Result<Self, StoreError> {
        let connect = connect.clone().application_name("portcullis").options([
            ("statement_timeout", "8s"),
            ("lock_timeout", "3s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, met| {
                Box::pin(async move {
                    if met.idle_for > TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(|connection, _| Box::pin(set_up(connection)))
            .connect_lazy_with(connect);
        let opened = Self { pool };
        opened.check().await?;
        Ok(opened)
    }

    /// The outer error is that there is no connection; with the inner one another connection may do better.
    pub(crate) async fn read(
        &self,
        sql: Sql,
        values: &[Value],
    ) -> Result<Result<Vec<Row>, StoreError>, StoreError> {
        let query = bind::<sqlx::Postgres>(sql.postgres, values)?;
        let mut connection = GuardedConnection::new(self.pool.acquire().await?);
        let done = timeout(SILENT, query.fetch_all(&mut *connection)).await;
        let rows = done.map_err(|_| silent())?;
        Ok(connection.release_after(rows).map(row::all::<sqlx::Postgres>))
    }

    pub(crate) async fn connection(&self) -> Result<Connection, StoreError> {
        Ok(Connection::Postgres(GuardedConnection::new(self.pool.acquire().await?)))
    }

    pub(crate) async fn attempt<T>(&self, isolation: Isolation, act: &impl Act<T>) -> Result<T, StoreError> {
        let connection = self.connection().await?;
        let begin = match isolation {
            Isolation::Serializable => SERIALIZABLE,
            Isolation::ReadCommitted => READ_COMMITTED,
        };
        let done =
            timeout(SILENT, async { Transaction::begin(connection, begin).await?.carry_out(act).await });
        done.await.unwrap_or_else(|_| Err(silent()))
    }

    /// What would lose or change what is written, said once, at the start.
    async fn check(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let row = sqlx::query("SELECT current_setting('server_encoding'), current_setting('fsync')")
            .fetch_one(&mut *connection)
            .await?;
        let (encoding, fsync): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if encoding != "UTF8" {
            return Err(StoreError::Setting(format!(
                "its encoding is `{encoding}`, not `UTF8` (CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0)"
            )));
        }
        if fsync != "on" {
            tracing::warn!(
                "PostgreSQL runs with fsync off: what it acknowledges is lost when the power goes"
            );
        }
        Ok(())
    }
}

/// `synchronous_commit = off` acknowledges what is not on the disk yet; anything else the server's administrator
/// may choose.
async fn set_up(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    )
    .execute(connection)
    .await
    .map(drop)
}

/// The connection is closed by then: one whose peer is gone would keep its place in the pool until TCP gives up too.
fn silent() -> StoreError {
    StoreError::Unavailable("no answer within the time allowed".into())
}
