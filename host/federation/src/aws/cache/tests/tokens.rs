//! Sessions that end with a token: a new token means no request to STS where the credentials of an earlier one will do.

use super::*;

impl Bench {
    /// A request with a token that has so many minutes left.
    async fn with_token(&self, left: u64) -> Arc<Credentials> {
        let now = self.cache.source.now();
        let session = session("alice").ending(now.time + minutes(left), now.time);
        self.cache.get(&session, minutes(20)).await.unwrap()
    }
}

#[tokio::test]
async fn a_refreshed_token_gets_what_the_last_one_got() {
    let bench = Bench::new(10, [Ok(minutes(40)), Ok(minutes(50)), Ok(minutes(30))]);
    let first = bench.with_token(40).await;
    bench.pass(minutes(5));
    // Tokens are refreshed every five minutes, and last for fifty.
    let second = bench.with_token(50).await;
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(bench.stats().sts_requests, 1);
    // An earlier end is not exceeded: 35 minutes are left of the credentials.
    let short = bench.with_token(30).await;
    assert!(!Arc::ptr_eq(&first, &short));
    assert_eq!(bench.stats().sts_requests, 2);
}

#[tokio::test]
async fn what_is_nearly_over_is_not_shared_and_nothing_with_another_user() {
    let bench = Bench::new(10, [Ok(minutes(40)), Ok(minutes(50)), Ok(minutes(50))]);
    let first = bench.with_token(40).await;
    bench.pass(minutes(21));
    let second = bench.with_token(50).await;
    assert!(!Arc::ptr_eq(&first, &second), "19 minutes are left");
    let now = bench.cache.source.now();
    let bobs = session("bob").ending(now.time + minutes(51), now.time);
    let third = bench.cache.get(&bobs, minutes(20)).await.unwrap();
    assert!(!Arc::ptr_eq(&second, &third));
    assert_eq!(bench.stats().sts_requests, 3);
}

/// A user whose tokens all end at other times fills no more than a part of the cache.
#[tokio::test]
async fn many_tokens_of_one_user_leave_room_for_others() {
    let bench = Bench::new(10, (0..20).map(|_| Ok(minutes(60))));
    let bobs = bench.get("bob", minutes(20)).await.unwrap();
    for left in 0..12 {
        // Longer than those before, so that none of theirs will do.
        bench.with_token(30 + left).await;
    }
    assert_eq!(bench.cache.entries().keys().filter(|session| session.is_of("", "alice")).count(), 5);
    assert!(Arc::ptr_eq(&bobs, &bench.get("bob", minutes(20)).await.unwrap()));
}
