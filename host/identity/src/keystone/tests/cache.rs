//! What is known need not be asked, for a while.

use super::*;

#[tokio::test]
async fn an_answer_is_believed_for_a_while() {
    let pair = Pair::new(|options| options.cache_time = Duration::from_mins(5)).await;
    let begin = start();
    let later = |seconds| Clock {
        time: begin.time + Duration::from_secs(seconds),
        tick: begin.tick + Duration::from_secs(seconds),
    };
    for (seconds, asked) in [(0, 1), (1, 1), (299, 1), (300, 2), (301, 2), (599, 2), (600, 3)] {
        assert!(pair.token("owner", later(seconds)).await.is_ok());
        assert_eq!(pair.fake.calls().0, asked, "{seconds}");
    }
    // Expired, though an answer about it is still fresh.
    let fresh = |time| Clock { time: humantime::parse_rfc3339(time).unwrap(), tick: later(600).tick };
    assert!(pair.token("owner", fresh("2026-11-21T20:39:56.999Z")).await.is_ok());
    assert!(unauthorized(&pair.token("owner", fresh("2026-11-21T20:39:57Z")).await));
    assert_eq!(pair.fake.calls().0, 3);
}

#[tokio::test]
async fn without_a_cache_keystone_is_asked_each_time() {
    let pair = Pair::new(|options| options.cache_time = Duration::ZERO).await;
    for asked in 1..4 {
        assert!(pair.token("owner", start()).await.is_ok());
        assert_eq!(pair.fake.calls().0, asked);
    }
}

#[tokio::test]
async fn those_who_ask_at_once_share_one_question() {
    let pair = Pair::new(|_| {}).await;
    let leave = Arc::new(Semaphore::new(0));
    pair.fake.be(Mood::Waits(Arc::clone(&leave)));
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let keystone = Arc::clone(&pair.keystone);
            tokio::spawn(async move {
                ask(&keystone, &[("X-Auth-Token", "owner")], &Method::GET, "/", start()).await
            })
        })
        .collect();
    while pair.fake.calls().0 == 0 {
        tokio::task::yield_now().await;
    }
    leave.add_permits(50);
    for asked in asking {
        assert!(asked.await.unwrap().is_ok());
    }
    assert_eq!(pair.fake.calls(), (1, 1));
}

#[tokio::test]
async fn who_hangs_up_leaves_the_question_to_the_next() {
    let pair = Pair::new(|_| {}).await;
    let leave = Arc::new(Semaphore::new(0));
    pair.fake.be(Mood::Waits(Arc::clone(&leave)));
    let ask_owner = || {
        let keystone = Arc::clone(&pair.keystone);
        tokio::spawn(
            async move { ask(&keystone, &[("X-Auth-Token", "owner")], &Method::GET, "/", start()).await },
        )
    };
    let first = ask_owner();
    while pair.fake.calls().0 == 0 {
        tokio::task::yield_now().await;
    }
    let second = ask_owner();
    first.abort();
    assert!(first.await.is_err());
    leave.add_permits(2);
    assert!(second.await.unwrap().is_ok());
}
