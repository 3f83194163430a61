//! SQLite: its file, and how each connection is set up.

use rustix::fs::{Mode, OFlags};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _, Row as _, SqlitePool};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::connection::GuardedConnection;
use crate::sql::bind;
use crate::transaction::Connection;
use crate::{Act, Options, Row, Sql, StoreError, Transaction, Value, row};

/// How long a writer of another process may hold us up.
const BUSY: Duration = Duration::from_secs(5);

/// After so many instructions of SQLite's virtual machine it is looked whether a read has taken too long. One instruction may
/// take tens of milliseconds: `LIKE` with a long pattern on a long text.
const INSTRUCTIONS: i32 = 200;

const BEGIN: Sql = Sql::same("BEGIN IMMEDIATE");

#[derive(Clone)]
pub(crate) struct Sqlite {
    /// One connection: writers wait for it in order, instead of failing on each other's locks.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    read_timeout: Duration,
}

impl Sqlite {
    pub(crate) async fn open(file: &Path, options: &Options) -> Result<Self, StoreError> {
        make(file)?;
        let connect = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode anything less may lose the last commits when the power goes.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("trusted_schema", "OFF")
            .pragma("journal_size_limit", "67108864");
        enter_wal(&connect).await?;
        let pool = |connections: u32| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(options.acquire_timeout)
                // A connection to a file does not go stale, and keeps its prepared statements.
                .max_lifetime(None)
                .idle_timeout(None)
                .test_before_acquire(false)
                .after_connect(|connection, _| Box::pin(check(connection)))
        };
        let opened = Self {
            writer: pool(1).connect_lazy_with(connect.clone()),
            readers: pool(options.readers.max(1)).connect_lazy_with(connect.pragma("query_only", "ON")),
            read_timeout: options.read_timeout,
        };
        drop(opened.writer.acquire().await?);
        drop(opened.readers.acquire().await?);
        Ok(opened)
    }

    pub(crate) async fn writer(&self) -> Result<Connection, StoreError> {
        Ok(Connection::Sqlite(GuardedConnection::new(self.writer.acquire().await?)))
    }

    pub(crate) async fn read(&self, sql: Sql, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let query = bind::<sqlx::Sqlite>(sql.sqlite, values)?;
        let mut connection = GuardedConnection::new(self.readers.acquire().await?);
        let until = Instant::now() + self.read_timeout;
        // It takes the place of that of the read before.
        connection.lock_handle().await?.set_progress_handler(INSTRUCTIONS, move || Instant::now() < until);
        let rows = query.fetch_all(&mut *connection).await;
        connection.release_after(rows).map(row::all::<sqlx::Sqlite>)
    }

    /// Nothing that is local falls silent: it takes its time, and its statements have their own limit.
    pub(crate) async fn attempt<T>(&self, act: &impl Act<T>) -> Result<T, StoreError> {
        Transaction::begin(self.writer().await?, BEGIN).await?.carry_out(act).await
    }
}

/// Makes the file before SQLite does: what is in it is for us alone, and SQLite gives its other files the same mode.
fn make(file: &Path) -> Result<(), StoreError> {
    let failed = |step| move |source: io::Error| StoreError::File { path: file.to_owned(), step, source };
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC;
    let opened = rustix::fs::open(file, flags, Mode::RUSR | Mode::WUSR);
    let opened = File::from(opened.map_err(|error| failed("open it")(error.into()))?);
    let mode = opened.metadata().map_err(failed("read its mode"))?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            file = %file.display(),
            mode = format!("{:o}", mode & 0o777),
            "others could use the database's file; its mode is 600 now"
        );
        opened.set_permissions(Permissions::from_mode(0o600)).map_err(failed("set its mode"))?;
    }
    opened.sync_all().map_err(failed("write it"))?;
    // The name of a new file is not on the disk before its folder is.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write its folder"))
}

/// The change to WAL takes a lock for which SQLite does not wait by itself (sqlite.org/wal.html), and two
/// processes may start at once.
async fn enter_wal(connect: &SqliteConnectOptions) -> Result<(), StoreError> {
    let until = Instant::now() + BUSY;
    loop {
        match connect.connect().await.map_err(StoreError::from) {
            Err(error) if error.is_conflict() && Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => return Err(error),
            Ok(connection) => return Ok(connection.close().await?),
        }
    }
}

/// No connection is used that would lose what it acknowledges.
pub(crate) async fn check(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let wrong = |what: String| Err(sqlx::Error::Configuration(what.into()));
    let journal: String = sqlx::query("PRAGMA journal_mode").fetch_one(&mut *connection).await?.try_get(0)?;
    if journal != "wal" {
        return wrong(format!(
            "SQLite's journal mode is `{journal}`, not `wal`; is it on a network file system?"
        ));
    }
    for (pragma, expected) in [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1)] {
        let found: i64 = sqlx::query(pragma).fetch_one(&mut *connection).await?.try_get(0)?;
        if found != expected {
            return wrong(format!("`{pragma}` is {found}, not {expected}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(body: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(body);
    }

    async fn pragma(connection: &mut SqliteConnection, pragma: &'static str) -> String {
        let row = sqlx::query(pragma).fetch_one(connection).await.unwrap();
        row.try_get(0).or_else(|_| row.try_get::<i64, _>(0).map(|number| number.to_string())).unwrap()
    }

    #[test]
    fn every_connection_loses_nothing() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let opened = Sqlite::open(&folder.path().join("test.db"), &Options::default()).await.unwrap();
            // All at once: the pool is at its largest then.
            let mut all = vec![("0", opened.writer.acquire().await.unwrap())];
            for _ in 0..Options::default().readers {
                all.push(("1", opened.readers.acquire().await.unwrap()));
            }
            assert!(opened.readers.try_acquire().is_none() && opened.writer.try_acquire().is_none());
            for (query_only, connection) in &mut all {
                for (name, value) in [
                    ("PRAGMA synchronous", "2"),
                    ("PRAGMA journal_mode", "wal"),
                    ("PRAGMA foreign_keys", "1"),
                    ("PRAGMA busy_timeout", "5000"),
                    ("PRAGMA trusted_schema", "0"),
                    ("PRAGMA query_only", *query_only),
                ] {
                    assert_eq!(pragma(connection, name).await, value, "{name}");
                }
            }
        });
    }

    #[test]
    fn a_connection_that_would_lose_something_is_not_used() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("test.db");
            drop(Sqlite::open(&file, &Options::default()).await.unwrap());
            let wal = SqliteConnectOptions::new().filename(&file).journal_mode(SqliteJournalMode::Wal);
            for synchronous in [SqliteSynchronous::Off, SqliteSynchronous::Normal] {
                let mut connection = wal.clone().synchronous(synchronous).connect().await.unwrap();
                let error = check(&mut connection).await.unwrap_err();
                assert!(error.to_string().contains("`PRAGMA synchronous` is"), "{error}");
            }
            let mut connection = wal.foreign_keys(false).connect().await.unwrap();
            assert!(check(&mut connection).await.is_err());
            let mut memory = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
            let error = StoreError::from(check(&mut memory).await.unwrap_err());
            assert!(matches!(&error, StoreError::Setting(text) if text.contains("not `wal`")), "{error}");
        });
    }
}
