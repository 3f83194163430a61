//! The readiness check: it writes, seldom, and says whether the next request can.

use portcullis_store::{Sql, Store, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::failures::{open_marked, statements};
use crate::support::{Database, Kept, on_both, run};
use crate::transactions::{IDS, put};
use portcullis_testing::postgres::Postgres;

on_both!(a_check_writes_and_is_cached);

async fn a_check_writes_and_is_cached(at: Database) {
    const WRITES: Sql = Sql::same("SELECT writes FROM portcullis_write_check");
    let store = open_marked(&at).await;
    let begun = Instant::now();
    for _ in 0..200 {
        let (a, b, c) = tokio::join!(store.check(), store.check(), store.check());
        a.and(b).and(c).unwrap();
    }
    let writes = store.read(WRITES, &[]).await.unwrap()[0].integer(0).unwrap();
    let most = i64::try_from(begun.elapsed().as_secs()).unwrap() + 1;
    assert!((1..=most).contains(&writes), "{writes} writes, at most {most}");
}

/// Waits for the cached result to expire.
async fn becomes_ready(store: &Store) {
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(error) = store.check().await {
        assert!(Instant::now() < until, "{error}");
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_full_database_is_not_ready_and_then_is() {
    const FULL: &[Sql] = &[Sql::same("PRAGMA max_page_count = 1")];
    run(async {
        let at = Database::sqlite();
        let store = open_marked(&at).await;
        statements(&store, FULL).await.unwrap();
        let error = store.check().await.unwrap_err();
        assert!(error.is_unavailable() && error.to_string().contains("disk is full"), "{error}");
        becomes_ready(&store).await;
        assert!(store.read(IDS, &[]).await.unwrap().is_empty());
        put(&store, 1, "after".into(), Value::Bytes(None)).await.unwrap();
    });
}

#[test]
fn a_server_that_falls_silent_is_not_ready_and_then_is() {
    let Some(server) = Postgres::start() else { return };
    run(async move {
        let at = Database::postgres(Arc::new(server));
        let Kept::Postgres(server, _) = &at.kept else { unreachable!() };
        let store = open_marked(&at).await;
        server.freeze(true);
        let error = store.check().await;
        server.freeze(false);
        let error = error.unwrap_err();
        assert!(error.is_unavailable(), "{error}");
        becomes_ready(&store).await;
    });
}
