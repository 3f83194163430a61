//! A generation: the whole set of policies in force at one time, and how it decides.
//!
//! It is immutable. A decision holds the generation it began with, so that it is made wholly by that one, and
//! the generation with its code and its pool goes away when its last decision has ended.

use portcullis_contract::hook::{AwsRoles, Combining, DockerEdit};
use portcullis_contract::types::Opinion;
use portcullis_contract::{Hook, HookName, aws, docker};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Mode;
use crate::answer::{Answer, Callable};
use crate::caller::Caller;
use crate::combine::{self, Ruling};
use crate::decision::{CombinedEdits, Decision, Grants, Outcome, PolicyOutcome, PolicyStatusRef};
use crate::policy::{Answered, Policy, PolicyStatus};
use crate::shadow::{Comparison, PendingComparison, Shadow, ShadowStats};

/// Data of an API that is published with a generation.
pub type Attached = Arc<dyn Any + Send + Sync>;

/// The whole set of policies in force.
pub struct Generation {
    number: u64,
    attached: Option<Attached>,
    policies: Vec<Arc<Policy>>,
    enforced: [Vec<Arc<Policy>>; HookName::ALL.len()],
    monitored: [Vec<Arc<Policy>>; HookName::ALL.len()],
    shadows: [Vec<Shadow>; HookName::ALL.len()],
    all_shadows: Vec<Shadow>,
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, policies, .. } = self;
        f.debug_struct("Generation")
            .field("number", number)
            .field("policies", policies)
            .finish_non_exhaustive()
    }
}

impl Generation {
    pub(crate) fn new(
        number: u64,
        policies: Vec<Arc<Policy>>,
        all_shadows: Vec<Shadow>,
        attached: Option<Attached>,
    ) -> Self {
        let on = |hook: HookName, mode: Mode| -> Vec<_> {
            let asked =
                |policy: &&Arc<Policy>| policy.status.mode == mode && policy.status.hooks.contains(&hook);
            policies.iter().filter(asked).cloned().collect()
        };
        let enforced = HookName::ALL.map(|hook| on(hook, Mode::Enforce));
        let monitored = HookName::ALL.map(|hook| on(hook, Mode::Monitor));
        let shadows = HookName::ALL.map(|hook| {
            let asked = |shadow: &&Shadow| shadow.candidate.status.hooks.contains(&hook);
            all_shadows.iter().filter(asked).cloned().collect()
        });
        Self { number, attached, policies, enforced, monitored, shadows, all_shadows }
    }

    /// Its number: each publication has the next one.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What was put in force together with these policies, e.g. the accounts that their settings name: a
    /// decision by this generation sees these and no others.
    pub fn attached<T: Any>(&self) -> Option<&T> {
        self.attached.as_deref().and_then(|attached| attached.downcast_ref())
    }

    pub(crate) fn attachment(&self) -> Option<Attached> {
        self.attached.clone()
    }

    pub(crate) fn consists_of(&self, policies: &[Arc<Policy>], shadows: &[Shadow]) -> bool {
        let same = |ours: &Arc<Policy>, theirs: &Arc<Policy>| Arc::ptr_eq(ours, theirs);
        let candidates = |shadows: &[Shadow]| {
            shadows.iter().map(|shadow| Arc::clone(&shadow.candidate)).collect::<Vec<_>>()
        };
        let equal = |ours: &[Arc<Policy>], theirs: &[Arc<Policy>]| {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        };
        equal(&self.policies, policies) && equal(&candidates(&self.all_shadows), &candidates(shadows))
    }

    pub(crate) fn policy(&self, name: &str) -> Option<&Arc<Policy>> {
        self.policies.iter().find(|policy| *policy.name == *name)
    }

    pub(crate) fn shadow(&self, name: &str) -> Option<&Arc<Policy>> {
        let found = self.all_shadows.iter().find(|shadow| *shadow.candidate.name == *name);
        found.map(|shadow| &shadow.candidate)
    }

    /// Whether a policy's word counts on `hook`.
    pub fn has_enforced(&self, hook: HookName) -> bool {
        !self.enforced[hook as usize].is_empty()
    }

    /// Whether anybody wants to see what happens on `hook`.
    pub fn has_monitored(&self, hook: HookName) -> bool {
        !self.monitored[hook as usize].is_empty()
    }

    /// Whether any of these policies only watches which roles may be had.
    pub fn has_monitored_roles(&self, of: &[Arc<str>]) -> bool {
        self.monitored[HookName::AwsRoles as usize].iter().any(|policy| of.contains(&policy.name))
    }

    /// Every policy, in the configuration's order.
    pub fn status(&self) -> impl Iterator<Item = &PolicyStatus> {
        self.policies.iter().map(|policy| &policy.status)
    }

    /// Every shadow, and what came of asking it.
    pub fn shadows(&self) -> impl Iterator<Item = (&PolicyStatus, &Arc<ShadowStats>)> {
        self.all_shadows.iter().map(|shadow| (&shadow.candidate.status, &shadow.stats))
    }

    /// Whether a candidate is asked on `hook` beside a policy in force.
    pub fn has_shadow(&self, hook: HookName) -> bool {
        !self.shadows[hook as usize].is_empty()
    }

    /// What counts a comparison as dropped until it begins. Absent without a shadow on `hook`.
    pub fn pending_comparison(&self, hook: HookName) -> Option<PendingComparison> {
        let shadows = &self.shadows[hook as usize];
        (!shadows.is_empty()).then(|| PendingComparison::new(shadows))
    }

    /// Asks each shadow of the hook, and the policy in force beside which it is. Both answer the same input, so that also
    /// a policy that was not asked for the decision is compared. `of` selects by name.
    pub async fn compare<H: Callable>(
        &self,
        input: &Arc<H::Input>,
        of: impl Fn(&str) -> bool + Send,
    ) -> Vec<Comparison> {
        let mut compared = Vec::new();
        for Shadow { candidate, stats } in &self.shadows[H::NAME as usize] {
            let Some(active) = self.policy(&candidate.name).filter(|active| of(&active.name)) else {
                continue;
            };
            let _turn = stats.turn().await;
            // Live requests come first: where they take all that a policy has, there is no comparison.
            let Some(before) = active.ask_if_idle::<H>(input).await else {
                stats.count_dropped();
                continue;
            };
            let after = candidate.ask::<H>(input, &Caller::BACKGROUND).await;
            let disagree = match (&before.said, &after.said) {
                (Ok(before), Ok(after)) => before.disagrees(after),
                (Err(before), Err(after)) => before.name() != after.name(),
                _ => true,
            };
            stats.count(disagree);
            compared.push(Comparison {
                active: one_outcome(active, Some(before)),
                candidate: one_outcome(candidate, Some(after)),
                disagree,
                stats: Arc::clone(stats),
            });
        }
        compared
    }

    /// How many requests wait for each policy.
    pub fn queue_depths(&self) -> impl Iterator<Item = (&PolicyStatus, usize)> {
        self.policies.iter().map(|policy| (&policy.status, policy.permits.depth()))
    }

    /// Asks the policies on a hook that is asked before the act.
    pub async fn decide<H>(&self, input: &Arc<H::Input>, caller: &Caller) -> Decision
    where
        H: Callable + Hook<Answer = Opinion>,
    {
        let begun = Instant::now();
        let policies = &self.enforced[H::NAME as usize];
        let answers = ask_until_settled::<H>(policies, input, caller).await;
        let said = policies.iter().zip(&answers).map(|(policy, answer)| (&*policy.name, &answer.said));
        let ruling = if H::COMBINING == Combining::AfterAction {
            combine::after(said)
        } else if policies.is_empty() {
            Ruling::no_policy(H::NAME)
        } else {
            combine::before(said)
        };
        let outcomes = outcomes(policies, answers);
        self.decision(ruling, policies, outcomes, begun)
    }

    /// Asks the policies named in `of`, in that order, which roles may be had.
    pub async fn grants(&self, input: &Arc<aws::Request>, of: &[Arc<str>], caller: &Caller) -> Grants {
        let begun = Instant::now();
        let policies = named(&self.enforced, of);
        let answers = ask_all::<AwsRoles>(&policies, input, caller).await;
        let said = policies.iter().zip(&answers).map(|(policy, answer)| (&*policy.name, &answer.said));
        let none = || (Vec::new(), Vec::new());
        let (ruling, (grants, denials)) = match combine::roles(said) {
            combine::Roles::Refused(ruling) => (ruling, none()),
            combine::Roles::Granted { .. } if policies.is_empty() => {
                (Ruling::no_policy(HookName::AwsRoles), none())
            }
            combine::Roles::Granted { grants, denials } => {
                let name = |by: usize| Arc::clone(&policies[by].name);
                let grants = grants.into_iter().map(|(by, grant)| (name(by), grant)).collect();
                let denials = denials.into_iter().map(|(by, denial)| (name(by), denial)).collect();
                (Ruling::listed(), (grants, denials))
            }
        };
        let outcomes = outcomes(&policies, answers);
        Grants { grants, denials, decision: self.decision(ruling, &policies, outcomes, begun) }
    }

    /// Asks the policies what they edit. A fault refuses.
    pub async fn edits(&self, input: &Arc<docker::Request>, caller: &Caller) -> CombinedEdits {
        let begun = Instant::now();
        let policies = &self.enforced[HookName::DockerEdit as usize];
        let answers = ask_all::<DockerEdit>(policies, input, caller).await;
        let said = policies.iter().zip(&answers).map(|(policy, answer)| (&*policy.name, &answer.said));
        let (ruling, edits) = match combine::edits(said) {
            Ok(ruling) => {
                (ruling, answers.iter().filter_map(|answer| answer.said.as_ref().ok()).cloned().collect())
            }
            Err(ruling) => (ruling, Vec::new()),
        };
        let outcomes = outcomes(policies, answers);
        CombinedEdits { edits, decision: self.decision(ruling, policies, outcomes, begun) }
    }

    /// Asks those of the policies named in `of` that only watch; their word counts for nothing.
    pub async fn monitor_grants(&self, input: &Arc<aws::Request>, of: &[Arc<str>]) -> Vec<PolicyOutcome> {
        let policies = named(&self.monitored, of);
        outcomes(&policies, ask_all::<AwsRoles>(&policies, input, &Caller::BACKGROUND).await)
    }

    /// Asks the policies that only watch; their word counts for nothing.
    pub async fn monitor<H>(&self, input: &Arc<H::Input>) -> Vec<PolicyOutcome>
    where
        H: Callable + Hook<Answer = Opinion>,
    {
        let policies = &self.monitored[H::NAME as usize];
        outcomes(policies, ask_all::<H>(policies, input, &Caller::BACKGROUND).await)
    }

    fn decision(
        &self,
        ruling: Ruling,
        policies: &[Arc<Policy>],
        outcomes: Vec<PolicyOutcome>,
        begun: Instant,
    ) -> Decision {
        Decision {
            allowed: ruling.allowed,
            fault: ruling.fault,
            overloaded: ruling.overloaded,
            reason: ruling.reason,
            rule: ruling.rule,
            policy: ruling.by.and_then(|by| policies.get(by)).map(|policy| Arc::clone(&policy.name)),
            generation: self.number,
            outcomes,
            elapsed: begun.elapsed(),
        }
    }
}

/// The policies on `aws-roles` with these names, in their order.
fn named(on: &[Vec<Arc<Policy>>], of: &[Arc<str>]) -> Vec<Arc<Policy>> {
    let policies = &on[HookName::AwsRoles as usize];
    of.iter().filter_map(|name| policies.iter().find(|policy| policy.name == *name)).cloned().collect()
}

async fn ask_all<H: Callable>(
    policies: &[Arc<Policy>],
    input: &Arc<H::Input>,
    caller: &Caller,
) -> Vec<Answered<H::Answer>> {
    let mut answers = Vec::with_capacity(policies.len());
    for policy in policies {
        answers.push(policy.ask::<H>(input, caller).await);
    }
    answers
}

/// Asks in order, until one settles the matter.
async fn ask_until_settled<H>(
    policies: &[Arc<Policy>],
    input: &Arc<H::Input>,
    caller: &Caller,
) -> Vec<Answered<Opinion>>
where
    H: Callable + Hook<Answer = Opinion>,
{
    let mut answers = Vec::with_capacity(policies.len());
    for (by, policy) in policies.iter().enumerate() {
        let answer = policy.ask::<H>(input, caller).await;
        let settled = combine::settles(by, (&policy.name, &answer.said)).is_some();
        answers.push(answer);
        if settled {
            break;
        }
    }
    answers
}

fn outcomes<T: Answer>(policies: &[Arc<Policy>], answers: Vec<Answered<T>>) -> Vec<PolicyOutcome> {
    let mut answers = answers.into_iter();
    policies.iter().map(|policy| one_outcome(policy, answers.next())).collect()
}

/// What a policy came to; without an answer, it was not asked.
fn one_outcome<T: Answer>(policy: &Arc<Policy>, answered: Option<Answered<T>>) -> PolicyOutcome {
    let policy = PolicyStatusRef(Arc::clone(policy));
    match answered {
        None => {
            let outcome = Outcome::NotAsked;
            PolicyOutcome { policy, outcome, elapsed: Duration::ZERO, waited: Duration::ZERO }
        }
        Some(Answered { said, elapsed, waited }) => {
            let outcome = said.map_or_else(Outcome::Fault, T::outcome);
            PolicyOutcome { policy, outcome, elapsed, waited }
        }
    }
}
