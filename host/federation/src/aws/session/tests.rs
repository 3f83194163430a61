//! Every limit from both sides.

use super::*;
use crate::aws::{AccountId, Partition};
use proptest::prelude::*;
use std::collections::HashSet;

fn account() -> Account {
    Account { id: "012345678901".parse::<AccountId>().unwrap(), partition: Partition::Aws }
}

fn grant() -> Grant {
    Grant { account: "prod".into(), role: "deploy".into(), ..Grant::default() }
}

fn session(change: impl FnOnce(&mut Grant)) -> Result<Session, SessionError> {
    let mut grant = grant();
    change(&mut grant);
    Session::new(&account(), "", "alice", &grant)
}

#[test]
fn a_plain_grant() {
    let session = session(|_| ()).unwrap();
    assert_eq!(session.role_arn(), "arn:aws:iam::012345678901:role/deploy");
    assert_eq!(session.name(), "alice");
    assert_eq!(session.duration(), Duration::from_hours(1));
    assert_eq!(session.limit(), None);
    assert_eq!(Session::new(&account(), "", "", &grant()), Err(SessionError::NoUser));
}

#[test]
fn roles() {
    for (role, arn) in [
        ("a", "arn:aws-cn:iam::012345678901:role/a"),
        ("team/x", "arn:aws-cn:iam::012345678901:role/team/x"),
        ("a/b/c_+=,.@-", "arn:aws-cn:iam::012345678901:role/a/b/c_+=,.@-"),
    ] {
        let account = Account { partition: Partition::AwsCn, ..account() };
        let grant = Grant { role: role.into(), ..grant() };
        assert_eq!(Session::new(&account, "", "alice", &grant).unwrap().role_arn(), arn);
    }
    let name = "n".repeat(64);
    let longest = format!("pp/{}{name}", "p/".repeat(975));
    assert_eq!(session(|grant| grant.role.clone_from(&longest)).unwrap().role_arn().len(), 2048);
    for role in [
        String::new(),
        "/a".into(),
        "a/".into(),
        "a//b".into(),
        "a b".into(),
        "a:b".into(),
        "a*".into(),
        "ä".into(),
        "a\n".into(),
        format!("{name}n"),
        format!("p{longest}"),
    ] {
        let error = session(|grant| grant.role.clone_from(&role)).unwrap_err();
        assert!(matches!(error, SessionError::Role { .. }), "{role}: {error}");
    }
}

#[test]
fn durations() {
    for seconds in [900, 3600, 43_200] {
        let session = session(|grant| grant.duration_seconds = Some(seconds)).unwrap();
        assert_eq!(session.limit(), Some(Duration::from_secs(seconds.into())));
        assert_eq!(session.duration(), Duration::from_secs(seconds.into()));
    }
    for seconds in [0, 899, 43_201, u32::MAX] {
        let error = session(|grant| grant.duration_seconds = Some(seconds)).unwrap_err();
        assert_eq!(error, SessionError::Duration(seconds));
    }
}

#[test]
fn names_and_source_identities() {
    for name in ["ab", "alice@example.org", "a_+=,.@-Z9", &"a".repeat(64)] {
        assert_eq!(session(|grant| grant.session_name = Some(name.into())).unwrap().name(), name);
        let session = session(|grant| grant.source_identity = Some(name.into())).unwrap();
        assert_eq!(session.source_identity(), Some(name));
    }
    for name in ["", "a", "a b", "a/b", "aws:a", "ä1", "a\nb", &"a".repeat(65)] {
        let error = session(|grant| grant.session_name = Some(name.into())).unwrap_err();
        assert!(matches!(error, SessionError::Name(_)), "{name}");
        let error = session(|grant| grant.source_identity = Some(name.into())).unwrap_err();
        assert!(matches!(error, SessionError::SourceIdentity(_)), "{name}");
    }
}

fn tags(tags: &[(&str, &str)]) -> Result<Session, SessionError> {
    session(|grant| {
        grant.tags = tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    })
}

#[test]
fn tags_within_their_limits() {
    let longest = ("ä".repeat(128), "ß".repeat(256));
    for pair in [("a", ""), ("Kosten stelle", "中 ١Ⅷ\u{3000}"), ("_.:/=+-@", "x"), (&longest.0, &longest.1)]
    {
        assert!(tags(&[pair]).is_ok(), "{pair:?}");
    }
    let fifty: Vec<_> = (0..50).map(|number| (number.to_string(), "v".to_owned())).collect();
    assert!(session(|grant| grant.tags.clone_from(&fifty)).is_ok());
    let error = session(|grant| grant.tags = [&fifty[..], &[("x".into(), "v".into())]].concat()).unwrap_err();
    assert_eq!(error, SessionError::TooManyTags(51));
}

#[test]
fn tags_beyond_them() {
    let long = (String::from("a").repeat(129), String::from("a").repeat(257));
    for key in ["", "a,b", "a*", "a\tb", "a\u{301}", "😀", &long.0] {
        assert!(matches!(tags(&[(key, "v")]), Err(SessionError::TagKey(_))), "{key}");
    }
    for value in ["a,b", "a\n", "e\u{301}", "€", &long.1] {
        assert!(matches!(tags(&[("k", value)]), Err(SessionError::TagValue(_))), "{value}");
    }
    for pair in [("aws:x", "v"), ("AWS:x", "v"), ("k", "aws:v")] {
        assert!(matches!(tags(&[pair]), Err(SessionError::ReservedTag(_))), "{pair:?}");
    }
    for key in ["department", "DEPARTMENT", "Department"] {
        assert!(matches!(tags(&[("Department", "a"), (key, "b")]), Err(SessionError::TagTwice(_))), "{key}");
    }
    assert!(tags(&[("ÄÖ", "a"), ("ao", "b")]).is_ok());
    assert!(matches!(tags(&[("ÄÖ", "a"), ("äö", "b")]), Err(SessionError::TagTwice(_))));
}

#[test]
fn session_policies() {
    let longest = format!("{{\"a\":\"{}\"}}", "ÿ".repeat(2040));
    for policy in ["{}", "{\n\t\"Version\": \"2012-10-17\"\r\n}", &longest] {
        assert_eq!(
            session(|grant| grant.session_policy = Some(policy.into())).unwrap().policy(),
            Some(policy)
        );
    }
    for (policy, length) in [(String::new(), 0), (format!("{longest} "), 2049)] {
        let error = session(|grant| grant.session_policy = Some(policy)).unwrap_err();
        assert_eq!(error, SessionError::PolicyLength(length));
    }
    for policy in ["{\"a\":\"€\"}", "{\"a\":\u{0}}", "{\u{c}}"] {
        let error = session(|grant| grant.session_policy = Some(policy.into())).unwrap_err();
        assert!(matches!(error, SessionError::PolicyCharacter(_)), "{policy}");
    }
    for policy in ["{", "[]", "\"a\"", "null", "{}{}", "{'a': 1}", " "] {
        let error = session(|grant| grant.session_policy = Some(policy.into())).unwrap_err();
        assert!(matches!(error, SessionError::PolicyJson(_)), "{policy}");
    }
}

#[test]
fn external_ids() {
    for id in ["ab", "a:b/c_+=,.@-", &"a".repeat(1224)] {
        let session = session(|grant| grant.external_id = Some(id.into())).unwrap();
        assert_eq!(session.external_id(), Some(id));
        assert!(id == "ab" || !format!("{session:?}").contains(id));
    }
    for id in ["", "a", "a b", "a\\b", "ä1", &"a".repeat(1225)] {
        assert_eq!(
            session(|grant| grant.external_id = Some(id.into())),
            Err(SessionError::ExternalId),
            "{id}"
        );
    }
}

#[test]
fn an_error_names_the_field_and_its_limit_and_little_else() {
    let error =
        session(|grant| grant.session_name = Some(format!("{}\u{1b}", "x".repeat(5000)))).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the session name `xxx") && text.contains("2 to 64"), "{text}");
    assert!(text.len() < 250 && !text.contains('\u{1b}'), "{text}");
}

/// Every input makes a session of its own: what differs in any of them shares no entry of a cache.
#[test]
fn any_difference_is_a_difference() {
    let mut all = vec![
        session(|_| ()).unwrap(),
        session(|grant| grant.role = "other".into()).unwrap(),
        session(|grant| grant.duration_seconds = Some(3600)).unwrap(),
        session(|grant| grant.duration_seconds = Some(901)).unwrap(),
        session(|grant| grant.session_name = Some("bob".into())).unwrap(),
        session(|grant| grant.source_identity = Some("alice".into())).unwrap(),
        session(|grant| grant.tags = vec![("a".into(), "b".into())]).unwrap(),
        session(|grant| grant.tags = vec![("a".into(), "c".into())]).unwrap(),
        session(|grant| grant.session_policy = Some("{}".into())).unwrap(),
        session(|grant| grant.session_policy = Some("{ }".into())).unwrap(),
        session(|grant| grant.external_id = Some("ab".into())).unwrap(),
    ];
    // The same session name, another user.
    let named = Grant { session_name: Some("alice".into()), ..grant() };
    all.push(Session::new(&account(), "", "bob", &named).unwrap());
    for account in [
        Account { id: "012345678902".parse().unwrap(), ..account() },
        Account { partition: Partition::AwsUsGov, ..account() },
    ] {
        all.push(Session::new(&account, "", "alice", &grant()).unwrap());
    }
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    assert_eq!(session(|grant| grant.session_name = Some("alice".into())), session(|_| ()));
    assert_eq!(session(|grant| grant.reason = "other".into()), session(|_| ()));
}

proptest! {
    /// No grant of a policy can exceed the limits of STS.
    #[test]
    fn nothing_comes_through_that_sts_would_not_take(
        user in ".{0,80}",
        role in ".{0,80}",
        name in proptest::option::of(".{0,80}"),
        tags in proptest::collection::vec((".{0,10}", ".{0,10}"), 0..4),
        policy in proptest::option::of(".{0,20}"),
        seconds in proptest::option::of(any::<u32>()),
    ) {
        let grant = Grant {
            role,
            session_name: name,
            tags,
            session_policy: policy,
            duration_seconds: seconds,
            ..Grant::default()
        };
        if let Ok(session) = Session::new(&account(), "", &user, &grant) {
            prop_assert!((2..=64).contains(&session.name().len()));
            prop_assert!(session.name().chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@-".contains(char)));
            prop_assert!((900..=43_200).contains(&session.duration().as_secs()));
            prop_assert!(session.role_arn().is_ascii());
            prop_assert_eq!(session.user(), user);
        }
    }
}

#[test]
fn a_session_ends_with_the_token_of_who_asks() {
    let now = SystemTime::now();
    let in_seconds = |seconds: u64| now + Duration::from_secs(seconds);
    let granted = |seconds| {
        let grant = Grant { role: "deploy".into(), duration_seconds: seconds, ..Grant::default() };
        Session::new(&account(), "", "alice", &grant).unwrap()
    };
    for (seconds, left, expected) in [
        (None, 7200, 3600),
        (None, 1800, 1800),
        (None, 901, 901),
        // STS knows no shorter ones.
        (None, 900, 900),
        (None, 30, 900),
        (None, 0, 900),
        (Some(900), 30, 900),
        (Some(43_200), 30_000, 30_000),
        (Some(1200), 30_000, 1200),
    ] {
        let session = granted(seconds).ending(in_seconds(left), now);
        let lasts = session.duration().as_secs();
        assert!((expected - 5..=expected).contains(&lasts), "{seconds:?} {left}: {lasts}");
        // A console lasts no longer either.
        let console = session.limit().unwrap().as_secs();
        let longest = left.max(900).min(seconds.map_or(43_200, u64::from));
        assert!((longest - 5..=longest).contains(&console), "{seconds:?} {left}: {console}");
    }
    assert_eq!(granted(None).ending(now - Duration::from_secs(20), now).duration().as_secs(), 900);
    let long = granted(None).ending(in_seconds(86_400), now);
    assert_eq!((&long, long.limit()), (&granted(None), None));
    // One token, one session; tokens of a few minutes, one session too.
    let early = granted(None).ending(in_seconds(1800), now);
    assert_eq!(early, granted(None).ending(in_seconds(1800), in_seconds(60)));
    assert_ne!(early, granted(None).ending(in_seconds(1801), now));
    assert_ne!(early, granted(None));
    assert_eq!(granted(None).ending(in_seconds(300), now), granted(None).ending(in_seconds(600), now));
}
