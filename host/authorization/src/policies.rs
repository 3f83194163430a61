//! The policies in force when a request began, and how they are asked. Nothing is allowed that is not recorded.

use portcullis_audit::Record;
use portcullis_contract::aws::{self, Grant};
use portcullis_contract::hook::{AwsRoles, Hook, HookName};
use portcullis_contract::types::{Context, Opinion, Verdict};
use portcullis_engine::{Callable, Generation, Grants};
use std::sync::Arc;
use std::time::Instant;

use crate::{Authorizer, Refused, record};

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
        self.generation.serves(hook) || self.generation.watches(hook)
    }

    /// Asks the policies of the hook, writes the record, and then asks those that monitor. `describe` adds what only the
    /// API knows to each record. `begun` is when the request came. The input is boxed, since inputs are kilobytes large
    /// and every future on the way would hold a copy.
    ///
    /// # Errors
    /// It is not allowed, could not be decided, or cannot be recorded.
    pub async fn decide<H>(
        self,
        input: Box<H::Input>,
        begun: Instant,
        describe: impl Fn(&H::Input, &mut Record) + Send + Sync + 'static,
    ) -> Result<(), Refused>
    where
        H: Callable + Hook<Answer = Opinion>,
    {
        let decision = self.generation.decide::<H>(&input).await;
        let context = H::context(&input);
        let allowed = Refused::unless_allowed(&decision, &context.decision);
        let mut record = record::by_policies(context, H::NAME, decision, begun);
        describe(&input, &mut record);
        let recorded = self.write(record).await;
        if self.generation.watches(H::NAME) {
            let policies = self.clone();
            self.authorizer.host.run_aside(async move {
                let outcomes = policies.generation.monitor::<H>(&input).await;
                let number = policies.generation.number();
                let mut record = record::of_monitors(H::context(&input), H::NAME, number, outcomes, begun);
                describe(&input, &mut record);
                policies.write_monitored(record).await;
            });
        }
        recorded.and(allowed)
    }

    /// Asks the policies named in `of` which roles may be had; `narrow` selects those that answer the request, and may
    /// refuse. `describe` adds what only the API knows to each record, and sees what was granted.
    ///
    /// # Errors
    /// Nothing is granted, it could not be decided, or cannot be recorded.
    pub async fn grants(
        self,
        input: aws::Request,
        of: Arc<[Arc<str>]>,
        begun: Instant,
        narrow: impl FnOnce(&aws::Request, Granted) -> Result<NamedGrants, Refused> + Send,
        describe: impl Fn(&aws::Request, &[Grant], &mut Record) + Send + Sync + 'static,
    ) -> Result<Vec<Grant>, Refused> {
        let hook = AwsRoles::NAME;
        let Grants { grants, denials, mut decision } = self.generation.grants(&input, &of).await;
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
        let mut record = record::by_policies(&input.context, hook, decision, begun);
        describe(&input, granted.as_deref().unwrap_or_default(), &mut record);
        let recorded = self.write(record).await;
        if self.generation.watches_roles(&of) {
            let policies = self.clone();
            self.authorizer.host.run_aside(async move {
                let outcomes = policies.generation.monitor_grants(&input, &of).await;
                let number = policies.generation.number();
                let mut record = record::of_monitors(&input.context, hook, number, outcomes, begun);
                describe(&input, &[], &mut record);
                policies.write_monitored(record).await;
            });
        }
        recorded.and(granted)
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
        self.write(record).await
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
        let recorded = self.write(record).await;
        recorded.err().unwrap_or_else(|| Refused::by_host(rule, reason, &context.decision))
    }

    /// A decision that cannot be recorded is refused.
    async fn write(&self, record: Record) -> Result<(), Refused> {
        let id = record.id.clone();
        self.authorizer.log.write(record).await.map_err(|error| {
            tracing::error!(decision = id, %error, "a decision cannot be recorded, so the request is refused");
            Refused::fault("host:unrecorded", "the decision cannot be recorded, so nothing is allowed", &id)
        })
    }

    async fn write_monitored(&self, record: Record) {
        let id = record.id.clone();
        if let Err(error) = self.authorizer.log.write(record).await {
            tracing::error!(decision = id, %error, "the outcomes of monitoring policies cannot be recorded");
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
