//! The policies in force when a request began, and how they are asked. Nothing is allowed that is not recorded.

use portcullis_audit::{AuditError, Record, line};
use portcullis_contract::aws::{self, Grant};
use portcullis_contract::docker;
use portcullis_contract::docker_edits::Edits;
use portcullis_contract::hook::{AwsRoles, DockerEdit, Hook, HookName};
use portcullis_contract::types::{Context, Opinion, Verdict};
use portcullis_engine::{Callable, Caller, CombinedEdits, Generation, Grants};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Authorizer, Refused, record};

/// How long a record may take at least, also where the time budget of its request is over.
const RECORD_TIME: Duration = Duration::from_secs(2);

/// The policies in force when a request began.
#[derive(Clone)]
pub struct Policies {
    pub(crate) authorizer: Authorizer,
    pub(crate) generation: Arc<Generation>,
}

impl Policies {
    /// The generation that they are.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Whether any policy wants to be asked on `hook`, enforced or monitoring.
    pub fn are_asked(&self, hook: HookName) -> bool {
        self.generation.has_enforced(hook) || self.generation.has_monitored(hook)
    }

    /// Asks the policies of the hook, writes the record, and then asks those that monitor. `describe` adds what only the
    /// API knows to each record. `begun` is when the request came. A caller that stops waiting, since its client is gone,
    /// leaves a record that says so.
    ///
    /// # Errors
    /// It is not allowed, could not be decided, or cannot be recorded.
    pub async fn decide<H>(
        self,
        input: Arc<H::Input>,
        begun: Instant,
        describe: impl Fn(&H::Input, &mut Record) + Send + Sync + 'static,
    ) -> Result<(), Refused>
    where
        H: Callable + Hook<Answer = Opinion>,
    {
        let context = H::context(&input);
        let abandoned = Abandoned::new(|| {
            let mut record = record::abandoned(context, H::NAME, begun);
            describe(&input, &mut record);
            self.write_detached(record);
        });
        let caller = self.caller(H::principal(&input), context, begun);
        let decision = self.generation.decide::<H>(&input, &caller).await;
        abandoned.disarm();
        let mut allowed = Refused::unless_allowed(&decision, &context.decision);
        let mut record = record::by_policies::<H>(&input, decision, begun);
        describe(&input, &mut record);
        self.break_glass(context, &mut allowed, &mut record);
        let recorded = self.write(record, begun).await;
        let monitored = self.generation.has_monitored(H::NAME);
        if monitored || self.generation.has_shadow(H::NAME) {
            let describe = Arc::new(describe);
            if monitored {
                let (policies, input, describe) = (self.clone(), Arc::clone(&input), Arc::clone(&describe));
                self.authorizer.host.spawn_background(async move {
                    let outcomes = policies.generation.monitor::<H>(&input).await;
                    let number = policies.generation.number();
                    let mut record = record::of_monitors::<H>(&input, number, outcomes, begun);
                    describe(&input, &mut record);
                    policies.write_detached(record);
                });
            }
            self.compare::<H>(input, None, begun, move |input, record| describe(input, record));
        }
        recorded.and(allowed)
    }

    /// Overrules a refusal by policies while an operator has broken the glass. The record says so, and why.
    fn break_glass(&self, context: &Context, allowed: &mut Result<(), Refused>, record: &mut Record) {
        let Err(refused) = allowed else { return };
        let Some(glass) = self.authorizer.break_glass.get().filter(|glass| glass.apis.contains(&context.api))
        else {
            return;
        };
        record.verdict = Verdict::Allow;
        record.extra.push(("break_glass".into(), glass.reason.clone()));
        record.extra.push(("overruled".into(), refused.to_string()));
        record.rule = "host:break-glass".into();
        *allowed = Ok(());
    }

    /// Asks shadows of the hook for the same input, in the background, and records where they disagree with the policy in
    /// force. `of` are the policies that the request concerns; absent means all.
    fn compare<H: Callable>(
        &self,
        input: Arc<H::Input>,
        of: Option<Arc<[Arc<str>]>>,
        begun: Instant,
        describe: impl Fn(&H::Input, &mut Record) + Send + Sync + 'static,
    ) {
        let Some(pending) = self.generation.pending_comparison(H::NAME) else { return };
        let policies = self.clone();
        self.authorizer.host.spawn_background(async move {
            pending.begin();
            let concerns =
                |name: &str| of.as_ref().is_none_or(|of| of.iter().any(|policy| **policy == *name));
            let compared = policies.generation.compare::<H>(&input, concerns).await;
            for comparison in compared.into_iter().filter(|comparison| comparison.disagree) {
                let number = policies.generation.number();
                let outcomes = vec![comparison.active, comparison.candidate];
                let mut record = record::of_shadow::<H>(&input, number, outcomes, begun);
                describe(&input, &mut record);
                comparison.stats.describe(line::of(&record).trim_end().into());
                policies.write_detached(record);
            }
        });
    }

    /// Asks the policies named in `of` which roles may be had; `narrow` selects those that answer the request, and may
    /// refuse. `describe` adds what only the API knows to each record, and sees what was granted.
    ///
    /// # Errors
    /// Nothing is granted, it could not be decided, or cannot be recorded.
    pub async fn grants(
        self,
        input: Arc<aws::Request>,
        of: Arc<[Arc<str>]>,
        begun: Instant,
        narrow: impl FnOnce(&aws::Request, Granted) -> Result<NamedGrants, Refused> + Send,
        describe: impl Fn(&aws::Request, &[Grant], &mut Record) + Send + Sync + 'static,
    ) -> Result<Vec<Grant>, Refused> {
        let hook = AwsRoles::NAME;
        let abandoned = Abandoned::new(|| {
            let mut record = record::abandoned(&input.context, hook, begun);
            describe(&input, &[], &mut record);
            self.write_detached(record);
        });
        let caller = self.caller(AwsRoles::principal(&input), &input.context, begun);
        let Grants { grants, denials, mut decision } = self.generation.grants(&input, &of, &caller).await;
        abandoned.disarm();
        let id = &input.context.decision;
        let granted = Refused::unless_allowed(&decision, id)
            .and_then(|()| narrow(&input, Granted { grants, denials }))
            .inspect_err(|refused| {
                decision.allowed = false;
                decision.reason.clone_from(&refused.reason);
                decision.rule.clone_from(&refused.rule);
                decision.policy.clone_from(&refused.policy);
            });
        if let (Ok([(policy, _)]), Some(_)) = (granted.as_deref(), &input.role) {
            decision.policy = Some(Arc::clone(policy));
        }
        let granted: Result<Vec<_>, _> =
            granted.map(|granted| granted.into_iter().map(|(_, grant)| grant).collect());
        let mut record = record::by_policies::<AwsRoles>(&input, decision, begun);
        describe(&input, granted.as_deref().unwrap_or_default(), &mut record);
        let recorded = self.write(record, begun).await;
        let monitored = self.generation.has_monitored_roles(&of);
        if monitored || self.generation.has_shadow(hook) {
            let describe = Arc::new(describe);
            if monitored {
                let (policies, input, of) = (self.clone(), Arc::clone(&input), Arc::clone(&of));
                let describe = Arc::clone(&describe);
                self.authorizer.host.spawn_background(async move {
                    let outcomes = policies.generation.monitor_grants(&input, &of).await;
                    let number = policies.generation.number();
                    let mut record = record::of_monitors::<AwsRoles>(&input, number, outcomes, begun);
                    describe(&input, &[], &mut record);
                    policies.write_detached(record);
                });
            }
            self.compare::<AwsRoles>(input, Some(of), begun, move |input, record| {
                describe(input, &[], record);
            });
        }
        recorded.and(granted)
    }

    /// Asks the policies of `docker-edit` what they change, and writes the record. Without such a policy nothing is asked,
    /// recorded or changed.
    ///
    /// # Errors
    /// A policy has a fault, or it cannot be recorded.
    pub async fn edits(
        &self,
        input: &Arc<docker::Request>,
        begun: Instant,
        describe: impl Fn(&docker::Request, &mut Record) + Send + Sync + 'static,
    ) -> Result<Vec<Edits>, Refused> {
        if !self.generation.has_enforced(DockerEdit::NAME) {
            return Ok(Vec::new());
        }
        let context = DockerEdit::context(input);
        let caller = self.caller(DockerEdit::principal(input), context, begun);
        let CombinedEdits { edits, decision } = self.generation.edits(input, &caller).await;
        let allowed = Refused::unless_allowed(&decision, &context.decision);
        let mut record = record::by_policies::<DockerEdit>(input, decision, begun);
        describe(input, &mut record);
        let recorded = self.write(record, begun).await;
        self.compare::<DockerEdit>(Arc::clone(input), None, begun, describe);
        recorded.and(allowed).map(|()| edits)
    }

    /// Allows by a rule of the host's own, without asking a policy, and records it.
    ///
    /// # Errors
    /// It cannot be recorded.
    pub async fn allow_by_host(
        &self,
        (context, hook): (&Context, HookName),
        rule: &str,
        begun: Instant,
        describe: impl FnOnce(&mut Record),
    ) -> Result<(), Refused> {
        let mut record = record::by_host(context, hook, Verdict::Allow, (rule, ""), begun);
        describe(&mut record);
        self.write(record, begun).await
    }

    /// Refuses by a rule of the host's own, without asking a policy, and records it.
    pub async fn refuse_by_host(
        &self,
        (context, hook): (&Context, HookName),
        (rule, reason): (&str, &str),
        begun: Instant,
        describe: impl FnOnce(&mut Record),
    ) -> Refused {
        let mut record = record::by_host(context, hook, Verdict::Deny, (rule, reason), begun);
        describe(&mut record);
        let recorded = self.write(record, begun).await;
        recorded.err().unwrap_or_else(|| Refused::by_host(rule, reason, &context.decision))
    }

    fn caller(&self, principal: Option<&str>, context: &Context, begun: Instant) -> Caller {
        Caller::new(principal, context.peer.as_deref().map(host_of), self.until(begun))
    }

    /// When a request that came at `begun` has taken as long as it may.
    pub(crate) fn until(&self, begun: Instant) -> Instant {
        begun + self.authorizer.host.time_budget()
    }

    /// A decision that cannot be recorded is refused.
    async fn write(&self, record: Record, begun: Instant) -> Result<(), Refused> {
        let id = record.id.clone();
        // Also a refusal after the time budget leaves a record.
        let until = self.until(begun).max(Instant::now() + RECORD_TIME);
        self.authorizer.log.write(record, until).await.map_err(|error| {
            tracing::error!(decision = id, %error, "a decision cannot be recorded, so the request is refused");
            let overloaded = matches!(error, AuditError::Stalled);
            let reason = "the decision cannot be recorded, so nothing is allowed";
            Refused { overloaded, ..Refused::fault("host:unrecorded", reason, &id) }
        })
    }

    /// Writes a record that no response depends on.
    fn write_detached(&self, record: Record) {
        let (id, kind) = (record.id.clone(), record.kind);
        if let Err(error) = self.authorizer.log.write_detached(record) {
            tracing::error!(decision = id, ?kind, %error, "a record that no response depends on cannot be written");
        }
    }
}

/// The address without its port: connections of one machine count as one caller.
fn host_of(peer: &str) -> &str {
    peer.rsplit_once(':').map_or(peer, |(host, _port)| host)
}

/// Runs a function when it is dropped, unless it was disarmed: what remains of a request whose future was dropped.
struct Abandoned<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Abandoned<F> {
    fn new(then: F) -> Self {
        Self(Some(then))
    }

    fn disarm(mut self) {
        self.0 = None;
    }
}

impl<F: FnOnce()> Drop for Abandoned<F> {
    fn drop(&mut self) {
        if let Some(then) = self.0.take() {
            then();
        }
    }
}

/// Roles, each with the policy that granted it.
pub type NamedGrants = Vec<(Arc<str>, Grant)>;

/// What the policies granted and denied, each with the policy that did.
#[derive(Debug, Clone, Default)]
pub struct Granted {
    /// Grants, the first for an account and role first.
    pub grants: NamedGrants,
    /// Denials.
    pub denials: Vec<(Arc<str>, aws::Denial)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_counts_without_its_port() {
        for (peer, host) in
            [("192.0.2.7:1", "192.0.2.7"), ("[2001:db8::1]:1", "[2001:db8::1]"), ("unix", "unix")]
        {
            assert_eq!(host_of(peer), host);
        }
    }
}
