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
use crate::generation::Generation;
use crate::linker::linker;
use crate::offload::OffloadRuntime;
use crate::policy::{Policy, PolicyStatus, PreparedInstance};
use crate::probe::{Probed, probe};
use crate::revision::{identity, revision};
use crate::sealed::Artifact;
use crate::set::{Attachment, Candidate, PolicySet, Publication, SetEntry};
use crate::shadow::Shadow;
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

impl Host {
    /// A host with an empty generation, which refuses everything.
    pub fn new(options: HostOptions) -> Result<Self, LoadError> {
        let offload = OffloadRuntime::new().map_err(|error| LoadError::Engine(error.to_string()))?;
        let ticker = Ticker::start().map_err(|error| LoadError::Engine(error.to_string()))?;
        let ticker = Arc::new(ticker);
        let empty = Generation::new(0, Vec::new(), Vec::new(), None);
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
        let _one_at_a_time = self.publishing.lock().await;
        let candidate = self.candidate(specs.into()).await?;
        self.publish(candidate, Publication::default())
    }

    /// Builds every policy that is not in force already, and asks it its cases.
    pub async fn candidate(&self, set: PolicySet) -> Result<Candidate, LoadError> {
        let current = self.generation();
        let mut policies = Vec::with_capacity(set.policies.len());
        for entry in set.policies {
            let in_force = current.policy(entry.name());
            let known = [in_force, current.shadow(entry.name())];
            policies.push(self.policy(entry, known, in_force).await?);
        }
        let mut shadows = Vec::with_capacity(set.shadows.len());
        for (entry, stats) in set.shadows {
            let in_force = current.shadow(entry.name());
            let predecessor = policies.iter().find(|policy| *policy.name == *entry.name());
            let candidate = self.policy(entry, [in_force, None], predecessor).await?;
            shadows.push(Shadow { candidate, stats });
        }
        Ok(Candidate { policies, shadows })
    }

    /// The policy of an entry: one of the `known` where it is the same. It must serve the hooks of its `predecessor`.
    async fn policy(
        &self,
        entry: SetEntry,
        known: [Option<&Arc<Policy>>; 2],
        predecessor: Option<&Arc<Policy>>,
    ) -> Result<Arc<Policy>, LoadError> {
        let spec = match entry {
            SetEntry::Build(spec) => spec,
            SetEntry::InForce(name) => {
                let missing = || LoadError::policy(&name, PolicyError::NotInForce);
                return known[0].cloned().ok_or_else(missing);
            }
        };
        let name = spec.name.clone();
        let made = self.build_and_probe(*spec, known, predecessor).await;
        made.map_err(|error| LoadError::policy(&name, error))
    }

    async fn build_and_probe(
        &self,
        spec: PolicySpec,
        known: [Option<&Arc<Policy>>; 2],
        predecessor: Option<&Arc<Policy>>,
    ) -> Result<Arc<Policy>, PolicyError> {
        let (module, digest) = spec.source.read(spec.sha256)?;
        let identity = identity(digest, &spec);
        let same = known.into_iter().flatten().find(|policy| policy.identity == identity);
        if let Some(same) = same {
            serves_hooks_of(predecessor, &spec.hooks, &same.status.hooks)?;
            return Ok(Arc::clone(same));
        }
        let mut reason = (!spec.preinitialize).then(|| "it was asked not to be".to_owned());
        loop {
            let built = self.build(&spec, (&module, digest), reason.take()).await?;
            serves_hooks_of(predecessor, &spec.hooks, &built.hooks)?;
            let policy = self.prepare(&spec, &built, identity);
            let policy = Arc::new(policy.map_err(|error| PolicyError::Artifact(format!("{error:#}")))?);
            match probe(&policy, &spec.cases, &built.report.answers).await? {
                Probed::Good => return Ok(policy),
                Probed::PreinitializedDiffers(difference) => reason = Some(difference),
            }
        }
    }

    /// Puts a candidate in force with one pointer store. Nothing else publishes meanwhile: one task does.
    ///
    /// # Errors
    /// The set in force has an enforced policy on a hook that this one leaves without.
    pub fn publish(
        &self,
        candidate: Candidate,
        publication: Publication,
    ) -> Result<Arc<Generation>, LoadError> {
        let number = self.number.load(Ordering::Relaxed) + 1;
        let current = self.generation();
        let lost = candidate.loses_hook(&current).filter(|_| !publication.may_lose_hooks);
        if let Some(lost) = lost {
            return Err(LoadError::HookLost(lost));
        }
        let attached = match publication.attachment {
            Attachment::Keep => current.attachment(),
            Attachment::Replace(attached) => attached,
        };
        let next = Arc::new(Generation::new(number, candidate.policies, candidate.shadows, attached));
        self.number.store(number, Ordering::Relaxed);
        self.current.store(Arc::clone(&next));
        Ok(next)
    }

    async fn build(
        &self,
        spec: &PolicySpec,
        (module, digest): (&[u8], Digest),
        not_preinitialized_because: Option<String>,
    ) -> Result<Built, PolicyError> {
        let request = BuildRequest {
            name: spec.name.clone(),
            settings: spec.settings.clone(),
            limits: spec.limits,
            wasi: spec.wasi.clone(),
            cases: spec.cases.clone(),
            not_preinitialized_because,
            confinement: self.options.builder.confinement_for(&spec.source),
        };
        let kept = self.options.cache.as_ref().and_then(|cache| cache.get(&request, digest));
        let (report, artifact) = if let Some(kept) = kept {
            kept
        } else {
            let cache = self.options.cache.as_ref();
            let mut code = cache.map(|cache| cache.module_code(digest, &request.wasi)).unwrap_or_default();
            let built = self.options.builder.build(&request, module, &mut code).await;
            // Also where the settings were refused: the next ones are tried sooner.
            if let Some(cache) = cache {
                cache.put_module_code(digest, &request.wasi, &code);
            }
            let (report, artifact) = built?;
            if let Some(cache) = cache {
                cache.put(&request, digest, &report, &artifact);
            }
            (report, artifact)
        };
        for line in &report.log {
            tracing::info!(target: "policy", policy = spec.name, "configure: {line}");
        }
        let wanted = match &spec.hooks {
            Hooks::Exported => report.hooks.clone(),
            Hooks::Listed(hooks) => hooks.clone(),
            Hooks::Sole(hook) => vec![*hook],
        };
        if let Some(hook) = wanted.iter().find(|hook| !report.hooks.contains(hook)) {
            return Err(PolicyError::Hook { wanted: *hook, exported: exported(&report.hooks) });
        }
        if let (Hooks::Sole(hook), true) = (&spec.hooks, report.hooks.len() > 1) {
            return Err(PolicyError::Sole { asked: *hook, exported: exported(&report.hooks) });
        }
        Ok(Built { hooks: wanted, module: digest, report, artifact: Artifact::trusted(artifact) })
    }

    /// The policy with an engine of its own, whose pool has room for what it may have under way at once: a policy that
    /// does not change keeps its instances, its queue and its code when others do.
    fn prepare(&self, spec: &PolicySpec, built: &Built, identity: Digest) -> wasmtime::Result<Policy> {
        let Built { report, .. } = built;
        let engine = Engine::new(&compile_config::pooled(&report.needs, &spec.limits))?;
        self.ticker.add(&engine);
        let component = built.artifact.component(&engine)?;
        let exports = GuestExports::find(&component)?;
        let pre = linker(&engine, !spec.wasi.is_empty())?.instantiate_pre(&component)?;
        let name: Arc<str> = spec.name.as_str().into();
        let settings = Digest::of(spec.settings.as_bytes());
        let revision = revision(built.module, spec, &built.hooks);
        Ok(Policy {
            identity,
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
    hooks: Vec<HookName>,
    module: Digest,
    report: BuildReport,
    artifact: Artifact,
}

/// The hooks that a module exports, for a text.
fn exported(hooks: &[HookName]) -> String {
    hooks.iter().map(|hook| format!("`{hook}`")).collect::<Vec<_>>().join(", ")
}

/// A policy that is asked on what its module exports serves every hook that its predecessor serves.
fn serves_hooks_of(
    predecessor: Option<&Arc<Policy>>,
    wanted: &Hooks,
    hooks: &[HookName],
) -> Result<(), PolicyError> {
    let (Hooks::Exported, Some(predecessor)) = (wanted, predecessor) else { return Ok(()) };
    match predecessor.status.hooks.iter().find(|hook| !hooks.contains(hook)) {
        None => Ok(()),
        Some(lost) => Err(PolicyError::HookGone { lost: *lost, exported: exported(hooks) }),
    }
}
