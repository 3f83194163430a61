//! What time does to credentials, and STS.

use super::*;
use proptest::prelude::*;

#[tokio::test]
async fn replaced_ahead_while_nobody_waits() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    bench.pass(minutes(29));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(31)));
    assert_eq!(bench.stats().sts_requests, 1);
    bench.pass(minutes(2));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(29)), "nobody waits for the new ones");
    bench.settled().await;
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    let stats = bench.stats();
    assert_eq!((stats.sts_requests, stats.refreshed, stats.hits, stats.misses), (2, 1, 3, 1));
}

#[tokio::test]
async fn who_needs_longer_ones_waits_for_new_ones() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    bench.left(minutes(20)).await.unwrap();
    bench.pass(minutes(41));
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    assert_eq!(bench.stats().misses, 2);
}

#[tokio::test]
async fn short_sessions_are_cached_too() {
    let bench = Bench::new(10, [Ok(minutes(15)), Ok(minutes(15))]);
    bench.left(minutes(20)).await.unwrap();
    bench.pass(minutes(1));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(14)));
    assert_eq!(bench.stats().sts_requests, 1);
    bench.pass(minutes(3));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(15)));
}

#[tokio::test]
async fn served_while_sts_is_away_and_no_longer_than_they_work() {
    let bench = Bench::new(10, [Ok(HOUR), Err(away()), Err(away()), Err(away())]);
    bench.left(minutes(20)).await.unwrap();
    bench.pass(minutes(45));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(15)));
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(15)), "and STS is left alone for a while");
    assert_eq!((bench.stats().sts_requests, bench.stats().served_while_away), (2, 2));
    bench.pass(Duration::from_mins(13) + Duration::from_secs(59));
    assert_eq!(bench.left(minutes(20)).await, Ok(Duration::from_secs(61)));
    assert_eq!(bench.stats().sts_requests, 3);
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.left(minutes(20)).await, Err(away()));
    bench.answer(Ok(HOUR));
    assert_eq!(bench.left(minutes(20)).await, Err(away()));
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR), "and it is back");
}

#[tokio::test]
async fn nobody_waits_long_while_there_are_some_that_work() {
    let mut bench = Bench::held_back(10, [Ok(HOUR), Ok(HOUR)]);
    bench.cache.source.permits.add_permits(1);
    bench.left(minutes(20)).await.unwrap();
    bench.asked.recv().await.unwrap();
    bench.pass(minutes(45));
    let begun = Instant::now();
    assert_eq!(bench.left(minutes(20)).await, Ok(minutes(15)));
    assert!(begun.elapsed() >= PATIENCE, "new ones are better, if they come soon");
    assert_eq!(bench.stats().served_while_away, 1);
    bench.cache.source.permits.add_permits(1);
    bench.settled().await;
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR), "the question went on");
    assert_eq!(bench.stats().sts_requests, 2);
}

#[tokio::test]
async fn those_that_expire_while_somebody_waits_are_not_served() {
    let mut bench = Bench::held_back(10, [Ok(HOUR), Err(away())]);
    bench.cache.source.permits.add_permits(1);
    bench.left(minutes(20)).await.unwrap();
    bench.asked.recv().await.unwrap();
    bench.pass(minutes(58));
    let cache = Arc::clone(&bench.cache);
    let waiting = tokio::spawn(async move { cache.get(&session("alice"), minutes(20)).await });
    bench.asked.recv().await.unwrap();
    bench.pass(minutes(1));
    bench.cache.source.permits.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap_err(), away());
}

#[tokio::test]
async fn a_denial_ends_what_was_cached() {
    for passed in [35, 45] {
        let bench = Bench::new(10, [Ok(HOUR), Err(denied()), Err(denied())]);
        bench.left(minutes(20)).await.unwrap();
        bench.pass(minutes(passed));
        // In the background, or while a request waits: either way nothing is left afterwards.
        let _ = bench.left(minutes(20)).await;
        bench.settled().await;
        assert!(bench.cache.entries().is_empty());
        assert_eq!(bench.left(minutes(20)).await, Err(denied()), "{passed}");
    }
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_moment_and_a_denial_not_at_all() {
    let bench = Bench::new(10, [Err(away()), Err(denied()), Ok(HOUR)]);
    for _ in 0..5 {
        assert_eq!(bench.left(minutes(20)).await, Err(away()));
    }
    assert_eq!(bench.stats().sts_requests, 1);
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.left(minutes(20)).await, Err(denied()));
    assert_eq!(bench.left(minutes(20)).await, Ok(HOUR));
    let stats = bench.stats();
    assert_eq!((stats.sts_requests, stats.failures), (3, 2));
}

#[tokio::test]
async fn a_clock_that_is_turned_back_gives_nothing_away() {
    let bench = Bench::new(10, [Ok(HOUR), Ok(HOUR)]);
    let first = bench.get("alice", minutes(20)).await.unwrap();
    bench.pass(HOUR);
    bench.cache.source.now.lock().unwrap().time -= HOUR;
    assert!(!Arc::ptr_eq(&first, &bench.get("alice", minutes(20)).await.unwrap()));
}

proptest! {
    /// In no order of events does a request get credentials that have expired, or less than it asked for while STS
    /// responds.
    #[test]
    fn nobody_is_given_what_does_not_work(
        steps in proptest::collection::vec((0_u64..5400, 0_u64..3000, any::<bool>()), 1..20),
        life in 900_u64..43_200,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(10, []);
            for (passed, least, up) in steps {
                bench.pass(Duration::from_secs(passed));
                let least = Duration::from_secs(least);
                let life = Duration::from_secs(life);
                for _ in 0..2 {
                    bench.answer(if up { Ok(life) } else { Err(away()) });
                }
                let failures = bench.stats().failures;
                let result = bench.left(least).await;
                bench.settled().await;
                bench.cache.source.answers.lock().unwrap().clear();
                match result {
                    Ok(left) => {
                        prop_assert!(left > Duration::from_mins(1));
                        prop_assert!(left >= least.min(life * 3 / 4) || failures > 0 || !up);
                    }
                    Err(error) => prop_assert_eq!(error, away()),
                }
            }
            Ok(())
        })?;
    }
}
