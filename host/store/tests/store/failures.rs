//! Transactions that fail in a way that leaves their connection unusable: the next request gets another connection.

use portcullis_store::{Migration, Options, Sql, Store, StoreError, Value};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use crate::support::{Database, on_both, run};
use crate::transactions::{IDS, PUT, TABLES, put};
use portcullis_testing::postgres::Postgres;

const FAMILIES: &[Migration] = &[Migration {
    number: 1,
    name: "families",
    sql: Sql::each(
        "CREATE TABLE children (id INTEGER PRIMARY KEY,
             parent INTEGER NOT NULL REFERENCES words (id) DEFERRABLE INITIALLY DEFERRED) STRICT",
        "CREATE TABLE children (id BIGINT PRIMARY KEY,
             parent BIGINT NOT NULL REFERENCES words (id) DEFERRABLE INITIALLY DEFERRED)",
    ),
}];
const FIRST: Sql = Sql::same("INSERT INTO words (id) VALUES (1)");
/// Fails at COMMIT, since there is no such parent.
const ORPHAN: Sql = Sql::same("INSERT INTO children (id, parent) VALUES (1, 99)");

/// A state of the connection's own, and what it is in another connection.
const MARK: Sql = Sql::each("PRAGMA cache_size = 77", "SELECT set_config('test.mark', '77', false)");
const MARKED: Sql = Sql::each(
    "SELECT CAST(cache_size AS TEXT) FROM pragma_cache_size",
    "SELECT COALESCE(current_setting('test.mark', true), '')",
);

/// One connection that writes, in both databases, and which is marked.
pub async fn open_marked(at: &Database) -> Store {
    let options = Options { connections: 1, ..Options::default() };
    let store = Store::open(&at.location, &options).await.unwrap();
    store.migrate("test", TABLES).await.unwrap();
    store.migrate("families", FAMILIES).await.unwrap();
    statements(&store, &[MARK]).await.unwrap();
    assert!(is_marked(&store).await, "a transaction that succeeds keeps its connection");
    store
}

async fn is_marked(store: &Store) -> bool {
    let rows = store.write(|to| Box::pin(async { to.read(MARKED, &[]).await })).await.unwrap();
    rows[0].text(0).unwrap() == "77"
}

/// One transaction.
pub async fn statements(store: &Store, all: &'static [Sql]) -> Result<(), StoreError> {
    store
        .write(move |to| {
            Box::pin(async move {
                for sql in all {
                    to.read(*sql, &[]).await?;
                }
                Ok(())
            })
        })
        .await
}

/// What each of the tests below ends with: nothing was written, and the next transactions succeed.
async fn assert_recovered(store: &Store, case: &str) {
    assert!(store.read(IDS, &[]).await.unwrap().is_empty(), "{case}: half of a transaction was written");
    for id in 1..4 {
        put(store, id, "after".into(), Value::Bytes(None))
            .await
            .unwrap_or_else(|error| panic!("{case}: {error}"));
    }
    assert!(!is_marked(store).await, "{case}: the connection was used again");
}

#[test]
fn sqlite_ends_a_transaction_by_itself() {
    run(async {
        const CASES: [(&str, &[Sql], bool); 5] = [
            (
                "SQLITE_FULL",
                &[
                    FIRST,
                    Sql::same("PRAGMA max_page_count = 1"),
                    Sql::same("INSERT INTO words (id, bytes) VALUES (2, zeroblob(1000000))"),
                ],
                true,
            ),
            (
                "ON CONFLICT ROLLBACK",
                &[FIRST, Sql::same("INSERT OR ROLLBACK INTO words (id) VALUES (1)")],
                false,
            ),
            (
                "RAISE(ROLLBACK)",
                &[
                    Sql::same(
                        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON words WHEN NEW.id = 2
                         BEGIN SELECT RAISE(ROLLBACK, 'refused'); END",
                    ),
                    FIRST,
                    Sql::same("INSERT INTO words (id) VALUES (2)"),
                ],
                false,
            ),
            ("no transaction at COMMIT", &[FIRST, Sql::same("ROLLBACK")], false),
            ("a constraint at COMMIT", &[FIRST, ORPHAN], false),
        ];
        for (case, all, is_unavailable) in CASES {
            let at = Database::sqlite();
            let store = open_marked(&at).await;
            let error = statements(&store, all).await.unwrap_err();
            assert_eq!(error.is_unavailable(), is_unavailable, "{case}: {error:?}");
            assert_recovered(&store, case).await;
        }
    });
}

#[test]
fn postgres_ends_a_transaction_by_itself() {
    // Its own: its log is read.
    let Some(server) = Postgres::start() else { return };
    let server = Arc::new(server);
    run(async {
        const CASES: [(&str, &[Sql], bool); 3] = [
            ("a constraint at COMMIT", &[FIRST, ORPHAN], false),
            (
                "pg_terminate_backend",
                &[FIRST, Sql::same("SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS TEXT)")],
                true,
            ),
            // A standby after a failover: another connection may lead to the new primary.
            ("a read-only server", &[FIRST, Sql::same("SET TRANSACTION READ ONLY"), ORPHAN], true),
        ];
        for (case, all, is_unavailable) in CASES {
            let at = Database::postgres(Arc::clone(&server));
            let store = open_marked(&at).await;
            let error = statements(&store, all).await.unwrap_err();
            assert_eq!(error.is_unavailable(), is_unavailable, "{case}: {error:?}");
            assert_recovered(&store, case).await;
        }
    });
    let log = server.log();
    assert!(!log.contains("there is no transaction in progress"), "ROLLBACK after a failed COMMIT:\n{log}");
}

on_both!(
    a_statement_that_failed_is_not_committed_around,
    a_panic_closes_the_connection,
    a_migration_may_be_cancelled_anywhere,
);

/// PostgreSQL answers COMMIT of a transaction in which a statement failed with ROLLBACK, and without an error.
async fn a_statement_that_failed_is_not_committed_around(at: Database) {
    let store = open_marked(&at).await;
    let ignored = store
        .write(|to| {
            Box::pin(async {
                to.execute(FIRST, &[]).await?;
                to.execute(FIRST, &[]).await.unwrap_err();
                let _ = to.execute(PUT, &[2.into(), "next".into(), Value::Bytes(None)]).await;
                Ok(())
            })
        })
        .await;
    assert!(matches!(ignored, Err(StoreError::Statement(_))), "{ignored:?}");
    assert!(store.read(IDS, &[]).await.unwrap().is_empty());
    assert!(is_marked(&store).await, "the rollback succeeded: the connection is as good as before");
}

async fn a_panic_closes_the_connection(at: Database) {
    let store = open_marked(&at).await;
    let failed = store
        .write(|to| {
            Box::pin(async {
                assert_eq!(to.execute(FIRST, &[]).await?, 0, "a panic on purpose");
                Ok(())
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Statement(_))), "{failed:?}");
    assert_recovered(&store, "a panic").await;
}

/// Dropped after each number of polls, and so at every `await` that had to wait. How many had depends on how soon the
/// database answers.
async fn a_migration_may_be_cancelled_anywhere(at: Database) {
    const STEP: &[Migration] = &[Migration {
        number: 1,
        name: "cancelled",
        sql: Sql::same("CREATE TABLE IF NOT EXISTS cancelled (id BIGINT)"),
    }];
    const TIMES: i64 = 30;
    let store = open_marked(&at).await;
    let mut cancelled = 0;
    for times in 1..=TIMES {
        let api = format!("cancelled-{times}");
        let ended = {
            let mut migration = pin!(store.migrate(&api, STEP));
            let mut left = times;
            std::future::poll_fn(|context| {
                left -= 1;
                match migration.as_mut().poll(context) {
                    Poll::Ready(done) => Poll::Ready(Some(done)),
                    Poll::Pending if left == 0 => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        };
        match ended {
            Some(done) => done.unwrap(),
            None => cancelled += 1,
        }
        let done = store.migrate(&api, STEP).await;
        done.unwrap_or_else(|error| panic!("after {times} polls: {error}"));
        put(&store, times, "after".into(), Value::Bytes(None)).await.unwrap();
    }
    assert!(cancelled > 0, "it ended at its first poll {TIMES} times");
}
