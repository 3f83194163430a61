//! Whose keys the calls are signed with.
//!
//! The environment belongs to the process, so what is found there is tried in one of its own: this program, run
//! again for one test.

use super::{TWENTY_MINUTES, account, grant, keys, options, session};
use portcullis_contract::aws::Grant;
use portcullis_federation::aws::{Aws, AwsError, AwsOptions, Keys, Partition, Session};
use portcullis_testing::fake_sts::{FakeSts, Mood};
use std::env;
use std::fs;
use std::process::Stdio;
use tokio::process::Command;

const ENDPOINT: &str = "PORTCULLIS_TEST_STS";

/// What the program says that looks for keys in this environment.
async fn found(sts: &FakeSts, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "aws::own_keys::in_an_environment_of_its_own", "--ignored", "--nocapture"]);
    command
        .env_clear()
        .env(ENDPOINT, sts.url())
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(environment.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.split_once("OUTCOME ")).unwrap_or_else(|| panic!("{text}")).1.to_owned()
}

#[tokio::test]
#[ignore = "it is run by others, each in an environment of its own"]
async fn in_an_environment_of_its_own() {
    let endpoint = Some(env::var(ENDPOINT).unwrap());
    let aws = Aws::open(AwsOptions { endpoint, ..AwsOptions::default() }).await.unwrap();
    let mut outcome = String::new();
    for seconds in [3600, 3601] {
        let grant = Grant { duration_seconds: Some(seconds), ..grant() };
        let session = Session::new(&account(Partition::Aws), "", "alice", &grant).unwrap();
        match aws.credentials(&session, TWENTY_MINUTES).await {
            Ok(_) => outcome.push_str("ok; "),
            Err(error) => outcome.push_str(&error.to_string()),
        }
    }
    println!("OUTCOME {outcome}");
}

#[tokio::test]
async fn long_term_keys_in_the_environment() {
    let sts = FakeSts::start().await;
    let environment = [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT00000"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
    assert_eq!(found(&sts, &environment).await, "ok; ok; ");
    assert_eq!(sts.questions()[0].access_key_id, "AKIAENVIRONMENT00000");
}

#[tokio::test]
async fn temporary_keys_get_an_hour_at_most() {
    let sts = FakeSts::start().await;
    let environment = [
        ("AWS_ACCESS_KEY_ID", "ASIAENVIRONMENT00000"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_SESSION_TOKEN", "hunter3"),
    ];
    let outcome = found(&sts, &environment).await;
    assert!(
        outcome.starts_with("ok; a session of 1h 1s is not allowed: our own AWS keys are temporary"),
        "{outcome}"
    );
    assert_eq!((sts.count(), sts.complaints()), (1, vec![]));
}

#[tokio::test]
async fn keys_in_a_profile() {
    let sts = FakeSts::start().await;
    let folder = env::temp_dir().join(format!("portcullis-own-keys-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("credentials");
    let text = "[default]\naws_access_key_id = AKIAPROFILE000000000\naws_secret_access_key = hunter2\n";
    fs::write(&file, text).unwrap();
    let outcome = found(&sts, &[("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())]).await;
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(outcome, "ok; ok; ");
    assert_eq!(sts.questions()[0].access_key_id, "AKIAPROFILE000000000");
}

#[tokio::test]
async fn no_keys_anywhere() {
    let sts = FakeSts::start().await;
    let outcome = found(&sts, &[]).await;
    assert!(outcome.starts_with("our own AWS keys cannot be used: none were found: "), "{outcome}");
    assert_eq!(sts.count(), 0);
}

#[tokio::test]
async fn it_can_be_said_that_keys_are_temporary() {
    let sts = FakeSts::start().await;
    let options = AwsOptions { long_term_keys: Some(false), ..options(&sts) };
    let aws = Aws::open(options).await.unwrap();
    let long = Grant { duration_seconds: Some(7200), ..grant() };
    let long = Session::new(&account(Partition::Aws), "", "alice", &long).unwrap();
    let error = aws.credentials(&long, TWENTY_MINUTES).await.unwrap_err();
    assert_eq!(error, AwsError::Chained(long.duration()));
    assert_eq!(sts.count(), 0);
    assert!(aws.credentials(&session("alice"), TWENTY_MINUTES).await.is_ok());
}

#[tokio::test]
async fn options_that_cannot_be_worked_with() {
    let sts = FakeSts::start().await;
    let temporary = Keys { access_key_id: "ASIAIOSFODNN7EXAMPLE".into(), ..keys() };
    for options in [
        AwsOptions { keys: Some(temporary), ..options(&sts) },
        AwsOptions { endpoint: Some("http://sts.example".into()), ..options(&sts) },
        AwsOptions { region: Some("nowhere!".into()), ..options(&sts) },
    ] {
        let error = Aws::open(options).await.unwrap_err();
        assert!(matches!(error, AwsError::Option { .. }), "{error}");
    }
    sts.be(Mood::Ok);
    assert_eq!(sts.count(), 0, "and nothing is asked");
}
