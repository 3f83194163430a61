//! A database that goes away: it is told as that, at once or soon, and when it is back so are we.

use portcullis_store::{Location, Options, Store, StoreError, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Database, run};
use crate::transactions::{IDS, open, put};
use portcullis_testing::postgres::Postgres;

/// How a server ends.
fn restarted(end: fn(&Postgres)) {
    // Its own: others must not lose theirs.
    let Some(server) = Postgres::start() else { return };
    run(async move {
        let at = Database::postgres(Arc::new(server));
        let crate::support::Kept::Postgres(server, _) = &at.kept else { unreachable!() };
        let store = open(&at).await;
        let next = Arc::new(AtomicI64::new(0));
        let done = Arc::new(AtomicBool::new(false));
        let mut writers = Vec::new();
        for _ in 0..8 {
            let (store, next, done) = (store.clone(), Arc::clone(&next), Arc::clone(&done));
            writers.push(tokio::spawn(async move {
                let (mut acknowledged, mut refused) = (Vec::new(), 0);
                while !done.load(Ordering::Relaxed) {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    match put(&store, id, "word".into(), Value::Bytes(None)).await {
                        Ok(()) => acknowledged.push(id),
                        Err(error) => {
                            assert!(error.is_unavailable(), "{error:?}");
                            refused += 1;
                        }
                    }
                }
                (acknowledged, refused)
            }));
        }
        let written = |at_least: i64| {
            let next = Arc::clone(&next);
            async move {
                let until = next.load(Ordering::Relaxed) + at_least;
                while next.load(Ordering::Relaxed) < until {
                    tokio::task::yield_now().await;
                }
            }
        };
        for _ in 0..2 {
            written(40).await;
            tokio::task::block_in_place(|| end(server));
            let begun = Instant::now();
            let error = store.read(IDS, &[]).await.err().unwrap();
            assert!(error.is_unavailable(), "{error:?}");
            assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
            written(8).await;
            tokio::task::block_in_place(|| server.come_back());
            written(40).await;
        }
        done.store(true, Ordering::Relaxed);
        let (mut acknowledged, mut refused) = (Vec::new(), 0);
        for writer in writers {
            let (ids, errors) = writer.await.unwrap();
            acknowledged.extend(ids);
            refused += errors;
        }
        let rows = store.read(IDS, &[]).await.unwrap();
        let there: std::collections::BTreeSet<i64> = rows.iter().map(|row| row.integer(0).unwrap()).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|id| !there.contains(id)).collect();
        println!("{} acknowledged, {refused} refused, {} there", acknowledged.len(), there.len());
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        assert!(refused > 0 && acknowledged.len() > 80);
    });
}

#[test]
fn restarted_under_load() {
    restarted(Postgres::go_away);
}

#[test]
fn crashed_under_load() {
    restarted(Postgres::crash);
}

#[test]
fn a_server_that_falls_silent_is_unavailable() {
    let Some(server) = Postgres::start() else { return };
    run(async move {
        let at = Database::postgres(Arc::new(server));
        let crate::support::Kept::Postgres(server, _) = &at.kept else { unreachable!() };
        let store = open(&at).await;
        server.freeze(true);
        let (read, written) =
            tokio::join!(store.read(IDS, &[]), put(&store, 1, "word".into(), Value::Bytes(None)));
        server.freeze(false);
        assert!(matches!(read.err().unwrap(), StoreError::Unavailable(_)));
        assert!(matches!(written.unwrap_err(), StoreError::Unavailable(_)));
        // It may take a while until the server has seen that we went away.
        let until = Instant::now() + Duration::from_secs(30);
        while let Err(error) = put(&store, 2, "word".into(), Value::Bytes(None)).await {
            assert!(error.is_unavailable() && Instant::now() < until, "{error:?}");
        }
    });
}

#[test]
fn what_is_wrong_with_the_url_is_said() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    run(async {
        for (right, wrong, said) in [("user=postgres", "user=hm", "`hm`"), ("test_", "no_", "\"no_")] {
            let wrong = url.replace(right, wrong).parse().unwrap();
            let error = Store::open(&wrong, &Options::default()).await.unwrap_err();
            assert!(matches!(error, StoreError::Setting(_)), "{error:?}");
            assert!(error.to_string().replace('"', "`").contains(&said.replace('"', "`")), "{error}");
        }
    });
}

#[test]
fn there_is_none() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = format!("postgres:///x?host={}&user=hm", folder.path().display());
        let file = folder.path().join("no/such/folder.db");
        let options = Options { acquire_timeout: Duration::from_secs(1), ..Options::default() };
        let away = Store::open(&nowhere.parse().unwrap(), &options).await.unwrap_err();
        assert!(matches!(away, StoreError::Unavailable(_)), "{away:?}");
        let refused = Store::open(&"postgres://hm:hunter2@127.0.0.1:9/x".parse().unwrap(), &options).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
        assert!(!refused.to_string().contains("hunter2"));
        let no_folder = Store::open(&Location::sqlite(file), &options).await.unwrap_err();
        assert!(matches!(no_folder, StoreError::File { step: "open it", .. }), "{no_folder:?}");
        let text = folder.path().join("text");
        std::fs::write(&text, "this is no database, but long enough to be taken for one".repeat(40)).unwrap();
        let no_database = Store::open(&Location::sqlite(text), &options).await.unwrap_err();
        assert!(!no_database.is_unavailable(), "{no_database:?}");
    });
}
