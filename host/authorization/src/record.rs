//! From what the engine returned to a record, without what only the API knows: who asked, and for what.

use portcullis_audit::{Kind, PolicyRecord, Record, RecordedInput};
use portcullis_contract::hook::{Hook, HookName};
use portcullis_contract::types::{Context, Verdict};
use portcullis_engine::{Decision, Outcome, PolicyOutcome};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whole microseconds.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn new(context: &Context, hook: HookName, verdict: Verdict, begun: Instant) -> Record {
    let id = context.decision.clone();
    let mut record = Record::new(id, context.now, context.api.clone(), hook, verdict);
    record.peer.clone_from(&context.peer);
    record.total_micros = micros(begun.elapsed());
    record
}

/// The record of a decision by the host, by a rule of its own.
pub(crate) fn by_host(
    context: &Context,
    hook: HookName,
    verdict: Verdict,
    (rule, reason): (&str, &str),
    begun: Instant,
) -> Record {
    let mut record = new(context, hook, verdict, begun);
    record.rule = rule.into();
    record.reason = reason.into();
    record
}

/// The record of a request that was not decided: its client was gone, or the host panicked.
pub(crate) fn abandoned(context: &Context, hook: HookName, begun: Instant) -> Record {
    let why = if std::thread::panicking() {
        ("host:fault", "the host failed while it decided")
    } else {
        ("host:client-gone", "the client closed its connection before the decision")
    };
    by_host(context, hook, Verdict::Deny, why, begun)
}

/// The record of a decision by the policies.
pub(crate) fn by_policies<H: Hook>(input: &H::Input, decision: Decision, begun: Instant) -> Record {
    let verdict = if decision.allowed { Verdict::Allow } else { Verdict::Deny };
    let mut record = new(H::context(input), H::NAME, verdict, begun);
    record.input = recorded_input::<H>(input, &decision.outcomes);
    record.rule = decision.rule;
    if decision.fault {
        record.error = Some(decision.reason.clone());
    }
    record.reason = decision.reason;
    record.policy = decision.policy;
    record.generation = decision.generation;
    record.micros = micros(decision.elapsed);
    record.outcomes = decision.outcomes.into_iter().map(outcome).collect();
    record
}

/// The record of what monitoring policies answered, beside a decision and under its id.
pub(crate) fn of_monitors<H: Hook>(
    input: &H::Input,
    generation: u64,
    outcomes: Vec<PolicyOutcome>,
    begun: Instant,
) -> Record {
    let mut record = new(H::context(input), H::NAME, Verdict::Abstain, begun);
    record.input = recorded_input::<H>(input, &outcomes);
    record.kind = Kind::Monitor;
    record.rule = "host:monitor".into();
    record.generation = generation;
    record.micros = outcomes.iter().map(|outcome| micros(outcome.elapsed)).sum();
    record.outcomes = outcomes.into_iter().map(outcome).collect();
    record
}

/// The record of a disagreement: what the policy in force answers, and then what its shadow does.
pub(crate) fn of_shadow<H: Hook>(
    input: &H::Input,
    generation: u64,
    outcomes: Vec<PolicyOutcome>,
    begun: Instant,
) -> Record {
    let mut record = of_monitors::<H>(input, generation, outcomes, begun);
    record.kind = Kind::Shadow;
    record.rule = "host:shadow".into();
    record
}

/// The input, where a policy that was asked records it. Otherwise nothing is serialized.
fn recorded_input<H: Hook>(input: &H::Input, outcomes: &[PolicyOutcome]) -> Option<RecordedInput> {
    let records =
        |outcome: &PolicyOutcome| outcome.policy.record_inputs && outcome.outcome != Outcome::NotAsked;
    outcomes.iter().any(records).then(|| RecordedInput::of(input))
}

/// What one policy contributed.
fn outcome(outcome: PolicyOutcome) -> PolicyRecord {
    let policy = &outcome.policy;
    let mut record = PolicyRecord {
        policy: Arc::clone(&policy.name),
        revision: Arc::clone(&policy.revision),
        module_sha256: Arc::clone(&policy.module_sha256),
        settings_sha256: Arc::clone(&policy.settings_sha256),
        mode: policy.mode.as_str().into(),
        outcome: "opinion".into(),
        verdict: None,
        rule: String::new(),
        reason: None,
        detail: None,
        micros: micros(outcome.elapsed),
        queue_micros: micros(outcome.waited),
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
        Outcome::Edits { filters, labels, hidden } => {
            let visible = if filters { "some things" } else { "everything" };
            record.detail =
                Some(format!("shows {visible}, sets {labels} labels, hides {hidden} environment variables"));
        }
        Outcome::Fault(fault) => {
            record.outcome = fault.name().into();
            record.detail = Some(fault.to_string());
        }
        Outcome::NotAsked => record.outcome = "not-asked".into(),
    }
    record
}
