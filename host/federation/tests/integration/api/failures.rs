//! What fails, and how its clients are told.

use axum::http::{Method, StatusCode};

use super::world::World;

use portcullis_testing::fake_sts::Mood;

const CREDENTIALS: &str = "/account/testaccount/testrole/credentials";
const CONSOLE: &str = "/account/testaccount/testrole/consoleurl";

#[tokio::test]
async fn errors_of_sts() {
    for (mood, status, begins) in [
        (Mood::Error(403, "AccessDenied", "no"), 403, "Permission Denied"),
        (Mood::WrappedError(403, "AccessDenied", "no"), 403, "Permission Denied"),
        (Mood::Error(403, "InvalidClientTokenId", "our key AKIA"), 502, "Call to AWS failed"),
        (Mood::Error(403, "SignatureDoesNotMatch", "our key"), 502, "Call to AWS failed"),
        (Mood::Error(403, "RegionDisabledException", "x"), 502, "Call to AWS failed"),
        (Mood::Error(400, "ExpiredToken", "x"), 502, "Call to AWS failed"),
        (Mood::Error(400, "ValidationError", "x"), 502, "Call to AWS failed"),
        (Mood::Error(500, "InternalFailure", "x"), 502, "Call to AWS failed"),
        (Mood::Garbage(200, "<html>".into()), 502, "Call to AWS failed"),
        (Mood::Garbage(503, "sorry".into()), 502, "Call to AWS failed"),
        (Mood::ExpiresIn(-10), 502, "Call to AWS failed"),
        (Mood::Without("SessionToken"), 502, "Call to AWS failed"),
    ] {
        let world = World::granting(&[("testaccount", "testrole")]).await;
        world.sts.be(mood.clone());
        let answer = world.get(CREDENTIALS).await;
        assert_eq!(answer.status.as_u16(), status, "{mood:?}: {answer:?}");
        assert!(answer.message().starts_with(begins), "{mood:?}: {answer:?}");
        assert!(!answer.body.contains("AKIA") && !answer.body.contains("our own"), "{answer:?}");
        assert_eq!(answer.header("x-username"), Some("testuser"));
        for key in ["status", "error", "exception", "message", "traceback"] {
            assert!(answer.json().get(key).is_some(), "{key} {answer:?}");
        }
    }
}

#[tokio::test]
async fn errors_of_the_sign_in_endpoint() {
    use portcullis_testing::fake_sign_in::Mood as SignIn;
    for (mood, status, begins) in [
        (SignIn::Answer(400, "Invalid credentials".into()), 502, "Call to AWS failed"),
        (SignIn::Answer(200, "no JSON".into()), 500, "Internal Server Error"),
        (SignIn::Answer(200, "{}".into()), 500, "Internal Server Error"),
        (SignIn::Redirect("http://127.0.0.1:9/".into()), 502, "Call to AWS failed"),
    ] {
        let world = World::granting(&[("testaccount", "testrole")]).await;
        world.sign_in.be(mood.clone());
        let answer = world.get(CONSOLE).await;
        assert_eq!(answer.status.as_u16(), status, "{mood:?}: {answer:?}");
        assert!(answer.message().starts_with(begins), "{mood:?}: {answer:?}");
        // Credentials need no console.
        assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_policy_that_cannot_answer_grants_nothing() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    *world.rules().fault.lock().unwrap() = Some("policy `p` could not decide".into());
    for path in ["/account", CREDENTIALS, CONSOLE, "/meta-data/iam/security-credentials/"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        let message = answer.message();
        assert!(
            message.starts_with("Internal Server Error: policy `p` could not decide (")
                && message.contains("decision "),
            "{message}"
        );
    }
    assert_eq!(world.sts.count(), 0);
}

#[tokio::test]
async fn a_grant_beyond_the_limits_of_sts_never_reaches_it() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    world.rules().grants.lock().unwrap()[0].duration_seconds = Some(60);
    let answer = world.get(CREDENTIALS).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.message().contains("900"), "{answer:?}");
    assert_eq!((world.sts.count(), world.sts.complaints().len()), (0, 0));
}

#[tokio::test]
async fn who_is_nobody_gets_nothing() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    let twice = [("x-remote-user", "a"), ("x-remote-user", "b")];
    let long = "x".repeat(257);
    for headers in [&[][..], &[("x-remote-user", "")], &twice, &[("x-remote-user", long.as_str())]] {
        let answer = world.send(Method::GET, "/account", headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(answer.header("x-username"), Some("Unknown User"));
    }
    let answer = world.from("192.0.2.1:1", Method::GET, "/account", &[("x-remote-user", "testuser")]).await;
    assert!([401, 403].contains(&answer.status.as_u16()), "{answer:?}");
    assert!(world.rules().questions.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_revoked_grant_is_refused_although_its_credentials_are_cached() {
    let world = World::granting(&[("testaccount", "testrole")]).await;
    assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::OK);
    assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::OK);
    assert_eq!(world.sts.count(), 1);
    world.grant(Vec::new());
    assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get(CONSOLE).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn while_sts_is_away_what_is_cached_is_served_and_nothing_else() {
    let world = World::granting(&[("testaccount", "testrole"), ("testaccount1", "testrole")]).await;
    assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::OK);
    world.sts.be(Mood::Garbage(503, String::new()));
    assert_eq!(world.get(CREDENTIALS).await.status, StatusCode::OK);
    let other = world.get("/account/testaccount1/testrole/credentials").await;
    assert_eq!(other.status, StatusCode::BAD_GATEWAY);
    let other = world.send(Method::GET, CREDENTIALS, &[("x-remote-user", "another")]).await;
    assert_eq!(other.status, StatusCode::BAD_GATEWAY);
}
