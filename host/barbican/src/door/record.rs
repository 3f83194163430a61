//! What a decision of this door leaves in the audit log. Neither tokens nor payloads ever come here.

use portcullis_audit::{PolicyRecord, Principal, Record, Target};
use portcullis_contract::hook::HookName;
use portcullis_contract::secrets::{Acl, Requester};
use portcullis_contract::types::Verdict;
use portcullis_engine::{Decision, Outcome, PolicyOutcome};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::decide::Question;

/// How a question was settled.
pub(super) struct Settled {
    verdict: Verdict,
    rule: String,
    reason: String,
    policy: Option<Arc<str>>,
    generation: u64,
    outcomes: Vec<PolicyOutcome>,
    elapsed: Duration,
    fault: bool,
    monitored: bool,
}

impl Settled {
    /// By the host, which refuses by a rule of its own.
    pub(super) fn host(rule: &str, reason: String) -> Self {
        Self {
            verdict: Verdict::Deny,
            rule: rule.into(),
            reason,
            policy: None,
            generation: 0,
            outcomes: Vec::new(),
            elapsed: Duration::ZERO,
            fault: false,
            monitored: false,
        }
    }

    /// By the policies.
    pub(super) fn policies(decision: Decision) -> Self {
        Self {
            verdict: if decision.allowed { Verdict::Allow } else { Verdict::Deny },
            rule: decision.rule,
            reason: decision.reason,
            policy: decision.policy,
            generation: decision.generation,
            outcomes: decision.outcomes,
            elapsed: decision.elapsed,
            fault: decision.fault,
            monitored: false,
        }
    }

    /// Not at all: these policies only watch. Their record stands beside the decision's, under the same id.
    pub(super) fn monitored(generation: u64, outcomes: Vec<PolicyOutcome>) -> Self {
        Self {
            verdict: Verdict::Abstain,
            generation,
            elapsed: outcomes.iter().map(|outcome| outcome.elapsed).sum(),
            outcomes,
            monitored: true,
            ..Self::host("host:monitor", String::new())
        }
    }
}

/// The record of a question.
pub(super) fn of(question: &Question, settled: Settled) -> Record {
    let access = &question.access;
    let context = &access.context;
    let hook = HookName::SecretAccess;
    let mut record =
        Record::new(context.decision.clone(), context.now, context.door.clone(), hook, settled.verdict);
    record.rule = settled.rule;
    if settled.fault {
        record.error = Some(settled.reason.clone());
    }
    record.reason = settled.reason;
    record.policy = settled.policy;
    record.generation = settled.generation;
    record.micros = micros(settled.elapsed);
    record.total_micros = micros(question.begun.elapsed());
    record.outcomes = settled.outcomes.into_iter().map(policy_record).collect();
    record.peer.clone_from(&context.peer);
    record.principal = Some(principal(&access.principal));
    record.operation = Some(access.operation.clone()).filter(|name| !name.is_empty()).map(Into::into);
    record.method = Some(question.method.clone());
    record.uri = Some(question.uri.clone());
    if let Some(entity) = &access.entity {
        record.targets.push(Target { kind: entity.kind.clone().into(), as_sent: entity.id.clone() });
    }
    let mut say = |name: &'static str, value: Option<String>| {
        record.extra.extend(value.map(|value| (Cow::Borrowed(name), value)));
    };
    say("project", access.principal.project.clone());
    say("roles", Some(access.principal.roles.join(",")).filter(|roles| !roles.is_empty()));
    say("application_credential", access.principal.application_credential.clone());
    say("owner", access.entity.as_ref().map(|entity| entity.project.clone()));
    say("acl", access.acl.as_ref().map(shown));
    say("proposed", access.proposed.as_ref().map(shown));
    for (name, value) in &access.extra {
        record.extra.push((name.clone().into(), value.clone()));
    }
    if settled.monitored {
        record.extra.push(("monitor".into(), "true".into()));
    }
    record
}

/// The user's id: names may be another's tomorrow.
fn principal(requester: &Requester) -> Principal {
    Principal {
        name: requester.user.clone(),
        authentication: if requester.user.is_some() { "token" } else { "anonymous" }.into(),
        groups: requester.groups.clone(),
        certificate: None,
    }
}

fn shown(acl: &Acl) -> String {
    let access = if acl.project_access { "project" } else { "private" };
    format!("{access}, users: {}", acl.users.join(","))
}

fn policy_record(outcome: PolicyOutcome) -> PolicyRecord {
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

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
