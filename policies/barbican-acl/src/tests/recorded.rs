//! What oslo.policy answered under Barbican 23.0.0's rules, asked natively; through the engine the same rows are asked
//! in the host's tests.

#[path = "../../../../tests/e2e/barbican_policy/sample.rs"]
mod sample;

use super::policy;
use portcullis_policy_sdk::{SecretAccess as _, Verdict, secrets};

#[test]
fn every_row_is_answered_as_oslo_policy_answered_it() {
    let policies =
        ["default", "legacy"].map(|regime| (regime, policy(&format!(r#"{{"regime":"{regime}"}}"#))));
    let mut wrong = Vec::new();
    for row in sample::FILES.into_iter().flat_map(sample::rows) {
        let (_, policy) = policies.iter().find(|(regime, _)| *regime == row.regime).unwrap();
        for question in &row.questions {
            let opinion = policy.authorize(question).unwrap();
            let expected = if row.allow { Verdict::Allow } else { Verdict::Deny };
            if opinion.verdict != expected {
                wrong.push(format!(
                    "{}: {} says {}: {}",
                    row.line, question.operation, opinion.rule, opinion.reason
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
