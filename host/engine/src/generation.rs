//! A generation: the whole set of policies in force at one time, and how it decides.
//!
//! It is immutable. A decision holds the generation it began with, so that it is made wholly by that one, and
//! the generation with its code and its pool goes away when its last decision has ended.

use portcullis_contract::hook::AwsRoles;
use portcullis_contract::types::Opinion;
use portcullis_contract::{Hook, HookName, aws};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Engine, Store};

use crate::ask::{Callable, Entry, new_store, tame};
use crate::combine::{self, Ruling};
use crate::state::State;
use crate::text;
use crate::{Fault, Limits, Mode};

/// One policy, loaded and ready.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) status: PolicyStatus,
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) wasi: bool,
    /// Present where each instance has to be configured.
    pub(crate) settings: Option<String>,
    pub(crate) entry: Entry,
    pub(crate) pre: PreparedInstance,
    pub(crate) places: Semaphore,
}

/// A component with its imports found, so that an instance is one step away.
pub(crate) struct PreparedInstance(pub(crate) InstancePre<State>);

impl std::fmt::Debug for PreparedInstance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreparedInstance")
    }
}

/// What there is to know of a policy in force.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyStatus {
    /// The operator's name for it.
    pub name: Arc<str>,
    /// Where it came from.
    pub source: String,
    /// The module's SHA-256.
    pub module: Arc<str>,
    /// The settings' SHA-256.
    pub settings: Arc<str>,
    /// Module, settings and limits in one: the first 12 digits of their SHA-256.
    pub revision: Arc<str>,
    /// Whether its word counts.
    pub mode: Mode,
    /// The hooks it is asked on.
    pub hooks: Vec<HookName>,
    /// The interfaces it imports that give it something to call.
    pub imports: Vec<String>,
    /// Why each instance is configured anew; absent when it is frozen.
    pub unfrozen: Option<String>,
}

/// What one policy came to in one decision.
#[derive(Debug, Clone)]
pub struct PolicyOutcome {
    /// Which policy, and in which revision.
    pub policy: PolicyStatusRef,
    /// What it said.
    pub outcome: Outcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// A policy's status without a copy of it.
#[derive(Clone)]
pub struct PolicyStatusRef(Arc<Policy>);

impl std::ops::Deref for PolicyStatusRef {
    type Target = PolicyStatus;

    fn deref(&self) -> &PolicyStatus {
        &self.0.status
    }
}

impl std::fmt::Debug for PolicyStatusRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.name)
    }
}

/// What one policy came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It has an opinion.
    Opinion(Opinion),
    /// It listed roles.
    Roles {
        /// How many it grants.
        grants: usize,
        /// How many denials it states.
        denials: usize,
    },
    /// It gave no answer.
    Fault(Fault),
    /// Another policy had settled the matter.
    NotAsked,
}

/// A decision.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Whether a fault, and not a policy's will, refused it.
    pub fault: bool,
    /// For the caller; empty where it is allowed.
    pub reason: String,
    /// The rule that fired.
    pub rule: String,
    /// The policy whose word it was; absent where it was the host's.
    pub policy: Option<Arc<str>>,
    /// The generation that decided.
    pub generation: u64,
    /// What each enforced policy came to.
    pub outcomes: Vec<PolicyOutcome>,
    /// How long it took.
    pub elapsed: Duration,
}

/// What `aws-roles` came to.
#[derive(Debug, Clone)]
pub struct Grants {
    /// The roles that may be had, each with the policy that supplied it; empty where the decision refused.
    pub grants: Vec<(Arc<str>, aws::Grant)>,
    /// How it came about.
    pub decision: Decision,
}

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

/// One policy's answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) said: Result<T, Fault>,
    pub(crate) elapsed: Duration,
}

impl<T> Answered<T> {
    fn map<U>(self, map: impl FnOnce(T) -> U) -> Answered<U> {
        Answered { said: self.said.map(map), elapsed: self.elapsed }
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

impl Policy {
    /// Asks one question of a new instance, which is dropped afterwards whatever happened.
    pub(crate) async fn ask<H: Callable>(&self, input: &H::Input) -> Answered<H::Answer> {
        let begun = Instant::now();
        let said = match self.places.try_acquire() {
            Err(_) => Err(Fault::Overloaded),
            Ok(_place) if self.wasi => self.ask_in_time::<H>(input).await,
            Ok(_place) => self.ask_instance::<H>(input).await,
        };
        if let Err(fault) = &said {
            let decision = &*H::context(input).decision;
            tracing::warn!(policy = &*self.name, decision, fault = fault.name(), "{fault}");
        }
        Answered { said, elapsed: begun.elapsed() }
    }

    /// The epoch does not stop a guest that waits in a host call, and only WASI has calls that wait.
    async fn ask_in_time<H: Callable>(&self, input: &H::Input) -> Result<H::Answer, Fault> {
        let deadline = self.limits.deadline;
        let asked = tokio::time::timeout(deadline, self.ask_instance::<H>(input)).await;
        asked.unwrap_or(Err(Fault::Deadline(deadline)))
    }

    async fn ask_instance<H: Callable>(&self, input: &H::Input) -> Result<H::Answer, Fault> {
        let decision = &H::context(input).decision;
        let mut store = self.new_store(decision, H::NAME);
        let instance = self.new_instance(&mut store).await?;
        let answered = self.entry.call::<H>(&mut store, &instance, input).await;
        let answer = answered.map_err(|error| self.call_failed(&error))?;
        answer.map_err(|text| Fault::Refused(text::one_line(&text, text::REASON)))
    }

    /// How long a new instance takes to be made and configured.
    pub(crate) async fn time_to_configure(&self) -> Result<Duration, Fault> {
        let begun = Instant::now();
        let mut store = self.new_store("probe", HookName::DockerRequest);
        self.new_instance(&mut store).await?;
        Ok(begun.elapsed())
    }

    fn new_store(&self, decision: &str, hook: HookName) -> Store<State> {
        new_store(self.pre.0.engine(), &self.limits, &self.name, decision, self.wasi, hook)
    }

    /// An instance that can be asked: frozen, or configured now.
    async fn new_instance(&self, store: &mut Store<State>) -> Result<Instance, Fault> {
        let Limits { deadline, answer, .. } = self.limits;
        let made = self.pre.0.instantiate_async(&mut *store).await;
        let instance = made.map_err(|error| Fault::from_wasmtime(&error, deadline, answer))?;
        if let Some(settings) = &self.settings {
            let configured = self.entry.configure(store, &instance, settings).await;
            let accepted = configured.map_err(|error| self.call_failed(&error))?;
            accepted.map_err(|text| Fault::Refused(text::one_line(&text, text::REASON)))?;
        }
        Ok(instance)
    }

    fn call_failed(&self, error: &wasmtime::Error) -> Fault {
        Fault::from_call(error, self.limits.deadline, self.limits.answer)
    }
}
