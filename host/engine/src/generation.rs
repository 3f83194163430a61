//! A generation: the whole set of policies in force at one time, and how it decides.
//!
//! It is immutable. A decision holds the generation it began with, so that it is made wholly by that one, and
//! the generation with its code and its pool goes away when its last decision has ended.

use portcullis_contract::hook::AwsRoles;
use portcullis_contract::types::Opinion;
use portcullis_contract::{Hook, HookName, aws};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Engine;

use crate::Mode;
use crate::ask::{Callable, tame};
use crate::combine::{self, Ruling};
use crate::decision::{Decision, Grants, Outcome, PolicyOutcome, PolicyStatusRef};
use crate::policy::{Answered, Policy, PolicyStatus};

/// The whole set of policies in force.
#[derive(Debug)]
pub struct Generation {
    number: u64,
    policies: Vec<Arc<Policy>>,
    enforced: [Vec<Arc<Policy>>; HookName::ALL.len()],
    monitored: [Vec<Arc<Policy>>; HookName::ALL.len()],
    // Kept so that the clock ticks for its guests.
    _engine: Option<Engine>,
}

impl Generation {
    pub(crate) fn new(number: u64, policies: Vec<Arc<Policy>>, engine: Option<Engine>) -> Self {
        let on = |hook: HookName, mode: Mode| -> Vec<_> {
            let asked =
                |policy: &&Arc<Policy>| policy.status.mode == mode && policy.status.hooks.contains(&hook);
            policies.iter().filter(asked).cloned().collect()
        };
        let enforced = HookName::ALL.map(|hook| on(hook, Mode::Enforce));
        let monitored = HookName::ALL.map(|hook| on(hook, Mode::Monitor));
        Self { number, policies, enforced, monitored, _engine: engine }
    }

    /// Its number: each publication has the next one.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether a policy's word counts on `hook`.
    pub fn serves(&self, hook: HookName) -> bool {
        !self.enforced[hook as usize].is_empty()
    }

    /// Whether anybody wants to see what happens on `hook`.
    pub fn watches(&self, hook: HookName) -> bool {
        !self.monitored[hook as usize].is_empty()
    }

    /// Every policy, in the configuration's order.
    pub fn status(&self) -> impl Iterator<Item = &PolicyStatus> {
        self.policies.iter().map(|policy| &policy.status)
    }

    /// Asks the policies on a hook that is asked before the act.
    pub async fn decide<H>(&self, input: &H::Input) -> Decision
    where
        H: Callable + Hook<Answer = Opinion>,
    {
        let begun = Instant::now();
        let policies = &self.enforced[H::NAME as usize];
        let answers = ask_until_settled::<H>(policies, input).await;
        let said = policies.iter().zip(&answers).map(|(policy, answer)| (&*policy.name, &answer.said));
        let ruling = if H::NAME == HookName::DockerResponse {
            combine::after(said)
        } else if policies.is_empty() {
            Ruling::no_policy(H::NAME)
        } else {
            combine::before(said)
        };
        let outcomes = outcomes(policies, answers, Outcome::Opinion);
        self.decision(ruling, policies, outcomes, begun)
    }

    /// Asks which roles may be had.
    pub async fn grants(&self, input: &aws::Request) -> Grants {
        let begun = Instant::now();
        let policies = &self.enforced[HookName::AwsRoles as usize];
        let mut answers = Vec::with_capacity(policies.len());
        for policy in policies {
            answers.push(policy.ask::<AwsRoles>(input).await);
        }
        let said = policies.iter().zip(&answers).map(|(policy, answer)| (&*policy.name, &answer.said));
        let (ruling, granted) = match combine::roles(said) {
            combine::Roles::Refused(ruling) => (ruling, Vec::new()),
            combine::Roles::Granted(_) if policies.is_empty() => {
                (Ruling::no_policy(HookName::AwsRoles), Vec::new())
            }
            combine::Roles::Granted(granted) => {
                let allowed = Ruling {
                    allowed: true,
                    fault: false,
                    reason: String::new(),
                    rule: String::new(),
                    by: None,
                };
                let named = |(by, grant): (usize, aws::Grant)| (Arc::clone(&policies[by].name), grant);
                (allowed, granted.into_iter().map(named).collect())
            }
        };
        let outcomes = outcomes(policies, answers, |answer: aws::Answer| Outcome::Roles {
            grants: answer.grants.len(),
            denials: answer.denials.len(),
        });
        Grants { grants: granted, decision: self.decision(ruling, policies, outcomes, begun) }
    }

    /// Asks the policies that only watch; their word counts for nothing.
    pub async fn monitor<H>(&self, input: &H::Input) -> Vec<PolicyOutcome>
    where
        H: Callable + Hook<Answer = Opinion>,
    {
        let policies = &self.monitored[H::NAME as usize];
        let mut answers = Vec::with_capacity(policies.len());
        for policy in policies {
            answers.push(policy.ask::<H>(input).await.map(tame));
        }
        outcomes(policies, answers, Outcome::Opinion)
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
            reason: ruling.reason,
            rule: ruling.rule,
            policy: ruling.by.and_then(|by| policies.get(by)).map(|policy| Arc::clone(&policy.name)),
            generation: self.number,
            outcomes,
            elapsed: begun.elapsed(),
        }
    }
}

/// Asks in order, until one settles the matter.
async fn ask_until_settled<H>(policies: &[Arc<Policy>], input: &H::Input) -> Vec<Answered<Opinion>>
where
    H: Callable + Hook<Answer = Opinion>,
{
    let mut answers = Vec::with_capacity(policies.len());
    for (by, policy) in policies.iter().enumerate() {
        let answer = policy.ask::<H>(input).await.map(tame);
        let settled = combine::settles(by, (&policy.name, &answer.said)).is_some();
        answers.push(answer);
        if settled {
            break;
        }
    }
    answers
}

fn outcomes<T>(
    policies: &[Arc<Policy>],
    answers: Vec<Answered<T>>,
    outcome: impl Fn(T) -> Outcome,
) -> Vec<PolicyOutcome> {
    let mut answers = answers.into_iter();
    let one = |policy: &Arc<Policy>| {
        let (outcome, elapsed) = match answers.next() {
            None => (Outcome::NotAsked, Duration::ZERO),
            Some(Answered { said: Ok(answer), elapsed }) => (outcome(answer), elapsed),
            Some(Answered { said: Err(fault), elapsed }) => (Outcome::Fault(fault), elapsed),
        };
        PolicyOutcome { policy: PolicyStatusRef(Arc::clone(policy)), outcome, elapsed }
    };
    policies.iter().map(one).collect()
}
