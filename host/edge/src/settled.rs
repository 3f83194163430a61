//! How a question was settled.

use portcullis_audit::{Kind, Record};
use portcullis_contract::hook::HookName;
use portcullis_contract::types::{Context, Verdict};
use portcullis_engine::{Decision, PolicyOutcome};
use std::sync::Arc;
use std::time::Duration;

use crate::{micros, outcome};

/// How a question was settled.
#[derive(Debug)]
pub struct Settled {
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
    pub fn host(verdict: Verdict, rule: &str, reason: &str) -> Self {
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
    pub fn policies(decision: Decision) -> Self {
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
    pub fn monitored(generation: u64, outcomes: Vec<PolicyOutcome>) -> Self {
        let elapsed = outcomes.iter().map(|outcome| outcome.elapsed).sum();
        Self {
            generation,
            outcomes,
            elapsed,
            monitored: true,
            ..Self::host(Verdict::Abstain, "host:monitor", "")
        }
    }

    /// The record of it, without what only the door knows: who asked, for what, and how long it all took.
    pub fn record(self, context: &Context, hook: HookName) -> Record {
        let id = context.decision.clone();
        let mut record = Record::new(id, context.now, context.door.clone(), hook, self.verdict);
        record.rule = self.rule;
        if self.fault {
            record.error = Some(self.reason.clone());
        }
        record.reason = self.reason;
        record.policy = self.policy;
        record.generation = self.generation;
        record.micros = micros(self.elapsed);
        record.outcomes = self.outcomes.into_iter().map(outcome::record).collect();
        record.peer.clone_from(&context.peer);
        if self.monitored {
            record.kind = Kind::Monitor;
        }
        record
    }
}
