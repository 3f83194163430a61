//! A statement that takes too long is cut short, and its connection serves the next one.

use portcullis_store::{Options, Sql, Store, StoreError};
use std::time::{Duration, Instant};

use crate::support::{Database, on_both};

/// Longer than any test: one connection would be busy for minutes.
const LONG: Sql = Sql::same(
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000000000)
     SELECT COUNT(*) FROM numbers",
);
const SHORT: Sql = Sql::each("SELECT 1", "SELECT CAST(1 AS BIGINT)");

on_both!(a_read_that_takes_too_long_is_cut_short);

async fn a_read_that_takes_too_long_is_cut_short(at: Database) {
    let options = Options {
        readers: 1,
        connections: 1,
        read_timeout: Duration::from_millis(100),
        ..Options::default()
    };
    let store = Store::open(&at.location, &options).await.unwrap();
    let begun = Instant::now();
    let error = store.read(LONG, &[]).await.err().unwrap();
    assert!(matches!(error, StoreError::TooLong) && error.is_unavailable(), "{error}");
    // PostgreSQL's own limit is 8 s; a second try would take as long again.
    assert!(begun.elapsed() < Duration::from_secs(16), "{:?}", begun.elapsed());
    for _ in 0..3 {
        assert_eq!(store.read(SHORT, &[]).await.unwrap()[0].integer(0).unwrap(), 1);
    }
}
