//! The cases, what each setting changes alone, and what must hold for every question.

mod questions;
mod recorded;
mod settings;
mod ways_round;

use super::*;
use crate::rule::{Ground, Rule};
use portcullis_policy_sdk::cases;

const CASES: [&str; 3] = [
    include_str!("../cases.json"),
    include_str!("../cases-legacy.json"),
    include_str!("../cases-settings.json"),
];

fn policy(settings: &str) -> BarbicanAcl {
    BarbicanAcl::configure(portcullis_policy_sdk::parse(settings).unwrap()).unwrap()
}

#[test]
fn its_cases_hold() {
    for file in CASES {
        cases::secret_access::<BarbicanAcl>(file).unwrap();
    }
}

#[test]
fn every_ground_and_every_denial_has_a_case() {
    let expected =
        |verdict: &str, rule: &str| format!(r#""expect": {{"verdict": "{verdict}", "rule": "{rule}""#);
    let grounds = Ground::ALL.iter().map(|ground| expected("allow", ground.name()));
    let denials = Rule::ALL.iter().map(|rule| expected("deny", rule.name()));
    for expected in grounds.chain(denials) {
        assert!(CASES.iter().any(|file| file.contains(&expected)), "{expected}");
    }
}
