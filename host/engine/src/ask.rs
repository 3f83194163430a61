//! One call to one instance: its exports, its store, its answer.

use portcullis_contract::hook::{self, PACKAGE, VERSION};
use portcullis_contract::{Hook, HookName, for_each_hook};
use std::sync::Arc;
use wasmtime::component::{Component, ComponentExportIndex, Func, Instance, TypedFunc};
use wasmtime::{Engine, Result, Store, UpdateDeadline, format_err};

use crate::answer::{Answer as _, Callable, CaseResult};
use crate::cpu_time::{CpuMeter, FIRST_TICKS};
use crate::state::State;
use crate::text;
use crate::{Fault, Limits};

/// The type of a hook's function.
type Authorize<'a, H> = TypedFunc<(&'a <H as Hook>::Input,), (Result<<H as Hook>::Answer, String>,)>;

/// Where a component keeps the functions of the contract.
#[derive(Debug, Clone)]
pub(crate) struct GuestExports {
    configure: ComponentExportIndex,
    hooks: Vec<(HookName, ComponentExportIndex)>,
}

/// Exports whose types are those of the contract.
#[derive(Debug)]
pub(crate) struct CheckedExports(GuestExports);

impl GuestExports {
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
    pub(crate) fn check(&self, store: &mut Store<State>, instance: &Instance) -> Result<CheckedExports> {
        let configure =
            instance.get_typed_func::<(&str,), (Result<(), String>,)>(&mut *store, self.configure);
        configure.map_err(|error| error.context("`lifecycle.configure` has another signature"))?;
        macro_rules! check_each {
            ($($hook:ident),+) => {
                $(self.check_hook::<hook::$hook>(store, instance)?;)+
            };
        }
        for_each_hook!(check_each);
        Ok(CheckedExports(self.clone()))
    }

    fn check_hook<H: Callable>(&self, store: &mut Store<State>, instance: &Instance) -> Result<()> {
        let Some((hook, index)) = self.hooks.iter().find(|(hook, _)| *hook == H::NAME) else { return Ok(()) };
        let checked: Result<Authorize<'_, H>> = instance.get_typed_func(store, *index);
        checked
            .map(drop)
            .map_err(|error| error.context(format!("`{hook}.{}` has another signature", hook.function())))
    }

    fn function(&self, store: &mut Store<State>, instance: &Instance, hook: HookName) -> Result<Func> {
        let index = self.hooks.iter().find(|(name, _)| *name == hook).map(|(_, index)| *index);
        let index = index.ok_or_else(|| format_err!("it does not export `{hook}`"))?;
        instance.get_func(store, index).ok_or_else(|| format_err!("`{hook}` is not a function"))
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
}

impl CheckedExports {
    /// Asks an instance of the component whose exports these are. The inner error is the guest's own.
    pub(crate) async fn call<H: Callable>(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        input: &H::Input,
    ) -> Result<Result<H::Answer, String>> {
        let function = self.0.function(store, instance, H::NAME)?;
        // SAFETY: `GuestExports::check`, the only constructor of `CheckedExports`, compared the type of this export with
        // `Authorize<H>` in an instance of the same component. A type belongs to the component: each instance has it.
        #[expect(
            unsafe_code,
            reason = "wasmtime compares the types anew for each instance, which costs a microsecond"
        )]
        let function: Authorize<'_, H> = unsafe { TypedFunc::new_unchecked(function) };
        Ok(function.call_async(store, (input,)).await?.0)
    }

    /// Asks for a case, and sanitizes the answer.
    pub(crate) async fn ask_case<H: Callable>(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        input: &H::Input,
        limits: &Limits,
    ) -> CaseResult {
        match self.call::<H>(store, instance, input).await {
            Ok(Ok(answer)) => answer.sanitize().into(),
            Ok(Err(error)) => {
                CaseResult::Fault(Fault::Refused(text::one_line(&error, text::REASON)).to_string())
            }
            Err(error) => {
                CaseResult::Fault(Fault::from_call(&error, limits.deadline, limits.answer).to_string())
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

/// A store for one decision. Its guest yields each millisecond once its first slice is over, and is stopped when it has
/// used the processor for as long as its deadline says. This is the one place that arms a deadline for a decision.
pub(crate) fn new_store(
    engine: &Engine,
    limits: &Limits,
    policy: &Arc<str>,
    decision: &str,
    wasi: bool,
    answer_bytes: u32,
    meter: &CpuMeter,
) -> Store<State> {
    let mut store = bounded_store(engine, limits, State::new(limits, policy, decision, wasi));
    store.set_hostcall_fuel(limits.answer.max(answer_bytes) as usize);
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
