//! STS is slow, gone, out of its mind, or refuses: a clear error in time.

use super::{TWENTY_MINUTES, aws, options, session};
use portcullis_federation::aws::{Aws, AwsError, AwsOptions};
use portcullis_testing::fake_sts::{FakeSts, Mood, SECRET, TOKEN};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

async fn error_in(mood: Mood) -> (AwsError, usize) {
    let sts = FakeSts::start().await;
    sts.be(mood);
    let error = aws(&sts).await.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{text}");
    (error, sts.count())
}

#[tokio::test]
async fn a_denial_is_the_users() {
    let message = "User: arn:aws:iam::1:user/afp is not authorized to perform: sts:AssumeRole";
    for mood in [Mood::Error(403, "AccessDenied", message), Mood::WrappedError(403, "AccessDenied", message)]
    {
        let (error, count) = error_in(mood).await;
        let AwsError::Denied { role_arn, message: said, request_id } = &error else { panic!("{error}") };
        assert_eq!((role_arn.as_str(), said.as_str()), (session("alice").role_arn(), message));
        assert_eq!(request_id.as_deref(), Some("c6104cbe-af31-11e0-8154-cbc7ccf896c7"));
        assert!(error.is_denial());
        assert_eq!(count, 1, "it is not asked again");
    }
}

#[tokio::test]
async fn what_is_wrong_with_our_own_keys_is_not() {
    for (status, code) in [
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (400, "ExpiredTokenException"),
        (403, "ExpiredToken"),
        (403, "MissingAuthenticationToken"),
    ] {
        let said = "it does not match\n\nThe Canonical String: x-amz-security-token:hunter2";
        for mood in [Mood::Error(status, code, said), Mood::WrappedError(status, code, said)] {
            let (error, _) = error_in(mood).await;
            assert!(matches!(&error, AwsError::OwnKeys { reason, .. } if reason.contains(code)), "{error}");
            assert!(!error.is_denial() && !error.to_string().contains("hunter2"), "{error}");
        }
    }
}

#[tokio::test]
async fn other_refusals() {
    for (status, code) in [
        (400, "ValidationError"),
        (400, "MalformedPolicyDocument"),
        (400, "PackedPolicyTooLarge"),
        (403, "Strange"),
    ] {
        let (error, count) = error_in(Mood::Error(status, code, "why < not")).await;
        let AwsError::Failed { status: said, code: named, message, .. } = &error else { panic!("{error}") };
        assert_eq!((*said, named.as_str(), message.as_str()), (status, code, "why < not"));
        assert_eq!(count, 1);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let sts = FakeSts::start().await;
    sts.be(Mood::Throttled(2));
    assert!(aws(&sts).await.credentials(&session("alice"), TWENTY_MINUTES).await.is_ok());
    assert_eq!(sts.count(), 3);
    let (error, count) = error_in(Mood::Error(503, "ServiceUnavailable", "later")).await;
    assert!(matches!(error, AwsError::Failed { status: 503, .. }), "{error}");
    assert_eq!(count, 3);
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let leak = format!("<AssumeRoleResponse><AssumeRoleResult><Credentials><SecretAccessKey>{SECRET}");
    for (status, body) in [
        (200, String::new()),
        (200, "<html>".into()),
        (200, "{\"Credentials\":{}}".into()),
        (200, "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>".into()),
        (200, leak.clone()),
        (200, format!("<{SECRET}/>")),
        (403, "<html>Forbidden</html>".into()),
        (400, String::new()),
        (502, "Bad Gateway".into()),
        (301, leak),
    ] {
        let (error, _) = error_in(Mood::Garbage(status, body.clone())).await;
        assert!(matches!(error, AwsError::Unreadable(_)), "{status} {body}: {error}");
    }
    for field in ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
        let (error, _) = error_in(Mood::Without(field)).await;
        assert!(error.to_string().contains(&format!("`{field}` is missing")), "{error}");
    }
    for text in ["", "tomorrow", "1970-01-01T00:00:00Z", "99999-01-01T00:00:00Z"] {
        let (error, _) = error_in(Mood::Expiration(text.into())).await;
        assert!(matches!(error, AwsError::Unreadable(_)), "{text}: {error}");
    }
}

#[tokio::test]
async fn credentials_that_have_expired_or_never_do_are_not_believed() {
    for seconds in [-3600, 0, 30, 50_000, 315_360_000] {
        let (error, _) = error_in(Mood::ExpiresIn(seconds)).await;
        assert!(error.to_string().contains("is this machine's clock right?"), "{error}");
    }
}

#[tokio::test]
async fn clocks_that_disagree() {
    let sts = FakeSts::start().await;
    // Signed again with the server's time.
    sts.skew(3600);
    let credentials = aws(&sts).await.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap();
    assert!(credentials.expiration() > credentials.fetched_at() + Duration::from_secs(7000));
    assert_eq!((sts.count(), sts.complaints().len()), (1, 1));
    // Ours is so far ahead that all that AWS gives seems to have expired.
    sts.skew(-7200);
    let error = aws(&sts).await.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap_err();
    assert!(error.to_string().contains("is this machine's clock right?"), "{error}");
}

/// An STS that takes most of the time is not asked again, and its response counts.
#[tokio::test]
async fn slow_is_not_failed() {
    let sts = FakeSts::start().await;
    let timeout = Duration::from_secs(4);
    sts.be(Mood::Late(timeout * 7 / 10));
    let aws = Aws::open(AwsOptions { timeout, ..options(&sts) }).await.unwrap();
    let credentials = aws.credentials(&session("alice"), TWENTY_MINUTES).await;
    assert!(credentials.is_ok(), "{credentials:?}");
    assert_eq!(sts.count(), 1);
}

/// The same credentials, with more behind them than anybody should read.
#[tokio::test]
async fn a_response_is_not_read_without_end() {
    let sts = FakeSts::start().await;
    sts.be(Mood::Padded(200 << 10));
    let aws = aws(&sts).await;
    assert!(aws.credentials(&session("alice"), TWENTY_MINUTES).await.is_ok());
    sts.be(Mood::Padded(20 << 20));
    let error = aws.credentials(&session("bob"), TWENTY_MINUTES).await.unwrap_err();
    assert!(matches!(error, AwsError::Unreadable(_)), "{error}");
}

#[tokio::test]
async fn silence_ends_in_time() {
    let sts = FakeSts::start().await;
    sts.be(Mood::Silent);
    let timeout = Duration::from_millis(400);
    let aws = Aws::open(AwsOptions { timeout, ..options(&sts) }).await.unwrap();
    let begun = Instant::now();
    let error = aws.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap_err();
    assert_eq!(error, AwsError::Timeout(timeout));
    assert!(begun.elapsed() >= timeout && begun.elapsed() < timeout * 10, "{:?}", begun.elapsed());
    assert_eq!(error.to_string(), "STS did not answer within 400ms");
}

#[tokio::test]
async fn nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    let options = AwsOptions { endpoint, keys: Some(super::keys()), ..AwsOptions::default() };
    let aws = Aws::open(options).await.unwrap();
    let error = aws.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap_err();
    assert!(matches!(&error, AwsError::Unreachable(reason) if reason.contains("refused")), "{error}");
}
