//! How long finding takes. It fails only where it is slower by an order of magnitude: machines differ.

use portcullis_barbican::vault::{Commit, Kind};
use std::time::{Duration, Instant};

use super::{acl, find, make_container, make_secret, open};
use crate::support::{Database, on_both};

on_both!(finding);

async fn finding(at: Database) {
    let vault = open(&at).await;
    let mut ids = Vec::new();
    for number in 0..200 {
        ids.push(make_secret(&vault, &number.to_string()).await.id);
    }
    for id in &ids[..100] {
        let version = find(&vault, Kind::Secret, *id).await.version;
        let value = acl(&["a", "b", "c"], false);
        assert_eq!(vault.set_acl(Kind::Secret, *id, version, &value).await.unwrap(), Commit::Done);
    }
    make_container(&vault, &[("x", ids[0])]).await;
    let mut times = Vec::new();
    for round in 0..2000 {
        let begun = Instant::now();
        find(&vault, Kind::Secret, ids[round % ids.len()]).await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!("find: p50 {:?}, p95 {:?}, p99 {:?}", times[1000], times[1900], times[1980]);
    assert!(times[1000] < Duration::from_millis(5), "{:?}", times[1000]);
    let begun = Instant::now();
    for _ in 0..50 {
        let version = find(&vault, Kind::Secret, ids[0]).await.version;
        let _ = vault.set_acl(Kind::Secret, ids[0], version, &acl(&["a"], false)).await.unwrap();
    }
    println!("find and set_acl: {:?} each", begun.elapsed() / 50);
}
