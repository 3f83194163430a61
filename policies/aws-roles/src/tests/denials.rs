//! What denials come to.

use super::*;

fn denied(rule: &str, request: &aws::Request) -> Vec<(Option<String>, Option<String>)> {
    let answer = policy(&with(&format!(r#""denials":[{rule}]"#))).grants(request).unwrap();
    answer.denials.into_iter().map(|denial| (denial.account, denial.role)).collect()
}

#[test]
fn a_denial_is_for_each_pair_or_for_all() {
    let some = |text: &str| Some(text.to_owned());
    let alice = asking("alice", &[]);
    for (rule, expected) in [
        ("{}", vec![(None, None)]),
        (r#"{"accounts":"*","roles":["*"]}"#, vec![(None, None)]),
        (r#"{"users":"*","roles":"admin"}"#, vec![(None, some("admin"))]),
        (r#"{"accounts":["dev"]}"#, vec![(some("dev"), None)]),
        (
            r#"{"accounts":["dev","prod"],"roles":["a","b"]}"#,
            vec![
                (some("dev"), some("a")),
                (some("dev"), some("b")),
                (some("prod"), some("a")),
                (some("prod"), some("b")),
            ],
        ),
        (r#"{"users":["bob"]}"#, vec![]),
        (r#"{"groups":["ops"]}"#, vec![]),
    ] {
        assert_eq!(denied(rule, &alice), expected, "{rule}");
    }
    let mut asked = alice.clone();
    (asked.account, asked.role) = (some("dev"), some("b"));
    let rule = r#"{"accounts":["dev","prod"],"roles":["a","b"]}"#;
    assert_eq!(denied(rule, &asked), [(some("dev"), some("b"))]);
    asked.account = some("other");
    assert_eq!(denied(rule, &asked), []);
    assert_eq!(denied("{}", &asked), [(None, None)]);
    assert_eq!(
        denied("{}", &aws::Request::default()),
        [],
        "nothing is granted to the anonymous, whoever is asked"
    );
}

#[test]
fn a_reason_is_always_there() {
    let settings = with(r#""denials":[{},{"rule":"own","reason":"own words"}]"#);
    let answer = policy(&settings).grants(&asking("alice", &[])).unwrap();
    let found: Vec<_> =
        answer.denials.iter().map(|denial| (denial.rule.as_str(), denial.reason.as_str())).collect();
    let default = "the operator of this service denies it by the rule `denied`; ask the operator";
    assert_eq!(found, [("denied", default), ("own", "own words")]);
}
