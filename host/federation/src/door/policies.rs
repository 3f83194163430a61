//! The decider that is the engine: mounts and policies of one generation, and nothing granted that is not recorded.

use portcullis_audit::Log;
use portcullis_contract::aws::Grant;
use portcullis_edge::Settled;
use portcullis_engine::{Generation, Grants, Host};
use std::sync::{Arc, LazyLock};

use super::call::Purpose;
use super::{Door, NoRandomness, record};
use crate::aws::Session;
use crate::decide::{Decider, Deciding, InForce, Question, Refused, Ruling, narrowed};
use crate::mounts::Mounts;

/// What is served while no mounts have been put in force.
static NO_MOUNTS: LazyLock<Mounts> = LazyLock::new(Mounts::default);

impl Door {
    /// A door that asks the policies of `host` and writes its records to `log`. Its [`Mounts`] are attached to the
    /// generation in force.
    pub fn new(host: Arc<Host>, log: Log) -> Result<Self, NoRandomness> {
        Self::with(Arc::new(Policies { host, log }))
    }
}

struct Policies {
    host: Arc<Host>,
    log: Log,
}

impl Decider for Policies {
    fn in_force(&self) -> Arc<dyn InForce> {
        let generation = self.host.generation();
        Arc::new(Current { host: Arc::clone(&self.host), log: self.log.clone(), generation })
    }
}

#[derive(Clone)]
struct Current {
    host: Arc<Host>,
    log: Log,
    generation: Arc<Generation>,
}

impl InForce for Current {
    fn mounts(&self) -> &Mounts {
        self.generation.attached().unwrap_or(&NO_MOUNTS)
    }

    fn serves(&self, policies: &[Arc<str>]) -> bool {
        policies.iter().all(|name| self.generation.status().any(|status| status.name == *name))
    }

    fn decide(self: Arc<Self>, question: Question) -> Deciding {
        Box::pin(async move {
            let id = question.request.context.decision.clone();
            let current = Self::clone(&self);
            let ruling = self.host.run(async move { current.ask(question).await }).await;
            ruling.unwrap_or_else(|| fault("the decision was cut short; nothing was granted", id))
        })
    }
}

impl Current {
    async fn ask(self, question: Question) -> Ruling {
        let Question { request, policies, .. } = &question;
        let Grants { grants, denials, mut decision } = self.generation.grants(request, policies).await;
        let id = request.context.decision.clone();
        let mut granted = Vec::new();
        if decision.allowed {
            match narrowed(request, grants, &denials) {
                Ok(narrowed) => granted = narrowed,
                Err(refused) => {
                    decision.allowed = false;
                    decision.reason = refused.reason;
                    decision.rule = refused.rule;
                    decision.policy = refused.policy;
                }
            }
        }
        if let ([(policy, _)], Some(_)) = (granted.as_slice(), &request.role) {
            decision.policy = Some(Arc::clone(policy));
        }
        let granted: Vec<_> = granted.into_iter().map(|(_, grant)| grant).collect();
        let refused = (!decision.allowed).then(|| Refused {
            reason: decision.reason.clone(),
            rule: decision.rule.clone(),
            policy: decision.policy.clone(),
            id: id.clone(),
            fault: decision.fault,
        });
        let known_as = self.known_as(&question, &granted);
        let record = record::of(&question, Settled::policies(decision), &granted, known_as);
        if let Err(error) = self.log.write(record).await {
            tracing::error!(decision = id, %error, "a decision cannot be recorded, so nothing is granted");
            return fault("the decision cannot be recorded, so nothing is granted", id);
        }
        self.monitor(question);
        refused.map_or(Ruling::Granted(granted), Ruling::Refused)
    }

    /// The role's ARN and the session's name as AWS will know them; none for a list, and for what AWS would not take.
    fn known_as(&self, Question { request, .. }: &Question, granted: &[Grant]) -> Option<(String, String)> {
        let ([grant], false) = (granted, request.purpose == Purpose::List.as_str()) else { return None };
        let mount = self.mounts().iter().find(|mount| mount.prefix == request.mount)?;
        let user = request.principal.name.as_deref().unwrap_or_default();
        Session::known_as(mount.accounts.get(&grant.account)?, user, grant).ok()
    }

    /// Asks those that only watch, beside everything else.
    fn monitor(self, question: Question) {
        if !self.generation.watches_roles(&question.policies) {
            return;
        }
        let host = Arc::clone(&self.host);
        host.run_aside(async move {
            let outcomes = self.generation.monitor_grants(&question.request, &question.policies).await;
            let settled = Settled::monitored(self.generation.number(), outcomes);
            if let Err(error) = self.log.write(record::of(&question, settled, &[], None)).await {
                tracing::error!(%error, "what watching policies said cannot be recorded");
            }
        });
    }
}

fn fault(reason: &str, id: String) -> Ruling {
    Ruling::Refused(Refused {
        reason: reason.into(),
        rule: "host:fault".into(),
        policy: None,
        id,
        fault: true,
    })
}
