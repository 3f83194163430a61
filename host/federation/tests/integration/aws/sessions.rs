//! What is asked, and what comes of it.

use super::{TWENTY_MINUTES, account, aws, grant, options, session};
use portcullis_contract::aws::Grant;
use portcullis_federation::aws::{Aws, AwsError, AwsOptions, Partition, Session};
use portcullis_testing::fake_sts::{FakeSts, Mood, SECRET, TOKEN};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[tokio::test]
async fn a_plain_session() {
    let sts = FakeSts::start().await;
    let aws = aws(&sts).await;
    let before = SystemTime::now();
    let credentials = aws.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap();
    assert_eq!(credentials.access_key_id(), "ASIAFAKE000000000001");
    assert_eq!(credentials.secret_access_key().expose_secret(), format!("{SECRET}1"));
    assert_eq!(credentials.session_token().expose_secret(), format!("{TOKEN}1=="));
    let life = credentials.expiration().duration_since(before).unwrap();
    assert!(life.as_secs().abs_diff(3600) <= 2, "{life:?}");
    assert!(credentials.fetched_at() >= before);
    let question = &sts.questions()[0];
    assert_eq!(question.form["RoleArn"], "arn:aws:iam::012345678901:role/deploy");
    assert_eq!(question.form["RoleSessionName"], "alice");
    assert_eq!(question.form["DurationSeconds"], "3600");
    assert_eq!(question.form.len(), 5, "{:?}", question.form);
    assert_eq!(
        (question.access_key_id.as_str(), question.region.as_str()),
        ("AKIAIOSFODNN7EXAMPLE", "us-east-1")
    );
    let debug = format!("{credentials:?} {aws:?}");
    assert!(!debug.contains(SECRET) && !debug.contains(TOKEN) && !debug.contains("wJalr"), "{debug}");
}

#[tokio::test]
async fn everything_that_a_grant_may_say() {
    let sts = FakeSts::start().await;
    let full = Grant {
        role: "team/ops/deploy".into(),
        duration_seconds: Some(43_200),
        session_name: Some("alice@example.org".into()),
        source_identity: Some("alice".into()),
        tags: vec![("Team".into(), "Öps & more".replace('&', "+")), ("cost center".into(), String::new())],
        session_policy: Some("{\"Version\":\"2012-10-17\",\"Statement\":[]}".into()),
        external_id: Some("a:b/c".into()),
        ..grant()
    };
    let session = Session::new(&account(Partition::Aws), "", "DOM\\alice", &full).unwrap();
    aws(&sts).await.credentials(&session, TWENTY_MINUTES).await.unwrap();
    let form = &sts.questions()[0].form;
    for (name, value) in [
        ("RoleArn", "arn:aws:iam::012345678901:role/team/ops/deploy"),
        ("RoleSessionName", "alice@example.org"),
        ("DurationSeconds", "43200"),
        ("SourceIdentity", "alice"),
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "Öps + more"),
        ("Tags.member.2.Key", "cost center"),
        ("Tags.member.2.Value", ""),
        ("Policy", "{\"Version\":\"2012-10-17\",\"Statement\":[]}"),
        ("ExternalId", "a:b/c"),
    ] {
        assert_eq!(form[name], value);
    }
    assert_eq!(sts.complaints(), [""; 0]);
}

/// Names that STS refuses as they are, and roles and tags at their limits: none of them costs a call in vain.
#[tokio::test]
async fn sts_takes_whatever_a_session_is_made_of() {
    let sts = FakeSts::start().await;
    let aws = aws(&sts).await;
    let long = ("u".repeat(300), "ü".repeat(128), "v".repeat(256));
    for user in ["a", "::1", "DOM\\bob", "Jörg Müller", "\u{1b}[31m", "../..", &long.0] {
        aws.credentials(&session(user), TWENTY_MINUTES).await.unwrap();
    }
    let tags = (0..49).map(|n| (format!("key {n}"), n.to_string())).chain([(long.1, long.2)]).collect();
    let grant = Grant { tags, duration_seconds: Some(900), ..grant() };
    let session = Session::new(&account(Partition::Aws), "", "alice", &grant).unwrap();
    aws.credentials(&session, TWENTY_MINUTES).await.unwrap();
    assert_eq!((sts.complaints(), sts.count()), (vec![], 8));
}

#[tokio::test]
async fn each_partition_has_its_region() {
    let sts = FakeSts::start().await;
    let aws = aws(&sts).await;
    for (partition, region) in [
        (Partition::Aws, "us-east-1"),
        (Partition::AwsCn, "cn-north-1"),
        (Partition::AwsUsGov, "us-gov-west-1"),
    ] {
        let session = Session::new(&account(partition), "", "alice", &grant()).unwrap();
        aws.credentials(&session, TWENTY_MINUTES).await.unwrap();
        let question = sts.questions().pop().unwrap();
        assert_eq!(question.region, region);
        assert_eq!(question.form["RoleArn"], format!("arn:{partition}:iam::012345678901:role/deploy"));
    }
}

#[tokio::test]
async fn a_configured_region_serves_its_own_partition() {
    let sts = FakeSts::start().await;
    let options = AwsOptions { region: Some("eu-central-1".into()), ..options(&sts) };
    let aws = Aws::open(options).await.unwrap();
    aws.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap();
    assert_eq!(sts.questions()[0].region, "eu-central-1");
    let session = Session::new(&account(Partition::AwsCn), "", "alice", &grant()).unwrap();
    let error = aws.credentials(&session, TWENTY_MINUTES).await.unwrap_err();
    assert!(matches!(error, AwsError::OtherPartition { .. }), "{error}");
    assert_eq!(sts.count(), 1);
}

#[tokio::test]
async fn a_thousand_ask_at_once_and_sts_is_asked_once() {
    let sts = FakeSts::start().await;
    sts.be(Mood::Silent);
    let aws = aws(&sts).await;
    let asking: Vec<_> = (0..1000)
        .map(|_| {
            let aws = aws.clone();
            tokio::spawn(async move { aws.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap() })
        })
        .collect();
    while aws.stats().misses < 1000 {
        tokio::task::yield_now().await;
    }
    sts.asked(1).await;
    sts.be(Mood::Ok);
    let first = aws.credentials(&session("alice"), TWENTY_MINUTES).await.unwrap();
    for asking in asking {
        assert!(Arc::ptr_eq(&first, &asking.await.unwrap()));
    }
    assert_eq!(sts.count(), 1);
}

#[tokio::test]
async fn two_users_never_share() {
    let sts = FakeSts::start().await;
    let aws = aws(&sts).await;
    let shared = Grant { session_name: Some("shared".into()), ..grant() };
    let mut seen = Vec::new();
    for user in ["alice", "bob", "alice"] {
        let session = Session::new(&account(Partition::Aws), "", user, &shared).unwrap();
        seen.push(aws.credentials(&session, TWENTY_MINUTES).await.unwrap());
    }
    assert!(!Arc::ptr_eq(&seen[0], &seen[1]) && Arc::ptr_eq(&seen[0], &seen[2]));
    assert_eq!(sts.count(), 2);
}

#[tokio::test]
async fn the_expiration_is_in_whole_seconds() {
    let sts = FakeSts::start().await;
    sts.be(Mood::Microseconds);
    let credentials = aws(&sts).await.credentials(&session("alice"), Duration::ZERO).await.unwrap();
    let since = credentials.expiration().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(since.subsec_nanos(), 0);
}
