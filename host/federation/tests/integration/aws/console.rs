//! The federation endpoint.

use super::{TWENTY_MINUTES, options, session};
use portcullis_federation::aws::{Aws, AwsError, AwsOptions, ConsolePage};
use portcullis_testing::fake_sign_in::{FakeSignIn, Mood, SIGN_IN_TOKEN};
use portcullis_testing::fake_sts::{FakeSts, SECRET, TOKEN};
use secrecy::ExposeSecret as _;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

struct Bench {
    sts: FakeSts,
    sign_in: FakeSignIn,
}

impl Bench {
    async fn new() -> Self {
        Self { sts: FakeSts::start().await, sign_in: FakeSignIn::start().await }
    }

    async fn url(&self, change: impl FnOnce(&mut AwsOptions)) -> Result<String, AwsError> {
        self.url_with(None, None, change).await
    }

    async fn url_with(
        &self,
        issuer: Option<&str>,
        destination: Option<&str>,
        change: impl FnOnce(&mut AwsOptions),
    ) -> Result<String, AwsError> {
        let mut options = AwsOptions { sign_in: Some(self.sign_in.url()), ..options(&self.sts) };
        change(&mut options);
        let aws = Aws::open(options).await.unwrap();
        let session = session("alice");
        let credentials = aws.credentials(&session, TWENTY_MINUTES).await.unwrap();
        let result =
            aws.console_url(&session, &credentials, ConsolePage { issuer, destination, region: None }).await;
        if let Err(error) = &result {
            let text = format!("{error} {error:?}");
            let secrets = [SECRET, TOKEN, "FAKE%2FSECRET", SIGN_IN_TOKEN];
            assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
        }
        result.map(|url| url.expose_secret().to_owned())
    }
}

const QUOTED_TOKEN: &str = "FakeSigninToken%2F%2B%26%3D";

#[tokio::test]
async fn a_console_url() {
    let bench = Bench::new().await;
    let url = bench.url(|_| ()).await.unwrap();
    let place = "https%3A%2F%2Fconsole.aws.amazon.com%2F";
    let sign_in = bench.sign_in.url();
    assert_eq!(url, format!("{sign_in}?Action=login&Issuer=&Destination={place}&SigninToken={QUOTED_TOKEN}"));
    assert_eq!(
        bench.sign_in.queries(),
        [
            "Action=getSigninToken&SessionDuration=43200&Session=%7B%22sessionId%22%3A%22ASIAFAKE000000000001%22\
          %2C%22sessionKey%22%3A%22FAKE%2FSECRET%2B1%22%2C%22sessionToken%22%3A%22FakeSessionToken%2F1%3D%3D%22%7D"
        ]
    );
}

#[tokio::test]
async fn issuer_and_destination() {
    let bench = Bench::new().await;
    let page = "https://eu-central-1.console.aws.amazon.com/s3/home?region=eu-central-1";
    let url = bench.url_with(Some("https://afp.example/a b?c=d"), Some(page), |_| ()).await.unwrap();
    assert!(url.contains("&Issuer=https%3A%2F%2Fafp.example%2Fa+b%3Fc%3Dd&"), "{url}");
    assert!(
        url.contains("&Destination=https%3A%2F%2Feu-central-1.console.aws.amazon.com%2Fs3%2Fhome%3F"),
        "{url}"
    );
    let error = bench.url_with(None, Some("https://evil.example/"), |_| ()).await.unwrap_err();
    assert_eq!(error, AwsError::Destination("https://evil.example/".into()));
    assert_eq!(bench.sign_in.queries().len(), 1, "nothing is asked for in vain");
    let own = "https://console.example/";
    let url = bench.url(|options| options.console = Some(own.into())).await.unwrap();
    assert!(url.contains("&Destination=https%3A%2F%2Fconsole.example%2F&"), "{url}");
}

#[tokio::test]
async fn twelve_hours_only_where_aws_allows_them() {
    let bench = Bench::new().await;
    bench.sign_in.be(Mood::Chained);
    assert_eq!(bench.url(|_| ()).await, Err(AwsError::SignInRefused(400)));
    assert!(bench.url(|options| options.long_term_keys = Some(false)).await.is_ok());
    assert!(!bench.sign_in.queries()[1].contains("SessionDuration"));
}

#[tokio::test]
async fn answers_that_are_none() {
    let bench = Bench::new().await;
    for status in [400, 403, 404, 500, 503] {
        bench.sign_in.be(Mood::Answer(status, format!("{{\"SigninToken\":\"{SIGN_IN_TOKEN}\"}}")));
        assert_eq!(bench.url(|_| ()).await, Err(AwsError::SignInRefused(status)));
    }
    for body in [
        "",
        "<html>",
        "{}",
        "{\"SigninToken\":null}",
        "{\"SigninToken\":1}",
        "{\"signintoken\":\"a\"}",
        &format!("{SIGN_IN_TOKEN}{SECRET}"),
        &format!("{{\"SigninToken\":\"{}\"}}", "x".repeat(64 << 10)),
    ] {
        bench.sign_in.be(Mood::Answer(200, body.to_owned()));
        let error = bench.url(|_| ()).await.unwrap_err();
        assert!(matches!(error, AwsError::SignInUnreadable(_)), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (bench, elsewhere) = (Bench::new().await, FakeSignIn::start().await);
    bench.sign_in.be(Mood::Redirect(elsewhere.url()));
    assert_eq!(bench.url(|_| ()).await, Err(AwsError::SignInRefused(302)));
    assert_eq!(elsewhere.queries(), [""; 0]);
}

#[tokio::test]
async fn silence_ends_in_time_and_nobody_is_there() {
    let bench = Bench::new().await;
    bench.sign_in.be(Mood::Silent);
    let timeout = Duration::from_millis(300);
    let begun = Instant::now();
    let result = bench.url(|options| options.sign_in_timeout = timeout).await;
    assert_eq!(result, Err(AwsError::SignInTimeout(timeout)));
    assert!(begun.elapsed() < timeout * 10);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}/federation", listener.local_addr().unwrap());
    drop(listener);
    let error = bench.url(|options| options.sign_in = Some(gone)).await.unwrap_err();
    assert!(matches!(&error, AwsError::SignInUnreachable(reason) if reason.contains("refused")), "{error}");
}
