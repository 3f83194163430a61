//! Holds the generation in force, makes candidates for the next one, and publishes them.

use arc_swap::ArcSwap;
use portcullis_contract::HookName;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;
use wasmtime::Engine;

use crate::ask::GuestExports;
use crate::build::{BuildReport, BuildRequest, Builder};
use crate::cache::Cache;
use crate::error::PolicyError;
use crate::generation::{Attached, Generation};
use crate::linker::linker;
use crate::offload::OffloadRuntime;
use crate::policy::{Policy, PolicyStatus, PreparedInstance};
use crate::probe::{Probed, probe};
use crate::revision::revision;
use crate::sealed::Artifact;
use crate::slow_callers::SlowCallers;
use crate::ticker::Ticker;
use crate::{Digest, Hooks, LoadError, PolicySpec, compile_config};

/// What a host needs to build policies.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Starts the build's child processes.
    pub builder: Builder,
    /// Keeps what was built.
    pub cache: Option<Cache>,
    /// How long a request may take in all, with everything that it waits for.
    pub time_budget: Duration,
}

impl HostOptions {
    /// The usual time budget.
    pub const TIME_BUDGET: Duration = Duration::from_secs(10);
}

/// The policies of this process.
#[derive(Debug)]
pub struct Host {
    options: HostOptions,
    offload: Arc<OffloadRuntime>,
    ticker: Arc<Ticker>,
    current: ArcSwap<Generation>,
    number: AtomicU64,
    publishing: Mutex<()>,
}

/// A set of policies that was built and passed its cases, but is not in force.
#[derive(Debug)]
pub struct Candidate {
    pub(crate) policies: Vec<Arc<Policy>>,
    engine: Option<Engine>,
}

impl Candidate {
    /// Every policy in it.
    pub fn status(&self) -> impl Iterator<Item = &PolicyStatus> {
        self.policies.iter().map(|policy| &policy.status)
    }
}

impl Host {
    /// A host with an empty generation, which refuses everything.
    pub fn new(options: HostOptions) -> Result<Self, LoadError> {
        let offload = OffloadRuntime::new().map_err(|error| LoadError::Engine(error.to_string()))?;
        let ticker = Ticker::start().map_err(|error| LoadError::Engine(error.to_string()))?;
        let ticker = Arc::new(ticker);
        let empty = Generation::new(0, Vec::new(), None, None);
        Ok(Self {
            options,
            offload: Arc::new(offload),
            ticker,
            current: ArcSwap::from_pointee(empty),
            number: AtomicU64::new(0),
            publishing: Mutex::new(()),
        })
    }

    /// The generation in force.
    pub fn generation(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// How long a request may take in all, with everything that it waits for.
    pub fn time_budget(&self) -> Duration {
        self.options.time_budget
    }

    /// Runs `work`, e.g. asking monitoring policies, where it delays no request. Dropped and counted where too much of it
    /// is waiting.
    pub fn spawn_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.offload.spawn_background(work);
    }

    /// How often background work was dropped.
    pub fn background_dropped(&self) -> u64 {
        self.offload.dropped()
    }

    /// Builds a candidate and puts it in force. One at a time; on an error the set in force stays.
    pub async fn load(&self, specs: Vec<PolicySpec>) -> Result<Arc<Generation>, LoadError> {
        self.load_with(specs, None).await
    }

    /// The same, with what an API must see change at the same moment: see [`Generation::attached`].
    pub async fn load_with(
        &self,
        specs: Vec<PolicySpec>,
        attached: Option<Attached>,
    ) -> Result<Arc<Generation>, LoadError> {
        let _one_at_a_time = self.publishing.lock().await;
        let candidate = self.candidate(specs).await?;
        self.publish(candidate, attached)
    }

    /// Builds every policy, loads them into an engine sized for them, and asks them their cases.
    pub async fn candidate(&self, specs: Vec<PolicySpec>) -> Result<Candidate, LoadError> {
        let mut built = Vec::with_capacity(specs.len());
        for spec in specs {
            let not_preinitialized_because =
                (!spec.preinitialize).then(|| "it was asked not to be".to_owned());
            built.push(self.build(spec, not_preinitialized_because).await?);
        }
        loop {
            let (engine, policies) = self.prepare_all(&built)?;
            match self.first_that_differs(&built, &policies).await? {
                None => return Ok(Candidate { policies, engine: Some(engine) }),
                Some((at, reason)) => {
                    let spec = built[at].spec.clone();
                    built[at] = self.build(spec, Some(reason)).await?;
                }
            }
        }
    }

    async fn first_that_differs(
        &self,
        built: &[Built],
        policies: &[Arc<Policy>],
    ) -> Result<Option<(usize, String)>, LoadError> {
        for (at, (built, policy)) in built.iter().zip(policies).enumerate() {
            let probed = probe(policy, &built.spec.cases, &built.report.answers).await;
            match probed.map_err(|error| LoadError::policy(&built.spec.name, error))? {
                Probed::Good => {}
                Probed::PreinitializedDiffers(reason) => return Ok(Some((at, reason))),
            }
        }
        Ok(None)
    }

    fn publish(
        &self,
        candidate: Candidate,
        attached: Option<Attached>,
    ) -> Result<Arc<Generation>, LoadError> {
        let number = self.number.load(Ordering::Relaxed) + 1;
        let next = Generation::new(number, candidate.policies, candidate.engine, attached);
        let next = Arc::new(next);
        let current = self.generation();
        if let Some(lost) =
            HookName::ALL.into_iter().find(|hook| current.has_enforced(*hook) && !next.has_enforced(*hook))
        {
            return Err(LoadError::HookLost(lost));
        }
        self.number.store(number, Ordering::Relaxed);
        self.current.store(Arc::clone(&next));
        Ok(next)
    }

    async fn build(
        &self,
        spec: PolicySpec,
        not_preinitialized_because: Option<String>,
    ) -> Result<Built, LoadError> {
        let name = spec.name.clone();
        self.build_policy(spec, not_preinitialized_because)
            .await
            .map_err(|error| LoadError::policy(&name, error))
    }

    async fn build_policy(
        &self,
        spec: PolicySpec,
        not_preinitialized_because: Option<String>,
    ) -> Result<Built, PolicyError> {
        let (module, digest) = spec.source.read(spec.sha256)?;
        let request = BuildRequest {
            name: spec.name.clone(),
            settings: spec.settings.clone(),
            limits: spec.limits,
            wasi: spec.wasi.clone(),
            cases: spec.cases.clone(),
            not_preinitialized_because,
        };
        let kept = self.options.cache.as_ref().and_then(|cache| cache.get(&request, digest));
        let (report, artifact) = if let Some(kept) = kept {
            kept
        } else {
            let (report, artifact) = self.options.builder.build(&request, &module).await?;
            if let Some(cache) = &self.options.cache {
                cache.put(&request, digest, &report, &artifact);
            }
            (report, artifact)
        };
        for line in &report.log {
            tracing::info!(target: "policy", policy = spec.name, "configure: {line}");
        }
        let exported = || report.hooks.iter().map(|hook| format!("`{hook}`")).collect::<Vec<_>>().join(", ");
        let wanted = match &spec.hooks {
            Hooks::Exported => report.hooks.clone(),
            Hooks::Listed(hooks) => hooks.clone(),
            Hooks::Sole(hook) => vec![*hook],
        };
        if let Some(hook) = wanted.iter().find(|hook| !report.hooks.contains(hook)) {
            return Err(PolicyError::Hook { wanted: *hook, exported: exported() });
        }
        if let (Hooks::Sole(hook), true) = (&spec.hooks, report.hooks.len() > 1) {
            return Err(PolicyError::Sole { asked: *hook, exported: exported() });
        }
        Ok(Built { spec, hooks: wanted, module: digest, report, artifact: Artifact::trusted(artifact) })
    }

    /// An engine with a pool for exactly these policies, and each of them in it.
    ///
    /// Every generation has an engine of its own: a pool cannot grow, and a policy that needs more than the first
    /// set foresaw would otherwise need a restart.
    fn prepare_all(&self, built: &[Built]) -> Result<(Engine, Vec<Arc<Policy>>), LoadError> {
        let broken = |error: wasmtime::Error| LoadError::Engine(format!("{error:#}"));
        let sizes = built.iter().map(|built| (&built.report.needs, &built.spec.limits));
        let engine = Engine::new(&compile_config::pooled(sizes)).map_err(broken)?;
        self.ticker.add(&engine);
        let one = |built: &Built| {
            self.prepare(&engine, built).map(Arc::new).map_err(|error| {
                LoadError::policy(&built.spec.name, PolicyError::Artifact(format!("{error:#}")))
            })
        };
        let policies = built.iter().map(one).collect::<Result<_, _>>()?;
        Ok((engine, policies))
    }

    fn prepare(&self, engine: &Engine, built: &Built) -> wasmtime::Result<Policy> {
        let Built { spec, report, .. } = built;
        let component = built.artifact.component(engine)?;
        let exports = GuestExports::find(&component)?;
        let pre = linker(engine, !spec.wasi.is_empty())?.instantiate_pre(&component)?;
        let name: Arc<str> = spec.name.as_str().into();
        let settings = Digest::of(spec.settings.as_bytes());
        let revision = revision(built.module, spec, &built.hooks);
        Ok(Policy {
            status: PolicyStatus {
                name: Arc::clone(&name),
                source: spec.source.to_string(),
                module_sha256: built.module.to_string().into(),
                settings_sha256: settings.to_string().into(),
                revision: revision.to_string().into(),
                mode: spec.mode,
                hooks: built.hooks.clone(),
                imports: report.imports.clone(),
                not_preinitialized_because: report.not_preinitialized_because.clone(),
                record_inputs: spec.record_inputs,
            },
            name,
            limits: spec.limits,
            ticker: Arc::clone(&self.ticker),
            offload: Arc::clone(&self.offload),
            slow_callers: SlowCallers::new(),
            time_budget: self.options.time_budget,
            wasi: !spec.wasi.is_empty(),
            settings: report.not_preinitialized_because.is_some().then(|| spec.settings.clone()),
            exports,
            checked: OnceLock::new(),
            pre: PreparedInstance(pre),
            permits: Policy::queue(&spec.limits),
        })
    }
}

/// A policy that was built.
struct Built {
    spec: PolicySpec,
    hooks: Vec<HookName>,
    module: Digest,
    report: BuildReport,
    artifact: Artifact,
}
