//! What `/readyz` and metrics hear of Keystone.

use super::*;

/// That many seconds later: the result of a check counts for five.
fn later(seconds: u64) -> Clock {
    let begin = start();
    Clock { tick: begin.tick + Duration::from_secs(seconds), ..begin }
}

fn reason(outcome: Result<(), AuthError>) -> String {
    match outcome {
        Err(AuthError::Unavailable { reason }) => reason,
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_check_says_what_keeps_tokens_from_being_validated() {
    let pair = Pair::new(|_| {}).await;
    assert_eq!(pair.keystone.check(later(0)).await, Ok(()));
    assert_eq!(pair.keystone.health(), KeystoneHealth { up: true, failures: 0 });
    // Concurrent and later probes share one request.
    let asked = pair.fake.calls();
    assert_eq!(pair.keystone.check(later(4)).await, Ok(()));
    assert_eq!(pair.fake.calls(), asked);
    for (seconds, mood, wanted) in [
        (10, Mood::HangsUp, "Keystone cannot be reached"),
        (20, Mood::Status(500), "Keystone answered with 500"),
        (30, Mood::Status(403), "the service user needs the role `service` or `admin`"),
    ] {
        pair.fake.be(mood);
        let said = reason(pair.keystone.check(later(seconds)).await);
        assert!(said.contains(wanted), "{said}");
        assert_eq!(pair.keystone.health(), KeystoneHealth { up: false, failures: seconds / 10 });
    }
    pair.fake.be(Mood::Recorded);
    assert_eq!(pair.keystone.check(later(40)).await, Ok(()));
    assert_eq!(pair.keystone.health(), KeystoneHealth { up: true, failures: 3 });
}

#[tokio::test]
async fn a_wrong_password_is_said() {
    let pair = Pair::new(|_| {}).await;
    *pair.fake.password.lock().unwrap() = "another".into();
    let said = reason(pair.keystone.check(later(0)).await);
    assert_eq!(said, "Keystone refuses the service user's name and password");
    assert!(!pair.keystone.health().up);
}

#[tokio::test]
async fn requests_count_too_and_a_bad_token_is_no_failure() {
    let pair = Pair::new(|options| options.cache_time = Duration::ZERO).await;
    assert!(pair.token("unknown-to-keystone", start()).await.is_err());
    assert_eq!(pair.keystone.health(), KeystoneHealth { up: true, failures: 0 });
    pair.fake.be(Mood::HangsUp);
    assert!(pair.token("owner", start()).await.is_err());
    assert_eq!(pair.keystone.health(), KeystoneHealth { up: false, failures: 1 });
}

#[tokio::test]
async fn without_a_service_user_a_keystone_that_answers_is_enough() {
    let pair = Pair::new(|options| options.service = None).await;
    assert_eq!(pair.keystone.check(later(0)).await, Ok(()));
    pair.fake.be(Mood::HangsUp);
    assert!(pair.keystone.check(later(10)).await.is_err());
}
