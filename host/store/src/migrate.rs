//! Migrations: the steps that make each API's tables, in order, each taken once.

use crate::{Sql, Store, StoreError, Transaction};

/// One step of an API's tables. A step that was released never changes; what is to be different is another step.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3 and so on.
    pub number: i64,
    /// What it does, in a few words, e.g. `secrets and containers`.
    pub name: &'static str,
    /// One or more statements without values.
    pub sql: Sql,
}

/// Steps of all APIs, in one table.
const TABLE: Sql = Sql::each(
    "CREATE TABLE IF NOT EXISTS portcullis_migrations (
        door TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, applied TEXT NOT NULL,
        PRIMARY KEY (door, number)) STRICT",
    "CREATE TABLE IF NOT EXISTS portcullis_migrations (
        door TEXT COLLATE \"C\" NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, applied TEXT NOT NULL,
        PRIMARY KEY (door, number))",
);
/// Not serializable in PostgreSQL: what is read after waiting for the lock must be what the others left.
const BEGIN: Sql = Sql::each("BEGIN IMMEDIATE", "BEGIN ISOLATION LEVEL READ COMMITTED");
/// SQLite's transaction has locked the file by then. The number is this program's own, of no meaning.
const LOCK: Sql = Sql::each("SELECT 1", "SELECT pg_advisory_xact_lock(8104627351190473)");
const APPLIED: Sql =
    Sql::same("SELECT number, name FROM portcullis_migrations WHERE door = $1 ORDER BY number");
const APPLY: Sql = Sql::same(
    "INSERT INTO portcullis_migrations (door, number, name, applied) VALUES ($1, $2, $3, CAST(CURRENT_TIMESTAMP AS TEXT))",
);

/// This crate's own tables: the one row that [`Store::check`] writes.
const OWN: &[Migration] = &[Migration {
    number: 1,
    name: "write check",
    sql: Sql::each(
        "CREATE TABLE portcullis_write_check (
            id INTEGER PRIMARY KEY CHECK (id = 1), writes INTEGER NOT NULL, filler BLOB NOT NULL) STRICT",
        "CREATE TABLE portcullis_write_check (id BIGINT PRIMARY KEY CHECK (id = 1), writes BIGINT NOT NULL)",
    ),
}];

impl Store {
    /// Brings an API's tables up to date, and this crate's own under the name `store`: takes those of the steps that
    /// were not taken yet, all or none. Several processes may do so at once.
    ///
    /// Fails with [`StoreError::Newer`] where a later step than the last of these was taken.
    pub async fn migrate(&self, api: &str, migrations: &[Migration]) -> Result<(), StoreError> {
        debug_assert!(migrations.iter().zip(1..).all(|(step, number)| step.number == number));
        let mut to = self.begin(BEGIN).await?;
        let done = async {
            to.run(LOCK).await?;
            to.run(TABLE).await?;
            steps(&mut to, "store", OWN).await?;
            steps(&mut to, api, migrations).await
        };
        let done = done.await;
        to.end(done).await
    }
}

async fn steps(to: &mut Transaction, api: &str, migrations: &[Migration]) -> Result<(), StoreError> {
    let mut known = migrations.iter();
    let applied = to.read(APPLIED, &[api.into()]).await?;
    for row in &applied {
        let (number, found) = (row.integer(0)?, row.text(1)?);
        let Some(step) = known.next() else {
            let found = applied.last().map_or(Ok(number), |row| row.integer(0))?;
            let known = migrations.last().map_or(0, |step| step.number);
            return Err(StoreError::Newer { api: api.into(), found, known });
        };
        if (step.number, step.name) != (number, &*found) {
            let known = step.name.into();
            return Err(StoreError::Foreign { api: api.into(), number, found, known });
        }
    }
    for Migration { number, name, sql } in known {
        to.run(*sql).await.map_err(|error| match error {
            StoreError::Statement(detail) => {
                StoreError::Migration { api: api.into(), number: *number, name: (*name).into(), detail }
            }
            other => other,
        })?;
        to.execute(APPLY, &[api.into(), (*number).into(), (*name).into()]).await?;
        tracing::info!(api, step = number, name, "the database's tables were changed");
    }
    Ok(())
}
