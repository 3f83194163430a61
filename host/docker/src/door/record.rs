//! What a decision of this door leaves in the audit log.

use portcullis_audit::{PolicyRecord, Record, Target};
use portcullis_contract::docker::Request;
use portcullis_contract::hook::HookName;
use portcullis_contract::types::Verdict;
use portcullis_engine::{Decision, Outcome, PolicyOutcome};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::authorize::Call;
use crate::canonical::Refusal;
use crate::message::Message;

/// A record in the making.
pub(super) struct Entry {
    record: Record,
    begun: Instant,
}

/// How a call was settled.
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
    /// By the host, by a rule of its own.
    pub(super) fn host(verdict: Verdict, rule: &str, reason: &str) -> Self {
        Self {
            verdict,
            rule: rule.into(),
            reason: reason.into(),
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
        let elapsed = outcomes.iter().map(|outcome| outcome.elapsed).sum();
        Self {
            generation,
            outcomes,
            elapsed,
            monitored: true,
            ..Self::host(Verdict::Abstain, "host:monitor", "")
        }
    }
}

impl Entry {
    /// For a call that was read.
    pub(super) fn request(call: &Call, request: &Request, settled: Settled) -> Self {
        let mut entry = Self::new(call, HookName::DockerRequest, settled);
        let record = &mut entry.record;
        record.principal = Some((&request.principal).into());
        record.operation = request.operation.clone().map(Into::into);
        record.method = Some(request.method.clone());
        record.uri = Some(request.uri.clone());
        record.api_version = request.api_version;
        record.targets = request
            .targets
            .iter()
            .map(|target| Target { kind: target.kind.clone().into(), as_sent: target.as_sent.clone() })
            .collect();
        entry
    }

    /// For a call that could not be read.
    pub(super) fn refusal(call: &Call, hook: HookName, message: Option<&Message>, refusal: &Refusal) -> Self {
        let mut entry = Self::new(call, hook, Settled::host(Verdict::Deny, refusal.rule, &refusal.reason));
        let record = &mut entry.record;
        record.operation = refusal.operation.map(Into::into);
        if let Some(message) = message {
            record.method = Some(message.method.clone());
            record.uri = Some(message.uri.clone());
            record.principal = crate::identity::principal(message).ok().map(|principal| (&principal).into());
        }
        entry
    }

    /// For the daemon's answer to a call.
    pub(super) fn of_response(mut self, status: Option<u16>) -> Self {
        self.record.hook = HookName::DockerResponse;
        self.record.status = status;
        self
    }

    fn new(call: &Call, hook: HookName, settled: Settled) -> Self {
        let mut record = Record::new(call.id.clone(), call.now, "docker", hook, settled.verdict);
        record.rule = settled.rule;
        if settled.fault {
            record.error = Some(settled.reason.clone());
        }
        record.reason = settled.reason;
        record.policy = settled.policy;
        record.generation = settled.generation;
        record.micros = micros(settled.elapsed);
        record.outcomes = settled.outcomes.into_iter().map(policy_record).collect();
        record.peer.clone_from(&call.peer);
        if settled.monitored {
            record.extra.push(("monitor".into(), "true".into()));
        }
        Self { record, begun: call.begun }
    }

    /// The record, with the time that the whole call took.
    pub(super) fn finish(mut self, daemon: &Arc<str>) -> Record {
        self.record.daemon = Some(Arc::clone(daemon));
        self.record.total_micros = micros(self.begun.elapsed());
        self.record
    }
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
