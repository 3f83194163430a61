//! What one policy said, as a record has it.

use portcullis_audit::PolicyRecord;
use portcullis_engine::{Outcome, PolicyOutcome};
use std::sync::Arc;

use crate::micros;

pub(crate) fn record(outcome: PolicyOutcome) -> PolicyRecord {
    let policy = &outcome.policy;
    let mut record = PolicyRecord {
        policy: Arc::clone(&policy.name),
        revision: Arc::clone(&policy.revision),
        module: Arc::clone(&policy.module),
        settings: Arc::clone(&policy.settings),
        mode: policy.mode.as_str().into(),
        outcome: "opinion".into(),
        verdict: None,
        rule: String::new(),
        reason: None,
        detail: None,
        micros: micros(outcome.elapsed),
    };
    match outcome.outcome {
        Outcome::Opinion(opinion) => {
            record.verdict = Some(opinion.verdict);
            record.rule = opinion.rule;
            record.reason = Some(opinion.reason).filter(|reason| !reason.is_empty());
        }
        Outcome::Roles { grants, denials } => {
            record.detail = Some(format!("{grants} grants, {denials} denials"));
        }
        Outcome::Fault(fault) => {
            record.outcome = fault.name().into();
            record.detail = Some(fault.to_string());
        }
        Outcome::NotAsked => record.outcome = "not-asked".into(),
    }
    record
}
