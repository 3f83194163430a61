//! The decider that is the engine: policies of one generation, and nothing allowed that is not recorded.

use portcullis_audit::Log;
use portcullis_contract::hook::{HookName, SecretAccess};
use portcullis_contract::types::Verdict;
use portcullis_edge::Settled;
use portcullis_engine::Host;
use portcullis_identity::Tokens;
use std::sync::Arc;

use super::record;
use super::{Door, Options};
use crate::decide::{Decider, Deciding, Question, Ruling};
use crate::vault::Vault;

impl Door {
    /// A door that asks the policies of `host`, writes its records to `log`, and takes whoever `tokens` names.
    pub fn new(host: Arc<Host>, log: Log, vault: Vault, tokens: Tokens, options: Options) -> Self {
        Self::with(Arc::new(Policies { host, log }), Arc::new(tokens), vault, options)
    }
}

#[derive(Clone)]
struct Policies {
    host: Arc<Host>,
    log: Log,
}

impl Decider for Policies {
    fn decide(&self, question: Question) -> Deciding<'_> {
        Box::pin(async move {
            let id = question.access.context.decision.clone();
            let policies = self.clone();
            let ruling = self.host.run(async move { policies.ask(question).await }).await;
            ruling.unwrap_or_else(|| fault("the decision was cut short; nothing was allowed", id))
        })
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        Box::pin(async move {
            let id = question.access.context.decision.clone();
            let ruling = Ruling {
                allowed: false,
                reason: reason.clone(),
                rule: rule.into(),
                policy: None,
                id: id.clone(),
                fault: false,
            };
            let policies = self.clone();
            let settled = Settled::host(Verdict::Deny, rule, &reason);
            let ruling =
                self.host.run(async move { policies.record(&question, settled, ruling).await }).await;
            ruling.unwrap_or_else(|| fault("the refusal was cut short; nothing was allowed", id))
        })
    }
}

impl Policies {
    async fn ask(&self, question: Question) -> Ruling {
        let hook = HookName::SecretAccess;
        let generation = self.host.generation();
        let decision = generation.decide::<SecretAccess>(&question.access).await;
        let ruling = Ruling {
            allowed: decision.allowed,
            reason: decision.reason.clone(),
            rule: decision.rule.clone(),
            policy: decision.policy.clone(),
            id: question.access.context.decision.clone(),
            fault: decision.fault,
        };
        let ruling = self.record(&question, Settled::policies(decision), ruling).await;
        if generation.watches(hook) {
            let policies = self.clone();
            self.host.run_aside(async move {
                let outcomes = generation.monitor::<SecretAccess>(&question.access).await;
                let settled = Settled::monitored(generation.number(), outcomes);
                let unheard = fault("", String::new());
                policies.record(&question, settled, unheard).await;
            });
        }
        ruling
    }

    /// Writes the record and gives the ruling; a decision that cannot be recorded is none.
    async fn record(&self, question: &Question, settled: Settled, ruling: Ruling) -> Ruling {
        let id = question.access.context.decision.clone();
        match self.log.write(record::of(question, settled)).await {
            Ok(()) => ruling,
            Err(error) => {
                tracing::error!(decision = id, %error, "a decision cannot be recorded, so the request is refused");
                fault("the decision cannot be recorded, so nothing is allowed", id)
            }
        }
    }
}

fn fault(reason: &str, id: String) -> Ruling {
    Ruling { allowed: false, reason: reason.into(), rule: String::new(), policy: None, id, fault: true }
}
