//! The pool, and how reading and writing go through it.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::location::Place;
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::transaction::{Act, Isolation, Transaction};
use crate::{Location, Options, Row, Sql, StoreError, Value};

/// For how long a transaction that others get in the way of is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

/// The result of the last [`Store::check`]. The lock is held while a check runs, so that concurrent probes share one write.
pub(crate) type LastCheck = Arc<Mutex<Option<(Instant, Result<(), Arc<StoreError>>)>>>;

/// A database and its connections. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    pub(crate) last_check: LastCheck,
    max_readers: usize,
    acquire_timeout: Duration,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the database; an SQLite file is made where there is none, mode 0600.
    pub async fn open(location: &Location, options: &Options) -> Result<Self, StoreError> {
        let backend = match &location.0 {
            Place::Sqlite(file) => Backend::Sqlite(Sqlite::open(file, options).await?),
            Place::Postgres(connect) => Backend::Postgres(Postgres::open(connect, options).await?),
        };
        let max_readers = match &backend {
            Backend::Sqlite(_) => options.readers,
            Backend::Postgres(_) => options.connections,
        };
        Ok(Self {
            backend,
            last_check: LastCheck::default(),
            max_readers: usize::try_from(max_readers.max(1)).unwrap_or(usize::MAX),
            acquire_timeout: options.acquire_timeout,
        })
    }

    /// How many reads can run at once.
    pub fn max_readers(&self) -> usize {
        self.max_readers
    }

    /// How long a read waits for a connection ([`Options::acquire_timeout`]).
    pub fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }

    /// Reads by one statement, which sees one moment. The statement is prepared once for each connection. One that takes
    /// too long ([`Options::read_timeout`]) is cut short: it would keep other reads from its connection.
    pub async fn read(&self, sql: Sql, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(sql, values).await,
            Backend::Postgres(postgres) => match postgres.read(sql, values).await? {
                Ok(rows) => Ok(rows),
                // The server was started anew since the connection was last used.
                Err(StoreError::Unavailable(_)) => postgres.read(sql, values).await?,
                Err(error) => Err(error),
            },
        }
    }

    /// Runs `act` in a serializable transaction and commits what it did, unless it fails. Once this gives `Ok` what
    /// was written is on the disk.
    ///
    /// Where other writes come in between, `act` runs anew from the start: it must do nothing but use the
    /// transaction. It runs to its end also when its caller goes away.
    pub async fn write<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Act<T> + Send + Sync + 'static,
    {
        self.write_with(Isolation::Serializable, act).await
    }

    /// As [`Store::write`], but each statement sees what other transactions have committed by then (`READ COMMITTED`).
    ///
    /// For an act that locks each row it depends on before it reads what belongs to that row: by an UPDATE that names the
    /// row's version, or by `SELECT ... FOR NO KEY UPDATE` in PostgreSQL. PostgreSQL's serializable transactions conflict
    /// also where they touch different rows of one page. In SQLite there is one writer at a time in any case.
    pub async fn write_rows<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Act<T> + Send + Sync + 'static,
    {
        self.write_with(Isolation::ReadCommitted, act).await
    }

    async fn write_with<T, F>(&self, isolation: Isolation, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Act<T> + Send + Sync + 'static,
    {
        let store = self.clone();
        let task = tokio::spawn(async move { store.attempts(isolation, act).await });
        task.await.unwrap_or_else(|_| Err(StoreError::Statement("a transaction broke off".into())))
    }

    async fn attempts<T>(&self, isolation: Isolation, act: impl Act<T>) -> Result<T, StoreError> {
        let until = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(2);
        loop {
            let done = match &self.backend {
                Backend::Sqlite(sqlite) => sqlite.attempt(&act).await,
                Backend::Postgres(postgres) => postgres.attempt(isolation, &act).await,
            };
            match done {
                Err(error) if error.is_conflict() && Instant::now() < until => {
                    // Not in step with those that were in the way.
                    let part = RandomState::new().hash_one(()) % 1024;
                    sleep(pause.mul_f64(f64::from(u16::try_from(part).unwrap_or_default()) / 1024.0)).await;
                    pause = (pause * 2).min(Duration::from_millis(100));
                }
                other => return other,
            }
        }
    }

    /// A transaction that holds its connection. Where it is dropped it is undone.
    pub(crate) async fn begin(&self, begin: Sql) -> Result<Transaction, StoreError> {
        let connection = match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.writer().await?,
            Backend::Postgres(postgres) => postgres.connection().await?,
        };
        Transaction::begin(connection, begin).await
    }

    /// Closes all connections, after what runs on them has ended. SQLite then folds its log into the file.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                sqlite.writer.close().await;
            }
            Backend::Postgres(postgres) => postgres.pool.close().await,
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.backend {
            Backend::Sqlite(_) => "Store(SQLite)",
            Backend::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}
