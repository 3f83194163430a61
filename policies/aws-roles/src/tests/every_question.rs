//! What must hold for every question.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Instant;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-c*-]{1,4}", "(prod|dev|x)-[ab]{0,2}", "\\PC{0,6}"]
}

fn requests() -> impl Strategy<Value = aws::Request> {
    let asked = || proptest::option::of(prop_oneof![Just("prod".to_owned()), Just("dev".to_owned()), name()]);
    let peer =
        proptest::option::of(prop_oneof![Just("10.1.2.3:5".to_owned()), Just("unix".to_owned()), name()]);
    let facts = proptest::collection::vec(("(host-name|email)", "(web1|x)\\.example\\.com|[a@]{0,3}"), 0..3);
    let who = (
        proptest::option::of(name()),
        "(address|header|anonymous|)",
        proptest::collection::vec(name(), 0..5),
    );
    (who, facts, asked(), asked(), peer, any::<u64>()).prop_map(
        |((user, authentication, groups), attributes, account, role, peer, now)| {
            let mut request = aws::Request { account, role, ..aws::Request::default() };
            request.principal.name = user;
            request.principal.authentication = authentication;
            request.principal.groups = groups;
            request.principal.attributes = attributes;
            request.context.peer = peer;
            request.context.now = now;
            request
        },
    )
}

const EVERYTHING: &str = r#""duration":"1h","durations":{"a":900},"session_name":"{user}",
    "groups":[{"pattern":"(?P<account>.*)-(?P<role>.*)","tags":{"g":"{group}"}}],
    "hosts":[{"domains":["example.com"],"account":"dev","pattern":"(?P<role>[a-z]+)1"}],
    "networks":[{"networks":"10.0.0.0/8","account":"dev","role":"a"}],
    "single":{"account":"dev","role":"b","source_identity":"{attribute:email}"},
    "grants":[{"users":["a","b"],"groups":["c"],"accounts":"*","roles":["a","b","c"],"when":{"from":"08:00"}},
              {"users":"*","networks":"10.0.0.0/8","accounts":["prod"],"roles":["a"]}],
    "denials":[{"users":["a"],"networks":"10.0.0.0/8","accounts":["dev"],"roles":["a","b"]},{"groups":["c"]}]"#;

proptest! {
    #[test]
    fn only_what_exists_and_was_asked_once_each(request in requests()) {
        let policy = policy(&with(EVERYTHING));
        let answer = policy.grants(&request).unwrap();
        let granted = pairs(&answer);
        prop_assert_eq!(granted.iter().collect::<BTreeSet<_>>().len(), granted.len());
        for (account, role) in &granted {
            prop_assert!(["prod", "dev"].contains(account) && !role.is_empty());
            prop_assert!(request.account.as_ref().is_none_or(|asked| asked == account));
            prop_assert!(request.role.as_ref().is_none_or(|asked| asked == role));
        }
        prop_assert!(answer.grants.iter().all(|grant| !grant.reason.is_empty()));
        if request.principal.name.as_ref().is_none_or(String::is_empty) {
            prop_assert_eq!(answer, aws::Answer::default());
        }
    }

    #[test]
    fn what_is_asked_by_name_comes_out_as_in_the_list(request in requests()) {
        let policy = policy(&with(EVERYTHING));
        let list = aws::Request { account: None, role: None, ..request.clone() };
        let mut expected = policy.grants(&list).unwrap().grants;
        expected.retain(|grant| {
            request.account.as_ref().is_none_or(|asked| *asked == grant.account)
                && request.role.as_ref().is_none_or(|asked| *asked == grant.role)
        });
        prop_assert_eq!(policy.grants(&request).unwrap().grants, expected);
    }

    #[test]
    fn another_group_never_takes_a_role_away(mut request in requests(), group in "(prod|dev)-[ab]") {
        let policy = policy(&with(EVERYTHING));
        let before = policy.grants(&request).unwrap();
        request.principal.groups.push(group);
        let after = policy.grants(&request).unwrap();
        let after: BTreeSet<_> = pairs(&after).into_iter().collect();
        prop_assert!(pairs(&before).iter().all(|pair| after.contains(pair)));
    }
}

#[test]
fn twenty_thousand_rules_about_others_cost_little() {
    let rules: Vec<_> = (0..20_000)
        .map(|n| {
            format!(r#"{{"users":["user{n}"],"groups":["team{n}"],"accounts":["prod"],"roles":["role{n}"]}}"#)
        })
        .collect();
    let settings = with(&format!(r#""grants":[{}]"#, rules.join(",")));
    let policy = policy(&settings);
    let request = asking("user19999", &["team7"]);
    assert_eq!(pairs(&policy.grants(&request).unwrap()), [("prod", "role7"), ("prod", "role19999")]);
    let a_hundred = || {
        let begun = Instant::now();
        for _ in 0..100 {
            std::hint::black_box(policy.grants(&request).unwrap());
        }
        begun.elapsed() / 100
    };
    // A scan of all rules takes some 100 us a question; looking up takes one or two. The best of several, since the
    // machine may be busy.
    let each = (0..20).map(|_| a_hundred()).min().unwrap();
    assert!(each.as_micros() < 50, "{each:?}");
}
