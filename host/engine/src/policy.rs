//! One policy, loaded and ready, and how it is asked: a new instance for every question.

use portcullis_contract::HookName;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::ask::{Callable, Entry, new_store};
use crate::state::State;
use crate::text;
use crate::ticker::Ticker;
use crate::{Fault, Limits, Mode};

/// One policy, loaded and ready.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) status: PolicyStatus,
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) ticker: Arc<Ticker>,
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
    pub module_sha256: Arc<str>,
    /// The settings' SHA-256.
    pub settings_sha256: Arc<str>,
    /// Module, settings, limits, grants, hooks and mode in one SHA-256, the same on every machine.
    pub revision: Arc<str>,
    /// Whether its word counts.
    pub mode: Mode,
    /// The hooks it is asked on.
    pub hooks: Vec<HookName>,
    /// The interfaces it imports that give it something to call.
    pub imports: Vec<String>,
    /// Why each instance is configured anew; absent when it is pre-initialized.
    pub not_preinitialized_because: Option<String>,
}

/// One policy's answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) said: Result<T, Fault>,
    pub(crate) elapsed: Duration,
}

impl<T> Answered<T> {
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Answered<U> {
        Answered { said: self.said.map(map), elapsed: self.elapsed }
    }
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
        let _running = self.ticker.run();
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
        let _running = self.ticker.run();
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
