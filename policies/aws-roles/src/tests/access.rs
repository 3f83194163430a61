//! Access for a time: who may request, who may approve, and what an approved request grants.

use super::*;

const RULES: &str = r#""tags":{"mail":"{attribute:mail}"},
    "grants":[{"users":"alice","accounts":"dev","roles":"reader","tags":{"mail":"none"}}],
    "requests":[
        {"users":"alice","groups":"developers","accounts":"prod","roles":["repair","admin"],
            "approvers":{"users":"carol","groups":"leads"},"longest":"4h","duration":"30m","tags":{"mail":"none"}},
        {"users":"*","accounts":"*","roles":"reader","approvers":{"groups":"leads"}}],
    "denials":[{"users":"mallory","roles":"repair"}]"#;

fn ask(purpose: &str, name: &str, groups: &[&str]) -> aws::Answer {
    let request = aws::Request { purpose: purpose.into(), ..asking(name, groups) };
    policy(&with(RULES)).grants(&request).unwrap()
}

fn access(account: &str, role: &str) -> (String, String) {
    let json = format!(
        r#"{{"id":"0192","account":"{account}","role":"{role}","until":1795042800,"approver":"carol","reason":"ticket 7"}}"#
    );
    ("access".into(), json)
}

#[test]
fn who_may_request_and_who_may_approve() {
    let everybodys = [("dev", "reader"), ("prod", "reader")];
    let repair = [("prod", "repair"), ("prod", "admin")];
    for (purpose, name, groups, expected) in [
        ("request", "alice", &[][..], [&repair[..], &everybodys].concat()),
        ("request", "bob", &["developers"], [&repair[..], &everybodys].concat()),
        ("request", "bob", &["leads"], everybodys.to_vec()),
        ("request", "carol", &[], everybodys.to_vec()),
        ("approve", "carol", &[], repair.to_vec()),
        ("approve", "dan", &["leads"], [&repair[..], &everybodys].concat()),
        ("approve", "alice", &["developers"], vec![]),
    ] {
        let answer = ask(purpose, name, groups);
        assert_eq!(pairs(&answer), expected, "{purpose} {name} {groups:?}");
        for grant in &answer.grants {
            assert_eq!(grant.extra, [("access".into(), purpose.into())], "no role to be had is marked");
            let longest = if grant.role == "reader" { 3600 } else { 4 * 3600 };
            assert_eq!(grant.duration_seconds, Some(longest));
        }
    }
    let denied = ask("request", "mallory", &["developers"]);
    assert_eq!(denied.denials.len(), 1, "{denied:?}");
    assert!(ask("request", "", &[]).grants.is_empty());
}

#[test]
fn what_was_approved_is_granted_while_a_rule_still_lets_it_be_requested() {
    let with_access = |name: &str, groups: &[&str], extra: Vec<(String, String)>| {
        let request = aws::Request { purpose: "credentials".into(), extra, ..asking(name, groups) };
        policy(&with(RULES)).grants(&request).unwrap()
    };
    let answer = with_access("alice", &[], vec![access("prod", "repair")]);
    assert_eq!(pairs(&answer), [("dev", "reader"), ("prod", "repair")]);
    let grant = &answer.grants[1];
    assert_eq!(grant.extra, [("access".into(), "0192".into())]);
    assert_eq!(grant.duration_seconds, Some(1800));
    assert_eq!(grant.reason, "\"carol\" approved it: ticket 7");
    for (name, groups, extra, expected) in [
        // Nothing was approved, or another role.
        ("alice", &[][..], vec![], &[("dev", "reader")][..]),
        ("alice", &[], vec![access("prod", "other")], &[("dev", "reader")]),
        ("alice", &[], vec![access("dev", "repair")], &[("dev", "reader")]),
        // Who is no developer any more has lost it.
        ("bob", &["developers"], vec![access("prod", "admin")], &[("prod", "admin")]),
        ("bob", &[], vec![access("prod", "admin")], &[]),
        // A tag that the session needs is not known, as for every grant.
        ("bob", &[], vec![access("prod", "reader")], &[]),
        // What the user has anyway stays what it was.
        ("alice", &[], vec![access("dev", "reader")], &[("dev", "reader")]),
        ("alice", &[], vec![("access".into(), "nonsense".into())], &[("dev", "reader")]),
        ("alice", &[], vec![("other".into(), access("prod", "repair").1)], &[("dev", "reader")]),
    ] {
        let answer = with_access(name, groups, extra.clone());
        assert_eq!(pairs(&answer), expected, "{name} {groups:?} {extra:?}");
    }
}

#[test]
fn rules_about_one_role_have_the_same_approvers() {
    let rules = |rules: &str| {
        let json = with(&format!(r#""requests":[{rules}]"#));
        portcullis_policy_sdk::parse(&json).and_then(Checked::new).err().unwrap_or_default()
    };
    let rule = |user: &str, accounts: &str, role: &str, approvers: &str| {
        format!(
            r#"{{"users":"{user}","accounts":"{accounts}","roles":["own","{role}"],"approvers":{approvers}}}"#
        )
        .replace("own", user)
    };
    let first = rule("alice", "prod", "repair", r#"{"users":["carol","dan"]}"#);
    for (accounts, role, approvers, is_refused) in [
        ("prod", "repair", r#"{"users":["erin"]}"#, true),
        ("*", "repair", r#"{"users":["erin"]}"#, true),
        ("prod", "repair", r#"{"users":["carol","dan"],"groups":["leads"]}"#, true),
        ("prod", "repair", r#"{"groups":["carol","dan"]}"#, true),
        ("prod", "repair", r#"{"users":["dan","carol","dan"]}"#, false),
        ("prod", "admin", r#"{"users":["erin"]}"#, false),
        ("dev", "repair", r#"{"users":["erin"]}"#, false),
    ] {
        let other = rule("bob", "dev", "other", r#"{"users":["frank"]}"#);
        let error = rules(&format!("{first},{other},{}", rule("gina", accounts, role, approvers)));
        let part = "`requests[0]` and `requests[2]` are both about role `repair` in account `prod`";
        assert_eq!(error.contains(part), is_refused, "{accounts} {role} {approvers}: {error}");
        assert_eq!(error.is_empty(), !is_refused, "{error}");
    }
}

/// A request of the longer rule can be approved also where a shorter one stands before it.
#[test]
fn approvers_approve_for_as_long_as_the_longest_rule() {
    let rules = r#""requests":[
        {"users":"alice","accounts":"prod","roles":"repair","approvers":{"users":"carol"},"longest":"1h"},
        {"users":["alice","bob"],"accounts":"*","roles":"repair","approvers":{"users":"carol"},"longest":"4h"},
        {"users":"dan","accounts":"prod","roles":"repair","approvers":{"users":"carol"},"longest":"2h"}]"#;
    for (purpose, name, seconds) in [
        ("request", "alice", 3600),
        ("request", "bob", 14400),
        ("request", "dan", 7200),
        ("approve", "carol", 14400),
    ] {
        let asked = (Some("prod".to_owned()), Some("repair".to_owned()));
        let request =
            aws::Request { purpose: purpose.into(), account: asked.0, role: asked.1, ..asking(name, &[]) };
        let answer = policy(&with(rules)).grants(&request).unwrap();
        let found: Vec<_> = answer.grants.iter().map(|grant| grant.duration_seconds).collect();
        assert_eq!(found, [Some(seconds)], "{purpose} {name}");
    }
}

#[test]
fn rules_that_make_no_sense() {
    let rule = |rule: &str| {
        let json = with(&format!(r#""requests":[{{"accounts":"prod","roles":"r",{rule}}}]"#));
        portcullis_policy_sdk::parse(&json).and_then(Checked::new).err().unwrap_or_default()
    };
    for (json, part) in [
        (r#""users":"a""#, "missing field `approvers`"),
        (r#""users":"a","approvers":{}"#, "`requests[0]`: `approvers` names nobody"),
        (r#""approvers":{"users":"b"}"#, "`requests[0]` lets nobody request"),
        (r#""groups":"*","approvers":{"users":"b"}"#, "`groups` are named one by one"),
        (r#""users":"a","approvers":{"groups":"*"}"#, "`groups` are named one by one"),
        (r#""users":"a","approvers":{"user":"b"}"#, "unknown key"),
        (r#""users":"a","approvers":{"users":"b"},"longest":"13h""#, "`13h` is not from"),
        (r#""users":"a","approvers":{"users":"b"},"tags":{"t":"{group}"}"#, "`{group}` is known only"),
    ] {
        assert!(rule(json).contains(part), "{json}: {}", rule(json));
    }
    assert_eq!(rule(r#""users":"a","approvers":{"users":"*"}"#), "");
}
