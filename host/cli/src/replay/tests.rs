//! What a replay makes of a log and of answers, without a policy.

use super::*;
use portcullis_contract::aws::{Answer, Denial, Grant, Request};
use portcullis_contract::types::{Opinion, Verdict};
use portcullis_engine::case::CaseResult;
use report::Row;
use std::sync::Arc;

fn verdict(verdict: Verdict) -> Answered {
    Answered::Verdict { verdict, rule: "r".into() }
}

fn roles(roles: &[&str], denied: &[&str]) -> Answered {
    let grant = |role: &&str| Grant { account: "a".into(), role: (*role).into(), ..Grant::default() };
    let denial = |role: &&str| Denial { role: Some((*role).into()), ..Denial::default() };
    let answer = Answer {
        grants: roles.iter().map(grant).collect(),
        denials: denied.iter().map(denial).collect(),
        ..Answer::default()
    };
    Answered::of(CaseResult::Roles(answer), &CaseInput::AwsRoles(Arc::new(Request::default())))
}

#[test]
fn a_change_is_what_passes_no_longer_or_now() {
    use answer::Change::{AllowToDeny, DenyToAllow, Other};
    let fault = || Answered::Fault("trap".into());
    let (allow, deny, abstain) =
        (|| verdict(Verdict::Allow), || verdict(Verdict::Deny), || verdict(Verdict::Abstain));
    for (before, after, change) in [
        (allow(), allow(), None),
        (allow(), deny(), Some(AllowToDeny)),
        (abstain(), deny(), Some(AllowToDeny)),
        (abstain(), fault(), Some(AllowToDeny)),
        (deny(), abstain(), Some(DenyToAllow)),
        (deny(), fault(), None),
        (allow(), abstain(), Some(Other)),
        (roles(&["x", "y"], &[]), roles(&["x", "y"], &["y"]), Some(AllowToDeny)),
        (roles(&["x"], &[]), roles(&["x", "y"], &[]), Some(DenyToAllow)),
        (roles(&["x"], &["z"]), roles(&["x"], &[]), None),
        (roles(&["x"], &[]), fault(), Some(AllowToDeny)),
    ] {
        assert_eq!(before.change_to(&after), change, "{before:?} {after:?}");
    }
}

/// A grant by an approved request is another than the same role by the policy alone.
#[test]
fn grants_by_approval_are_told_apart() {
    use answer::Change::{AllowToDeny, Other};
    let answered = |purpose: &str, mark: Option<&str>| {
        let extra = mark.map(|mark| ("access".to_owned(), mark.to_owned())).into_iter().collect();
        let grant = Grant { account: "a".into(), role: "r".into(), extra, ..Grant::default() };
        let request = Request { purpose: purpose.into(), ..Request::default() };
        let answer = Answer { grants: vec![grant], ..Answer::default() };
        Answered::of(CaseResult::Roles(answer), &CaseInput::AwsRoles(Arc::new(request)))
    };
    let none = || roles(&[], &[]);
    for (before, after, change, different) in [
        (
            answered("list", None),
            answered("list", Some("7f")),
            Some(Other),
            "a/r, a/r (by an approved request)",
        ),
        (answered("list", Some("7f")), answered("list", Some("8f")), None, ""),
        (answered("list", Some("7f")), none(), Some(AllowToDeny), "a/r (by an approved request)"),
        // What lets a user request or approve grants nothing else, and the other way round.
        (answered("list", Some("request")), none(), None, ""),
        (answered("approve", None), none(), None, ""),
        (answered("approve", Some("request")), none(), None, ""),
        (answered("approve", Some("approve")), none(), Some(AllowToDeny), "a/r"),
    ] {
        assert_eq!(before.change_to(&after), change, "{before:?} {after:?}");
        assert_eq!(before.different_roles(&after).unwrap(), different, "{before:?} {after:?}");
    }
}

#[test]
fn a_recorded_answer_that_is_not_given_again_is_not_comparable() {
    let outcome = |outcome: &str, verdict, detail: Option<&str>| RecordedOutcome {
        outcome: outcome.into(),
        verdict,
        detail: detail.map(str::to_owned),
        ..RecordedOutcome::default()
    };
    let opinion = CaseResult::Opinion(Opinion { verdict: Verdict::Deny, ..Opinion::default() });
    let again = Answered::of(opinion, &CaseInput::AwsRoles(Arc::default()));
    assert_eq!(again.differs_from_record(&outcome("opinion", Some(Verdict::Deny), None)), None);
    assert_eq!(
        again.differs_from_record(&outcome("opinion", Some(Verdict::Allow), None)).unwrap(),
        "the recorded policy answers deny now, and allow is recorded"
    );
    assert!(again.differs_from_record(&outcome("queue-timeout", None, Some("late"))).is_some());
    let recorded = outcome("opinion", None, Some("1 grants, 1 denials"));
    assert_eq!(roles(&["x"], &["y"]).differs_from_record(&recorded), None);
    assert!(roles(&["x"], &[]).differs_from_record(&recorded).is_some());
    assert!(Answered::recorded(&recorded).unwrap_err().contains("`--recorded-state` or `--recorded-policy`"));
    assert!(Answered::recorded(&outcome("trap", None, None)).unwrap_err().contains("gave no answer: trap"));
}

#[test]
fn lines_of_other_kinds_and_a_broken_last_line_are_counted() {
    let log = concat!(
        r#"{"kind":"decision","id":"01","hook":"docker-request","outcomes":[]}"#,
        "\n\n",
        r#"{"kind":"authentication","id":"02","verdict":"allow"}"#,
        "\n",
        r#"{"kind":"change","id":"03","hook":5}"#,
        "\n",
        r#"{"kind":"monitor","id":"01","hook":"docker-request","outcomes":[]}"#,
        "\n",
        r#"{"kind":"decision","id":"04","ho"#,
    );
    let mut records = Records::new(log.as_bytes());
    let mut ids = Vec::new();
    while let Some((record, _)) = records.next().unwrap() {
        ids.push(record.id);
    }
    assert_eq!((ids, records.other_kinds, records.unreadable), (vec!["01".into(), "01".into()], 2, 1));
}

#[test]
fn the_policy_must_be_named_where_several_were_asked() {
    let asked = |names: &[&str]| Recorded {
        outcomes: names
            .iter()
            .map(|name| RecordedOutcome {
                policy: (*name).into(),
                outcome: "opinion".into(),
                ..RecordedOutcome::default()
            })
            .collect(),
        ..Recorded::default()
    };
    assert_eq!(outcome(&asked(&["a"]), None).unwrap().unwrap().policy, "a");
    assert!(outcome(&asked(&[]), None).unwrap().is_none());
    assert_eq!(outcome(&asked(&["a", "b"]), Some("b")).unwrap().unwrap().policy, "b");
    assert!(outcome(&asked(&["a", "b"]), Some("c")).unwrap().is_none());
    let error = outcome(&asked(&["a", "b"]), None).unwrap_err().to_string();
    assert!(error.ends_with("asked `a`, `b`: say by `--name` which of them is tried anew"), "{error}");
    let masked =
        |input: serde_json::Value| Row::of(&Recorded { input: Some(input), ..Recorded::default() }).masked;
    assert!(masked(serde_json::json!(["A=***"])) && !masked(serde_json::json!(["A"])));
}
