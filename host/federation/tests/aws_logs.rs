//! No credential and no sign-in token is in any log, at any level: everything that anybody writes is collected, and
//! looked through.
//!
//! Alone in its program, since what is collected is what all threads write.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use portcullis_contract::aws::Grant;
use portcullis_federation::aws::{Account, Aws, AwsOptions, ConsolePage, Keys, Partition, Session};
use portcullis_testing::fake_sign_in::FakeSignIn;
use portcullis_testing::fake_sts::{FakeSts, Mood};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const SECRET_KEY: &str = "OurOwnSecretAccessKey";
const EXTERNAL_ID: &str = "TheExternalId";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_is_written_by_anybody() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let (sts, sign_in) = (FakeSts::start().await, FakeSignIn::start().await);
    let options = AwsOptions {
        endpoint: Some(sts.url()),
        sign_in: Some(sign_in.url()),
        keys: Some(Keys {
            access_key_id: "AKIAOUROWN0000000000".into(),
            secret_access_key: SECRET_KEY.into(),
        }),
        ..AwsOptions::default()
    };
    let aws = Aws::open(options).await.unwrap();
    let account = Account { id: "123456789012".parse().unwrap(), partition: Partition::Aws };
    let grant = Grant { role: "deploy".into(), external_id: Some(EXTERNAL_ID.into()), ..Grant::default() };
    let leak = format!("<Credentials><SecretAccessKey>{}", portcullis_testing::fake_sts::SECRET);
    for (number, mood) in [
        Mood::Ok,
        Mood::Garbage(200, leak.clone()),
        Mood::Garbage(500, leak),
        Mood::Error(403, "SignatureDoesNotMatch", portcullis_testing::fake_sts::TOKEN),
        Mood::Error(403, "AccessDenied", "no"),
        Mood::ExpiresIn(-10),
        Mood::Throttled(1),
    ]
    .into_iter()
    .enumerate()
    {
        sts.be(mood);
        let session = Session::new(&account, "", &format!("user{number}"), &grant).unwrap();
        let Ok(credentials) = aws.credentials(&session, Duration::from_mins(20)).await else { continue };
        for mood in [
            portcullis_testing::fake_sign_in::Mood::Ok,
            portcullis_testing::fake_sign_in::Mood::Answer(
                500,
                portcullis_testing::fake_sign_in::SIGN_IN_TOKEN.into(),
            ),
            portcullis_testing::fake_sign_in::Mood::Answer(
                200,
                portcullis_testing::fake_sign_in::SIGN_IN_TOKEN.into(),
            ),
        ] {
            sign_in.be(mood);
            let _ = aws.console_url(&session, &credentials, ConsolePage::default()).await;
        }
        tracing::debug!(?aws, ?session, ?credentials, "as somebody might write it");
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("AWS gave new credentials") && text.contains("TRACE"), "everything is collected");
    // As they are, and as they are in a URL; the key ids of the credentials too.
    for secret in [
        portcullis_testing::fake_sts::SECRET,
        "FAKE%2FSECRET",
        portcullis_testing::fake_sts::TOKEN,
        "FakeSessionToken",
        portcullis_testing::fake_sign_in::SIGN_IN_TOKEN,
        "FakeSigninToken",
        "ASIAFAKE",
        SECRET_KEY,
        EXTERNAL_ID,
        "AWS4-HMAC-SHA256",
        "getSigninToken",
    ] {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "`{secret}` is in the log: {line:?}");
    }
}
