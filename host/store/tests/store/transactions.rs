//! Transactions: all or nothing, one after the other, and alike in both databases.

use portcullis_store::{Migration, Sql, Store, StoreError, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::{Database, on_both};

pub const TABLES: &[Migration] = &[Migration {
    number: 1,
    name: "words",
    sql: Sql::each(
        "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT, bytes BLOB) STRICT;
         CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;",
        "CREATE TABLE words (id BIGINT PRIMARY KEY, word TEXT COLLATE \"C\", bytes BYTEA);
         CREATE TABLE counters (name TEXT COLLATE \"C\" PRIMARY KEY, value BIGINT NOT NULL);",
    ),
}];

pub const PUT: Sql = Sql::same("INSERT INTO words (id, word, bytes) VALUES ($1, $2, $3)");
pub const IDS: Sql = Sql::same("SELECT id FROM words ORDER BY id");

pub async fn open(at: &Database) -> Store {
    let store = at.open().await;
    store.migrate("test", TABLES).await.unwrap();
    store
}

pub async fn put(store: &Store, id: i64, word: Value, bytes: Value) -> Result<(), StoreError> {
    store
        .write(move |to| {
            let values = [id.into(), word.clone(), bytes.clone()];
            Box::pin(async move { to.execute(PUT, &values).await.map(drop) })
        })
        .await
}

on_both!(
    values_come_back,
    what_fails_is_undone,
    nothing_is_lost_between_writers,
    a_transaction_ends_though_nobody_waits,
    text_sorts_by_its_bytes,
    nul_is_refused,
    errors_are_told_apart,
);

async fn values_come_back(at: Database) {
    let store = open(&at).await;
    let text = "é 𝄞 'quoted' \u{1}\u{7f}\u{fffd} %_\\";
    put(&store, i64::MAX, text.into(), vec![0, 1, 255, 0].into()).await.unwrap();
    put(&store, i64::MIN, Value::Text(None), Value::Bytes(None)).await.unwrap();
    put(&store, 0, "".into(), Vec::new().into()).await.unwrap();
    let rows = store.read(Sql::same("SELECT id, word, bytes FROM words ORDER BY id"), &[]).await.unwrap();
    assert_eq!(rows[0].integer(0).unwrap(), i64::MIN);
    assert_eq!(rows[0].optional_text(1).unwrap(), None);
    assert!(matches!(rows[0].text(1), Err(StoreError::Damaged(_))));
    assert!(matches!(rows[0].bytes(2), Err(StoreError::Damaged(_))));
    assert_eq!((rows[1].text(1).unwrap(), rows[1].bytes(2).unwrap()), (String::new(), Vec::new()));
    assert_eq!((rows[2].integer(0).unwrap(), rows[2].text(1).unwrap()), (i64::MAX, text.into()));
    assert_eq!(rows[2].bytes(2).unwrap(), [0, 1, 255, 0]);
    assert!(rows[2].integer(1).is_err() && rows[2].text(9).is_err());
}

async fn what_fails_is_undone(at: Database) {
    let store = open(&at).await;
    let failed = store
        .write(|to| {
            Box::pin(async {
                to.execute(PUT, &[1.into(), "half".into(), Value::Bytes(None)]).await?;
                Err::<(), _>(StoreError::Damaged("on purpose".into()))
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Damaged(_))));
    assert!(store.read(IDS, &[]).await.unwrap().is_empty());
    // The connection is as good as before.
    put(&store, 1, "whole".into(), Value::Bytes(None)).await.unwrap();
}

/// Each reads, adds one and writes: only in order does that come out right.
async fn nothing_is_lost_between_writers(at: Database) {
    const READ: Sql = Sql::same("SELECT value FROM counters WHERE name = 'a'");
    const WRITE: Sql = Sql::same("UPDATE counters SET value = $1 WHERE name = 'a'");
    const MAKE: Sql = Sql::same("INSERT INTO counters (name, value) VALUES ('a', 0)");
    let store = open(&at).await;
    store.write(|to| Box::pin(async { to.execute(MAKE, &[]).await })).await.unwrap();
    let attempts = Arc::new(AtomicU32::new(0));
    let mut all = Vec::new();
    for _ in 0..16 {
        let (store, attempts) = (store.clone(), Arc::clone(&attempts));
        all.push(tokio::spawn(async move {
            for _ in 0..4 {
                let attempts = Arc::clone(&attempts);
                store
                    .write(move |to| {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        Box::pin(async move {
                            let value = to.read(READ, &[]).await?[0].integer(0)?;
                            to.execute(WRITE, &[(value + 1).into()]).await
                        })
                    })
                    .await
                    .unwrap();
            }
        }));
    }
    for one in all {
        one.await.unwrap();
    }
    assert_eq!(store.read(READ, &[]).await.unwrap()[0].integer(0).unwrap(), 64);
    println!("64 writes took {} attempts", attempts.load(Ordering::Relaxed));
}

async fn a_transaction_ends_though_nobody_waits(at: Database) {
    let store = open(&at).await;
    let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let both = Arc::new(std::sync::Mutex::new(Some((begun, may_go_on))));
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(move |to| {
                    let both = both.lock().unwrap().take();
                    Box::pin(async move {
                        to.execute(PUT, &[1.into(), "left alone".into(), Value::Bytes(None)]).await?;
                        if let Some((begun, may_go_on)) = both {
                            begun.send(()).unwrap();
                            may_go_on.await.unwrap();
                        }
                        to.execute(PUT, &[2.into(), "all the same".into(), Value::Bytes(None)]).await
                    })
                })
                .await
        }
    });
    has_begun.await.unwrap();
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    // The next writer waits for it; PostgreSQL's by the row.
    put(&store, 3, "next".into(), Value::Bytes(None)).await.unwrap();
    while store.read(IDS, &[]).await.unwrap().len() < 3 {
        tokio::task::yield_now().await;
    }
}

async fn text_sorts_by_its_bytes(at: Database) {
    let store = open(&at).await;
    let words = [
        "b", "B", "a", "A", "ä", "z", "Z", "_", "1", "10", "2", " ", "é", "e\u{301}", "𝄞", "\u{ffff}", "aa",
        "a a", "a-a",
    ];
    for (word, id) in words.iter().zip(0..) {
        put(&store, id, (*word).into(), Value::Bytes(None)).await.unwrap();
    }
    let rows = store.read(Sql::same("SELECT word FROM words ORDER BY word"), &[]).await.unwrap();
    let sorted: Vec<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    let mut expected = words.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    let equal = Sql::same("SELECT word FROM words WHERE word = $1");
    for word in words {
        assert_eq!(store.read(equal, &[word.into()]).await.unwrap().len(), 1, "{word} equals itself alone");
    }
}

async fn nul_is_refused(at: Database) {
    let store = open(&at).await;
    assert!(matches!(put(&store, 1, "a\0b".into(), Value::Bytes(None)).await, Err(StoreError::Nul)));
    let read = store.read(Sql::same("SELECT id FROM words WHERE word = $1"), &["\0".into()]).await;
    assert!(matches!(read, Err(StoreError::Nul)));
    assert!(store.read(IDS, &[]).await.unwrap().is_empty());
}

async fn errors_are_told_apart(at: Database) {
    let store = open(&at).await;
    put(&store, 1, "one".into(), Value::Bytes(None)).await.unwrap();
    let twice = put(&store, 1, "hunter2".into(), Value::Bytes(None)).await.unwrap_err();
    assert!(matches!(twice, StoreError::Statement(_)) && !twice.is_unavailable(), "{twice}");
    assert!(!twice.to_string().contains("hunter2"));
    let wrong = store.read(Sql::same("SELECT nothing FROM nowhere"), &[]).await.err().unwrap();
    assert!(matches!(wrong, StoreError::Statement(_)), "{wrong}");
    // A statement that writes does not pass for one that reads, where the database can tell.
    if at.folder().is_some() {
        store.read(Sql::same("DELETE FROM words"), &[]).await.err().unwrap();
        assert_eq!(store.read(IDS, &[]).await.unwrap().len(), 1);
    }
}
