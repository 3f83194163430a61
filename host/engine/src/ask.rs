//! One call to one instance: its exports, its store, its answer.

use portcullis_contract::hook::{AwsRoles, DockerRequest, DockerResponse, PACKAGE, SecretAccess, VERSION};
use portcullis_contract::types::Opinion;
use portcullis_contract::{Hook, HookName, aws};
use std::sync::Arc;
use wasmtime::component::{Component, ComponentExportIndex, ComponentType, Instance, Lift, Lower};
use wasmtime::{Engine, Result, Store, UpdateDeadline, format_err};

use crate::case::{Question, Said};
use crate::cpu_time::{CpuMeter, FIRST_TICKS};
use crate::state::State;
use crate::text;
use crate::{Fault, Limits};

/// Bytes of an answer that lists roles: a list has many lines.
const ROLES_ANSWER: u32 = 4 << 20;

/// A hook whose types can be handed to a component.
pub trait Callable: Hook<Input: ComponentType + Lower, Answer: ComponentType + Lift> {}
impl<H: Hook<Input: ComponentType + Lower, Answer: ComponentType + Lift>> Callable for H {}

/// Where a component keeps the functions of the contract.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    configure: ComponentExportIndex,
    hooks: Vec<(HookName, ComponentExportIndex)>,
}

impl Entry {
    /// Finds every function of the contract. An interface without its function is an error.
    pub(crate) fn find(component: &Component) -> Result<Self> {
        let configure = function(component, "lifecycle", "configure")?
            .ok_or_else(|| format_err!("no `{PACKAGE}/lifecycle`"))?;
        let mut hooks = Vec::new();
        for hook in HookName::ALL {
            if let Some(index) = function(component, hook.as_str(), hook.function())? {
                hooks.push((hook, index));
            }
        }
        Ok(Self { configure, hooks })
    }

    /// Compares every function's type with the contract's.
    pub(crate) fn check_signatures(&self, store: &mut Store<State>, instance: &Instance) -> Result<()> {
        let configure =
            instance.get_typed_func::<(&str,), (Result<(), String>,)>(&mut *store, self.configure);
        configure.map_err(|error| error.context("`lifecycle.configure` has another signature"))?;
        for (hook, _) in &self.hooks {
            let checked = match hook {
                HookName::DockerRequest => self.check::<DockerRequest>(store, instance),
                HookName::DockerResponse => self.check::<DockerResponse>(store, instance),
                HookName::SecretAccess => self.check::<SecretAccess>(store, instance),
                HookName::AwsRoles => self.check::<AwsRoles>(store, instance),
            };
            checked.map_err(|error| {
                error.context(format!("`{hook}.{}` has another signature", hook.function()))
            })?;
        }
        Ok(())
    }

    fn check<H: Callable>(&self, store: &mut Store<State>, instance: &Instance) -> Result<()> {
        let index = self.hook(H::NAME)?;
        instance.get_typed_func::<(&H::Input,), (Result<H::Answer, String>,)>(store, index).map(drop)
    }

    fn hook(&self, name: HookName) -> Result<ComponentExportIndex> {
        let found = self.hooks.iter().find(|(hook, _)| *hook == name);
        found.map(|(_, index)| *index).ok_or_else(|| format_err!("it does not export `{name}`"))
    }

    /// Hands over the settings.
    pub(crate) async fn configure(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        settings: &str,
    ) -> Result<Result<(), String>> {
        let configure =
            instance.get_typed_func::<(&str,), (Result<(), String>,)>(&mut *store, self.configure)?;
        Ok(configure.call_async(store, (settings,)).await?.0)
    }

    /// Asks. The inner error is the guest's own.
    pub(crate) async fn call<H: Callable>(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        input: &H::Input,
    ) -> Result<Result<H::Answer, String>> {
        let index = self.hook(H::NAME)?;
        let function =
            instance.get_typed_func::<(&H::Input,), (Result<H::Answer, String>,)>(&mut *store, index)?;
        Ok(function.call_async(store, (input,)).await?.0)
    }

    /// Asks a case's question.
    pub(crate) async fn ask_case(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        question: &Question,
        limits: &Limits,
    ) -> Said {
        match question {
            Question::DockerRequest(input) => {
                said(self.call::<DockerRequest>(store, instance, input).await, limits, opinion)
            }
            Question::DockerResponse(input) => {
                said(self.call::<DockerResponse>(store, instance, input).await, limits, opinion)
            }
            Question::SecretAccess(input) => {
                said(self.call::<SecretAccess>(store, instance, input).await, limits, opinion)
            }
            Question::AwsRoles(input) => {
                said(self.call::<AwsRoles>(store, instance, input).await, limits, roles)
            }
        }
    }
}

/// The index of one function of the contract; `None` where its interface is not exported.
fn function(component: &Component, interface: &str, function: &str) -> Result<Option<ComponentExportIndex>> {
    let name = format!("{PACKAGE}/{interface}@{VERSION}");
    let Some(instance) = component.get_export_index(None, &name) else { return Ok(None) };
    let index = component.get_export_index(Some(&instance), function);
    index.map(Some).ok_or_else(|| format_err!("`{name}` has no `{function}`"))
}

fn said<T>(answer: Result<Result<T, String>>, limits: &Limits, wrap: impl FnOnce(T) -> Said) -> Said {
    match answer {
        Ok(Ok(answer)) => wrap(answer),
        Ok(Err(error)) => Said::Fault(Fault::Refused(text::one_line(&error, text::REASON)).to_string()),
        Err(error) => Said::Fault(Fault::from_call(&error, limits.deadline, limits.answer).to_string()),
    }
}

fn opinion(opinion: Opinion) -> Said {
    Said::Opinion(tame(opinion))
}

fn roles(answer: aws::Answer) -> Said {
    Said::Roles(answer)
}

/// An opinion as the contract allows it: its texts bounded and harmless.
pub(crate) fn tame(opinion: Opinion) -> Opinion {
    let extra = opinion.extra.into_iter().take(16);
    Opinion {
        verdict: opinion.verdict,
        reason: text::printable(&opinion.reason, text::REASON),
        rule: text::rule(&opinion.rule),
        extra: extra
            .map(|(name, value)| (text::printable(&name, 64), text::printable(&value, 256)))
            .collect(),
    }
}

/// A list of roles as the contract allows it. Accounts and roles stay as they are: the API that uses them compares them
/// with those it knows.
pub(crate) fn tame_roles(mut answer: aws::Answer) -> aws::Answer {
    for grant in &mut answer.grants {
        grant.reason = text::printable(&grant.reason, text::REASON);
    }
    for denial in &mut answer.denials {
        denial.reason = text::printable(&denial.reason, text::REASON);
        denial.rule = text::rule(&denial.rule);
    }
    answer
}

/// A store for one decision. Its guest yields each millisecond once its first slice is over, and is stopped when it has
/// used the processor for as long as its deadline says. This is the one place that arms a deadline for a decision.
pub(crate) fn new_store(
    engine: &Engine,
    limits: &Limits,
    policy: &Arc<str>,
    decision: &str,
    wasi: bool,
    hook: HookName,
    meter: &CpuMeter,
) -> Store<State> {
    let mut store = bounded_store(engine, limits, State::new(limits, policy, decision, wasi));
    if hook == HookName::AwsRoles {
        store.set_hostcall_fuel(limits.answer.max(ROLES_ANSWER) as usize);
    }
    let (meter, deadline) = (meter.clone(), limits.deadline);
    store.set_epoch_deadline(FIRST_TICKS);
    store.epoch_deadline_callback(move |_| Ok(meter.tick(deadline)));
    store
}

/// A store for the build: its guest is stopped when it has used the processor for as long as `configure` may.
pub(crate) fn new_store_for_build(
    engine: &Engine,
    limits: &Limits,
    policy: &Arc<str>,
    slack: u64,
) -> Store<State> {
    let state = State::new(limits, policy, "configure", false).for_build(slack);
    let mut store = bounded_store(engine, limits, state);
    // The settings are the host's own, and a snapshot is read through results.
    store.set_hostcall_fuel(usize::try_from(limits.memory.saturating_add(slack)).unwrap_or(usize::MAX));
    arm_for_build(&mut store, limits);
    store
}

fn bounded_store(engine: &Engine, limits: &Limits, state: State) -> Store<State> {
    let mut store = Store::new(engine, state);
    store.limiter(State::limiter);
    store.set_hostcall_fuel(limits.answer as usize);
    store.set_max_component_handles(256);
    store
}

/// Gives the guest of a build the time for `configure` anew, e.g. for a case. The build has one thread, which never
/// yields.
pub(crate) fn arm_for_build(store: &mut Store<State>, limits: &Limits) {
    let (meter, deadline) = (CpuMeter::default(), limits.configure);
    store.set_epoch_deadline(FIRST_TICKS);
    store.epoch_deadline_callback(move |_| {
        Ok(match meter.tick(deadline) {
            UpdateDeadline::Interrupt => UpdateDeadline::Interrupt,
            _ => UpdateDeadline::Continue(1),
        })
    });
}
