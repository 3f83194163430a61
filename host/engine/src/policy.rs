//! One policy, loaded and ready, and how it is asked: a new instance for every request.
//!
//! A request waits in the policy's queue until it is one of the `concurrency` that may be under way. Its guest then runs
//! on this thread for its first slice, and in the runtime for long decisions after that.

use portcullis_contract::{HeapSize as _, HookName};
use serde::Serialize;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::answer::{Answer, Callable};
use crate::ask::{CheckedExports, GuestExports, new_store};
use crate::caller::Caller;
use crate::cpu_time::{CpuMeter, GuestFuture};
use crate::fair_queue::{Bounds, FairQueue, Permit, QueueError};
use crate::offload::OffloadRuntime;
use crate::slow_callers::SlowCallers;
use crate::state::State;
use crate::text;
use crate::ticker::Ticker;
use crate::{Digest, Fault, Limits, Mode};

/// Bytes of the requests that wait for one policy, at most.
const QUEUE_BYTES: usize = 64 << 20;

/// One policy, loaded and ready.
#[derive(Debug)]
pub(crate) struct Policy {
    /// See [`identity`](crate::revision::identity).
    pub(crate) identity: Digest,
    pub(crate) status: PolicyStatus,
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) wasi: bool,
    /// Present where each instance has to be configured.
    pub(crate) settings: Option<String>,
    pub(crate) exports: GuestExports,
    /// Set by the first instance.
    pub(crate) checked: OnceLock<CheckedExports>,
    pub(crate) pre: PreparedInstance,
    pub(crate) permits: Arc<FairQueue>,
    pub(crate) offload: Arc<OffloadRuntime>,
    pub(crate) slow_callers: SlowCallers,
    /// What a request may take in all, for the text of a fault.
    pub(crate) time_budget: Duration,
}

/// A component with its imports found, so that an instance is one step away.
pub(crate) struct PreparedInstance(pub(crate) InstancePre<State>);

impl std::fmt::Debug for PreparedInstance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreparedInstance")
    }
}

/// A policy in force, as the admin API shows it.
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
    /// Whether records of decisions that it was asked for hold its input.
    pub record_inputs: bool,
}

/// One policy's answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) said: Result<T, Fault>,
    pub(crate) elapsed: Duration,
    pub(crate) waited: Duration,
}

impl Policy {
    /// A queue with as many permits as decisions may be under way at once.
    pub(crate) fn queue(limits: &Limits) -> Arc<FairQueue> {
        let bounds = Bounds { entries: limits.queue_length as usize, bytes: QUEUE_BYTES };
        let concurrency = limits.concurrency as usize;
        // A few are for principals that have none under way.
        let reserve = if concurrency < 4 { 0 } else { (concurrency / 8).max(1) };
        FairQueue::new(concurrency, reserve, bounds)
    }

    /// Asks a new instance, which is dropped afterwards, also after an error.
    pub(crate) async fn ask<H: Callable>(
        self: &Arc<Self>,
        input: &Arc<H::Input>,
        caller: &Caller,
    ) -> Answered<H::Answer> {
        let begun = Instant::now();
        let mut waited = Duration::ZERO;
        let permit = if let Some(permit) = self.permits.try_acquire(caller.key) {
            Ok(permit)
        } else {
            let permit = self.wait(input.heap_size(), caller).await;
            waited = begun.elapsed();
            permit
        };
        let said = match permit {
            Ok(permit) => {
                let meter = CpuMeter::default();
                let guest = Arc::clone(self).ask_instance::<H>(Arc::clone(input), meter.clone(), permit);
                self.run(caller, &meter, Box::pin(guest)).await
            }
            Err(fault) => Err(fault),
        };
        if let Err(fault) = &said {
            let decision = &*H::context(input).decision;
            tracing::warn!(policy = &*self.name, decision, fault = fault.name(), "{fault}");
        }
        Answered { said, elapsed: begun.elapsed(), waited }
    }

    /// Asks for no request that is waited for. Absent where all of the policy's permits are in use.
    pub(crate) async fn ask_if_idle<H: Callable>(
        self: &Arc<Self>,
        input: &Arc<H::Input>,
    ) -> Option<Answered<H::Answer>> {
        let begun = Instant::now();
        let caller = Caller::BACKGROUND;
        let permit = self.permits.try_acquire(caller.key)?;
        let meter = CpuMeter::default();
        let guest = Arc::clone(self).ask_instance::<H>(Arc::clone(input), meter.clone(), permit);
        let said = self.run(&caller, &meter, Box::pin(guest)).await;
        Some(Answered { said, elapsed: begun.elapsed(), waited: Duration::ZERO })
    }

    /// Waits until the request is one of those that may be under way.
    async fn wait(&self, bytes: usize, caller: &Caller) -> Result<Permit, Fault> {
        let timeout = self.limits.queue_timeout;
        let until = caller.until.map(|until| until.min(tokio::time::Instant::now() + timeout));
        let permit = self.permits.acquire(caller.key, bytes, until).await;
        permit.map_err(|error| match error {
            QueueError::Full => Fault::QueueFull,
            QueueError::Timeout if until == caller.until => Fault::TimeBudget(self.time_budget),
            QueueError::Timeout => Fault::QueueTimeout(timeout),
        })
    }

    /// Runs the guest: on this thread first, unless its caller's decisions are long.
    async fn run<T: Send + 'static>(
        &self,
        caller: &Caller,
        meter: &CpuMeter,
        mut guest: GuestFuture<Result<T, Fault>>,
    ) -> Result<T, Fault> {
        if !caller.is_background() && !self.slow_callers.contain(caller.key) {
            let begun = Instant::now();
            let polled = poll_fn(|context| Poll::Ready(guest.as_mut().poll(context))).await;
            self.slow_callers.took(caller.key, begun.elapsed());
            if let Poll::Ready(said) = polled {
                return said;
            }
        }
        let offloaded = self.offload.run(caller.key, meter, guest);
        // Only WASI has calls that wait, for as long as the guest likes, and the deadline counts none of it.
        let until =
            caller.until.or_else(|| self.wasi.then(|| tokio::time::Instant::now() + self.time_budget));
        let said = match until {
            None => offloaded.await,
            Some(until) => match tokio::time::timeout_at(until, offloaded).await {
                Ok(said) => said,
                Err(_) => return Err(Fault::TimeBudget(self.time_budget)),
            },
        };
        if !caller.is_background() {
            self.slow_callers.spent(caller.key, meter.spent());
        }
        said.unwrap_or_else(|| Err(Fault::Host("asking it was cut short".into())))
    }

    /// Asks a new instance. The permit is returned after the instance's slot in the pool.
    async fn ask_instance<H: Callable>(
        self: Arc<Self>,
        input: Arc<H::Input>,
        meter: CpuMeter,
        permit: Permit,
    ) -> Result<H::Answer, Fault> {
        let _permit = permit;
        let _running = self.ticker.run();
        let decision = &H::context(&input).decision;
        let mut store = self.new_store(decision, <H::Answer as Answer>::BYTES, &meter);
        let instance = self.new_instance(&mut store).await?;
        let exports = self.checked_exports(&mut store, &instance)?;
        let answered = exports.call::<H>(&mut store, &instance, &input).await;
        let answer = answered.map_err(|error| self.call_failed(&error))?;
        answer.map(H::Answer::sanitize).map_err(|text| Fault::Refused(text::one_line(&text, text::REASON)))
    }

    /// How long a new instance uses the processor to be made and configured.
    pub(crate) async fn time_to_configure(self: &Arc<Self>) -> Result<Duration, Fault> {
        let meter = CpuMeter::default();
        let guest: GuestFuture<Result<(), Fault>> = Box::pin({
            let (policy, meter) = (Arc::clone(self), meter.clone());
            async move {
                let _running = policy.ticker.run();
                let mut store = policy.new_store("probe", 0, &meter);
                let instance = policy.new_instance(&mut store).await?;
                policy.checked_exports(&mut store, &instance).map(drop)
            }
        });
        match self.run(&Caller::BACKGROUND, &meter, guest).await {
            // It was stopped, so it takes this much at least.
            Ok(()) | Err(Fault::Deadline(_)) => Ok(meter.spent()),
            Err(fault) => Err(fault),
        }
    }

    /// Bytes of linear memory of a new instance.
    pub(crate) async fn memory_of_instance(&self) -> Result<u64, Fault> {
        let _running = self.ticker.run();
        let mut store = self.new_store("memory", 0, &CpuMeter::default());
        self.new_instance(&mut store).await?;
        Ok(store.data().memory())
    }

    /// The exports, whose types are compared with the contract's in the first instance, before the policy goes live.
    fn checked_exports(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> Result<&CheckedExports, Fault> {
        if let Some(checked) = self.checked.get() {
            return Ok(checked);
        }
        let checked = self.exports.check(store, instance);
        let checked = checked.map_err(|error| Fault::Host(text::one_line(&format!("{error:#}"), 512)))?;
        Ok(self.checked.get_or_init(|| checked))
    }

    fn new_store(&self, decision: &str, answer_bytes: u32, meter: &CpuMeter) -> Store<State> {
        new_store(self.pre.0.engine(), &self.limits, &self.name, decision, self.wasi, answer_bytes, meter)
    }

    /// An instance that can be asked: pre-initialized, or configured now.
    async fn new_instance(&self, store: &mut Store<State>) -> Result<Instance, Fault> {
        let Limits { deadline, answer, .. } = self.limits;
        let made = self.pre.0.instantiate_async(&mut *store).await;
        let instance = made.map_err(|error| Fault::from_wasmtime(&error, deadline, answer))?;
        if let Some(settings) = &self.settings {
            let configured = self.exports.configure(store, &instance, settings).await;
            let accepted = configured.map_err(|error| self.call_failed(&error))?;
            accepted.map_err(|text| Fault::Refused(text::one_line(&text, text::REASON)))?;
        }
        Ok(instance)
    }

    fn call_failed(&self, error: &wasmtime::Error) -> Fault {
        Fault::from_call(error, self.limits.deadline, self.limits.answer)
    }
}
