//! Our own token, and services that call on a user's behalf.

use super::*;

#[tokio::test]
async fn our_own_token_is_renewed_when_it_is_refused() {
    let pair = Pair::new(|options| options.cache_time = Duration::ZERO).await;
    assert!(pair.token("owner", start()).await.is_ok());
    pair.fake.oldest.store(2, Ordering::SeqCst);
    assert!(pair.token("owner", start()).await.is_ok());
    assert_eq!(pair.fake.calls(), (3, 2));
    // One retry, no more.
    pair.fake.oldest.store(100, Ordering::SeqCst);
    assert!(unavailable(&pair.token("owner", start()).await));
    assert_eq!(pair.fake.calls(), (5, 3));
}

#[tokio::test]
async fn our_own_token_is_renewed_before_it_expires() {
    let pair = Pair::new(|options| options.cache_time = Duration::ZERO).await;
    // It expires at 20:39:57.
    for (time, passwords) in
        [("2026-11-21T20:00:00Z", 1), ("2026-11-21T20:39:26Z", 1), ("2026-11-21T20:39:27Z", 2)]
    {
        assert!(pair.token("owner", at(time)).await.is_ok());
        assert_eq!(pair.fake.calls().1, passwords, "{time}");
    }
}

#[tokio::test]
async fn a_refused_password_is_not_tried_again_at_once() {
    let pair = Pair::new(|_| {}).await;
    *pair.fake.password.lock().unwrap() = "changed".into();
    let begin = start();
    let later = |seconds| Clock { tick: begin.tick + Duration::from_secs(seconds), ..begin };
    for (seconds, passwords) in [(0, 1), (1, 1), (4, 1), (5, 2), (9, 2), (10, 3)] {
        let result = pair.token("owner", later(seconds)).await;
        assert!(unavailable(&result), "{result:?}");
        assert!(!format!("{result:?}").contains("hunter2"));
        assert_eq!(pair.fake.calls(), (0, passwords), "{seconds}");
    }
    *pair.fake.password.lock().unwrap() = "hunter2".into();
    assert!(pair.token("owner", later(15)).await.is_ok());
}

#[tokio::test]
async fn a_token_can_speak_for_itself() {
    let pair = Pair::new(|options| options.service = None).await;
    assert!(pair.ask(&[("X-Auth-Token", "owner")]).await.is_ok());
    assert!(unauthorized(&pair.ask(&[("X-Auth-Token", "nobody")]).await));
    assert!(unauthorized(&pair.ask(&[("X-Auth-Token", "expired")]).await));
    assert_eq!(pair.fake.calls().1, 0);
    let requester = pair.ask(&[("X-Auth-Token", "expired"), ("X-Service-Token", "service")]).await.unwrap();
    assert_eq!(requester.service_roles, ["service"]);
    assert!(unauthorized(&pair.ask(&[("X-Auth-Token", "nobody"), ("X-Service-Token", "service")]).await));
    pair.fake.be(Mood::Status(503));
    assert!(unavailable(&pair.ask(&[("X-Auth-Token", "federated")]).await));
}

#[tokio::test]
async fn a_service_may_call_on_a_users_behalf() {
    let pair = Pair::new(|_| {}).await;
    let both = |user, service| [("X-Auth-Token", user), ("X-Service-Token", service)];
    let requester = pair.ask(&both("owner", "service")).await.unwrap();
    assert_eq!(requester.user.as_deref(), Some("c650030ddb5f4966a7feedb2543b39f3"));
    assert_eq!(requester.service_roles, ["service"]);
    assert!(requester.attributes.contains(&("service-user".into(), "octavia".into())));
    assert!(pair.ask(&both("expired", "service")).await.is_ok());
    for (user, service) in [
        ("owner", "bogus"),
        ("owner", "owner"),
        ("owner", "expired"),
        ("expired", "owner"),
        ("bogus", "service"),
        ("", "service"),
    ] {
        assert!(unauthorized(&pair.ask(&both(user, service)).await), "{user} {service}");
    }
    // What was known with a service beside it is no help without one.
    assert!(unauthorized(&pair.ask(&[("X-Auth-Token", "expired")]).await));
    // An empty header is none.
    assert!(pair.ask(&both("owner", " ")).await.unwrap().service_roles.is_empty());
    pair.fake.be(Mood::Status(500));
    assert!(unavailable(&pair.ask(&[("X-Service-Token", "federated")]).await));
}

#[tokio::test]
async fn other_roles_may_make_a_service() {
    let pair =
        Pair::new(|options| options.service_token_roles = vec!["octavia".into(), "member".into()]).await;
    let both = |service| [("X-Auth-Token", "owner"), ("X-Service-Token", service)];
    assert!(pair.ask(&both("owner")).await.is_ok());
    assert!(unauthorized(&pair.ask(&both("service")).await));
}
