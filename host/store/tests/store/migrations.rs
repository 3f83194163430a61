//! Tables from nothing, from an older version, by two at once; and those of a newer version left alone.

use portcullis_store::{Migration, Sql, StoreError};

use crate::support::{Database, on_both};

const STEPS: [Migration; 2] = [
    Migration {
        number: 1,
        name: "things",
        sql: Sql::same("CREATE TABLE things (name TEXT PRIMARY KEY); CREATE INDEX by_name ON things (name);"),
    },
    Migration { number: 2, name: "sizes", sql: Sql::same("ALTER TABLE things ADD COLUMN size BIGINT") },
];

const PUT: Sql = Sql::same("INSERT INTO things (name, size) VALUES ($1, $2)");
const GET: Sql = Sql::same("SELECT name, size FROM things ORDER BY name");

on_both!(
    from_nothing_and_again,
    from_the_version_before,
    two_at_once,
    newer,
    foreign,
    half_a_step_is_none,
    doors_have_their_own,
);

async fn from_nothing_and_again(at: Database) {
    for _ in 0..2 {
        let store = at.open().await;
        store.migrate("test", &STEPS).await.unwrap();
        store.close().await;
    }
    let store = at.open().await;
    store.write(|to| Box::pin(async { to.execute(PUT, &["a".into(), 7.into()]).await })).await.unwrap();
    let rows = store.read(GET, &[]).await.unwrap();
    assert_eq!((rows[0].text(0).unwrap(), rows[0].integer(1).unwrap()), ("a".into(), 7));
}

async fn from_the_version_before(at: Database) {
    const OLD: Sql = Sql::same("INSERT INTO things (name) VALUES ('kept')");
    let store = at.open().await;
    store.migrate("test", &STEPS[..1]).await.unwrap();
    store.write(|to| Box::pin(async { to.execute(OLD, &[]).await })).await.unwrap();
    store.migrate("test", &STEPS).await.unwrap();
    let rows = store.read(GET, &[]).await.unwrap();
    assert_eq!((rows[0].text(0).unwrap(), rows[0].optional_integer(1).unwrap()), ("kept".into(), None));
}

async fn two_at_once(at: Database) {
    let location = &at.location;
    let one = || async move {
        let store = portcullis_store::Store::open(location, &portcullis_store::Options::default()).await?;
        store.migrate("test", &STEPS).await?;
        store.read(GET, &[]).await.map(drop)
    };
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    for done in [a, b, c, d] {
        done.unwrap();
    }
}

async fn newer(at: Database) {
    let store = at.open().await;
    store.migrate("test", &STEPS).await.unwrap();
    let error = store.migrate("test", &STEPS[..1]).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("start the newer version"), "{error}");
}

async fn foreign(at: Database) {
    let store = at.open().await;
    store.migrate("test", &STEPS).await.unwrap();
    let other = [Migration { name: "something else", ..STEPS[0] }];
    let error = store.migrate("test", &other).await.unwrap_err();
    assert!(matches!(error, StoreError::Foreign { number: 1, .. }), "{error}");
}

async fn half_a_step_is_none(at: Database) {
    let store = at.open().await;
    let broken = Migration {
        number: 1,
        name: "broken",
        sql: Sql::same("CREATE TABLE half (name TEXT); CREATE TABLE half (name TEXT)"),
    };
    let error = store.migrate("test", &[broken]).await.unwrap_err();
    assert!(matches!(error, StoreError::Migration { number: 1, .. }), "{error}");
    store.read(Sql::same("SELECT name FROM half"), &[]).await.err().unwrap();
    store.migrate("test", &STEPS).await.unwrap();
}

async fn doors_have_their_own(at: Database) {
    let store = at.open().await;
    store.migrate("test", &STEPS).await.unwrap();
    let other = [Migration { number: 1, name: "others", sql: Sql::same("CREATE TABLE others (name TEXT)") }];
    store.migrate("other", &other).await.unwrap();
    store.migrate("test", &STEPS).await.unwrap();
}
