//! The files of cases that the host asks before the policy goes live, asked natively. Beside the grants, `rule` is
//! one of the denials' and `reason` a part of one of the reasons.

use super::*;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    settings: serde_json::Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    hook: String,
    input: aws::Request,
    expect: Expectation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    grants: Vec<(String, String)>,
    rule: Option<String>,
    reason: Option<String>,
}

impl Expectation {
    fn fits(&self, answer: &aws::Answer) -> bool {
        let grants = self.grants.iter().map(|(account, role)| (account.as_str(), role.as_str()));
        let rule = |rule: &String| answer.denials.iter().any(|denial| denial.rule == *rule);
        let grants_reasons = answer.grants.iter().map(|grant| &grant.reason);
        let mut reasons = grants_reasons.chain(answer.denials.iter().map(|denial| &denial.reason));
        pairs(answer) == grants.collect::<Vec<_>>()
            && self.rule.as_ref().is_none_or(rule)
            && self.reason.as_ref().is_none_or(|part| reasons.any(|reason| reason.contains(part)))
    }
}

#[test]
fn its_cases_hold() {
    let files = [
        include_str!("../../cases.json"),
        include_str!("../../cases-single.json"),
        include_str!("../../cases-settings.json"),
    ];
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files {
        let file: File = serde_json::from_str(file).unwrap();
        let policy = policy(&file.settings.to_string());
        for case in file.cases {
            assert_eq!(case.hook, "aws-roles", "{}", case.name);
            let answer = policy.grants(&case.input).unwrap();
            if !case.expect.fits(&answer) {
                wrong.push(format!("{}: {answer:?}", case.name));
            }
            assert!(names.insert(case.name.clone()), "twice: {}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
