//! How granted sessions come out: durations, names, identities, tags.

use super::*;

fn only(settings: &str, request: &aws::Request) -> aws::Grant {
    let mut answer = policy(&with(settings)).grants(request).unwrap();
    assert_eq!(answer.grants.len(), 1, "{settings}: {answer:?}");
    answer.grants.remove(0)
}

#[test]
fn without_a_word_about_it_the_host_decides() {
    let grant = only(r#""single":{"account":"prod","role":"r"}"#, &asking("alice", &[]));
    let expected = aws::Grant {
        account: "prod".into(),
        role: "r".into(),
        reason: "every user has this role".into(),
        ..aws::Grant::default()
    };
    assert_eq!(grant, expected);
}

#[test]
fn the_nearest_duration_goes_first() {
    for (settings, expected) in [
        (r#""single":{"account":"prod","role":"r"}"#, None),
        (r#""duration":"2h","single":{"account":"prod","role":"r"}"#, Some(7200)),
        (r#""duration":"2h","durations":{"r":900},"single":{"account":"prod","role":"r"}"#, Some(900)),
        (r#""duration":"2h","durations":{"R":900},"single":{"account":"prod","role":"r"}"#, Some(7200)),
        (r#""durations":{"r":900},"single":{"account":"prod","role":"r","duration":"12h"}"#, Some(43_200)),
    ] {
        assert_eq!(only(settings, &asking("alice", &[])).duration_seconds, expected, "{settings}");
    }
}

#[test]
fn a_rules_own_words_go_before_the_defaults() {
    let defaults =
        r#""session_name":"{user}","source_identity":"{user}","tags":{"Team":"none","by":"{user}"}"#;
    let plain =
        only(&format!(r#"{defaults},"single":{{"account":"prod","role":"r"}}"#), &asking("alice", &[]));
    assert_eq!(plain.session_name.as_deref(), Some("alice"));
    assert_eq!(plain.source_identity.as_deref(), Some("alice"));
    let tags = |tags: &[(&str, &str)]| -> Pairs {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(plain.tags, tags(&[("Team", "none"), ("by", "alice")]));
    let own = format!(
        r#"{defaults},"groups":[{{"pattern":"(?P<account>.+)-(?P<role>.+)","session_name":"{{role}}-{{user}}",
            "source_identity":"fixed","tags":{{"team":"{{group}}","account":"{{account}}"}},
            "session_policy":"{{}}","external_id":"abc","reason":"own words"}}]"#
    );
    let own = only(&own, &asking("alice", &["prod-r"]));
    assert_eq!(own.session_name.as_deref(), Some("r-alice"));
    assert_eq!(own.source_identity.as_deref(), Some("fixed"));
    assert_eq!(
        own.tags,
        tags(&[("account", "prod"), ("team", "prod-r"), ("by", "alice")].map(|tag| tag)).sorted()
    );
    assert_eq!((own.session_policy.as_deref(), own.external_id.as_deref()), (Some("{}"), Some("abc")));
    assert_eq!(own.reason, "own words");
}

#[test]
fn a_session_name_that_aws_refuses_is_left_to_the_host() {
    let settings = r#""single":{"account":"prod","role":"r","session_name":"web-{user}"}"#;
    for (user, expected) in [
        ("alice", Some("web-alice")),
        ("DOM\\bob", None),
        ("a b", None),
        (&"x".repeat(60), Some(format!("web-{}", "x".repeat(60)).as_str())),
        (&"x".repeat(61), None),
    ] {
        assert_eq!(only(settings, &asking(user, &[])).session_name.as_deref(), expected, "{user}");
    }
}

#[test]
fn what_narrows_a_session_is_there_or_the_grant_is_not() {
    for (session, user, granted) in [
        (r#""source_identity":"{user}""#, "alice", true),
        (r#""source_identity":"{user}""#, "a", false),
        (r#""source_identity":"{user}""#, "DOM\\bob", false),
        (r#""source_identity":"{attribute:email}""#, "alice", false),
        (r#""tags":{"user":"{user}"}"#, "alice", true),
        (r#""tags":{"user":"{user}"}"#, "Ärzte e V", true),
        (r#""tags":{"user":"{user}"}"#, "DOM\\bob", false),
        (r#""tags":{"user":"{user}"}"#, &"x".repeat(257), false),
        (r#""tags":{"mail":"{attribute:email}"}"#, "alice", false),
    ] {
        let rule = with(&format!(
            r#""single":{{"account":"prod","role":"r",{session}}},
               "grants":[{{"users":"*","accounts":["prod"],"roles":["r"]}}]"#
        ));
        let answer = policy(&rule).grants(&asking(user, &[])).unwrap();
        assert_eq!(
            !answer.grants.is_empty(),
            granted,
            "{session} {user}: a later rule must not make it wider"
        );
    }
}

#[test]
fn no_word_of_the_request_gets_into_a_session() {
    let settings = with(
        r#""groups":[{"pattern":"(?P<account>.+)-(?P<role>.+)","tags":{"g":"{group}","u":"{user}"}}],
           "single":{"account":"prod","role":"r","session_name":"{user}","tags":{"role":"{role}"}}"#,
    );
    let policy = policy(&settings);
    let plain = policy.grants(&asking("alice", &["dev-x"])).unwrap();
    let mut loud = asking("alice", &["dev-x"]);
    loud.callback_url = Some("evil".into());
    loud.mount = "evil".into();
    loud.purpose = "console".into();
    loud.extra = vec![("user".into(), "evil".into()), ("group".into(), "evil".into())];
    loud.context.decision = "evil".into();
    assert_eq!(policy.grants(&loud).unwrap(), plain);
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl Sorted for Pairs {
    fn sorted(mut self) -> Self {
        self.sort();
        self
    }
}
