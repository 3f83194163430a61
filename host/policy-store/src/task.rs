//! The task that changes what is in force, one change at a time: it plans, builds, records, saves and publishes.
//!
//! Nothing before the publication can be seen by a request. A crash after the state was saved and before the publication
//! leaves the new set to the next start, whole; its caller was told nothing.

mod plan;

use portcullis_audit::Log;
use portcullis_engine::{Attachment, Candidate, Generation, Host, LoadError, Publication};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

use crate::change::{Applied, Change, ChangeError, ChangedBy, FilePolicies};
use crate::merge::FileEntry;
use crate::record::{self, Described};
use crate::shared::{Message, Refusal, Shared};
use crate::state::{ActivePolicy, SavedShadow, State};
use crate::store::PolicyStore;
use plan::{Plan, Planned};

/// How long the record of a change may take.
const RECORD_TIME: Duration = Duration::from_secs(10);

/// The state of the task.
pub(crate) struct Task {
    host: Arc<Host>,
    store: PolicyStore,
    /// The policies of the configuration, as they were read last.
    files: Vec<FileEntry>,
    pub(crate) shared: Arc<Shared>,
}

/// How the start went.
pub(crate) struct Started {
    pub(crate) generation: Arc<Generation>,
    pub(crate) fallback_because: Option<ChangeError>,
    applied: Applied,
}

impl Task {
    pub(crate) fn new(host: Arc<Host>, store: PolicyStore) -> Self {
        Self { host, store, files: Vec::new(), shared: Arc::default() }
    }

    fn state(&self) -> Arc<State> {
        self.shared.state.load_full()
    }

    /// Handles changes until all handles are gone.
    pub(crate) async fn run(mut self, started: Started, log: Log, mut changes: mpsc::Receiver<Message>) {
        self.record_start(&started, &log).await;
        while let Some(Message { change, by, reply }) = changes.recv().await {
            let result = self.handle(change, by, &log).await;
            // A caller that is gone finds the result in the record.
            let _ = reply.send(result);
        }
    }

    /// Puts policies in force before there is a log.
    pub(crate) async fn start(&mut self, files: FilePolicies) -> Result<Started, ChangeError> {
        let begun = Instant::now();
        let saved = self.store.load()?.unwrap_or_default();
        self.shared.state.store(Arc::new(saved.clone()));
        let attached = files.attached.clone();
        let error = match self.start_with_files(files, begun).await {
            Ok(applied) => {
                self.restore_shadows(&saved).await;
                let generation = self.host.generation();
                return Ok(Started { generation, fallback_because: None, applied });
            }
            Err(error) => error,
        };
        if saved.active.is_empty() {
            return Err(error);
        }
        match self.start_with_saved(&saved, attached).await {
            Ok(generation) => {
                tracing::error!(
                    reason = portcullis_errors::chain(&error),
                    "the configuration's policies cannot be used; those that were in force last are in force again"
                );
                let applied = Applied {
                    generation: generation.number(),
                    published: false,
                    changed: Vec::new(),
                    took: begun.elapsed(),
                };
                Ok(Started { generation, fallback_because: Some(error), applied })
            }
            Err(saved) => {
                tracing::error!(
                    reason = portcullis_errors::chain(&saved),
                    "the policies that were in force last cannot be used either"
                );
                Err(error)
            }
        }
    }

    async fn start_with_files(
        &mut self,
        files: FilePolicies,
        begun: Instant,
    ) -> Result<Applied, ChangeError> {
        let mut plan = self.plan_files(files)?;
        plan.shadows.clear();
        let candidate = self.host.candidate(plan.set()).await?;
        let mut next = self.next_state(&plan, &candidate, &ChangedBy::host("start"))?;
        // They are built once these policies are in force.
        next.shadows.clone_from(&self.state().shadows);
        let changed = changes(&self.state(), &next);
        // A disk that is full does not keep policies from being served.
        if let Err(error) = self.save(&plan, &next) {
            let error = portcullis_errors::chain(&error);
            tracing::warn!(
                error,
                "the policies in force cannot be kept; a restart begins with the configuration"
            );
        }
        let is_first = self.state().active.is_empty();
        let generation = self.publish(plan, candidate, next)?.number();
        let published = !is_first && !changed.is_empty();
        Ok(Applied { generation, published, changed, took: begun.elapsed() })
    }

    async fn start_with_saved(
        &mut self,
        saved: &State,
        attached: Option<portcullis_engine::Attached>,
    ) -> Result<Arc<Generation>, ChangeError> {
        let plan = self.plan_policies_as_they_are()?;
        let candidate = self.host.candidate(plan.set()).await?;
        let publication = Publication { attachment: Attachment::Replace(attached), may_lose_hooks: true };
        let generation = self.host.publish(candidate, publication)?;
        self.restore_shadows(saved).await;
        Ok(generation)
    }

    /// Shadows that cannot be built any more are given up: nothing depends on them.
    async fn restore_shadows(&mut self, saved: &State) {
        if saved.shadows.is_empty() {
            return;
        }
        let mut state = State::clone(&self.state());
        state.shadows = saved.shadows.clone();
        state
            .shadows
            .retain(|shadow| state.active.iter().any(|active| active.policy.name == shadow.policy.name));
        self.shared.state.store(Arc::new(state));
        let restored = async {
            let plan = self.plan_as_it_is()?;
            let candidate = self.host.candidate(plan.set()).await?;
            let next = State::clone(&self.state());
            self.publish(plan, candidate, next)
        };
        if let Err(error) = restored.await {
            let error = portcullis_errors::chain(&error);
            tracing::warn!(error, "the shadows cannot be asked any more and are removed");
            let mut state = State::clone(&self.state());
            state.shadows.clear();
            self.shared.state.store(Arc::new(state));
        }
    }

    /// Records what the start has changed of what was in force before. A first start changes nothing.
    async fn record_start(&mut self, started: &Started, log: &Log) {
        let described = Described { operation: "LoadPolicies", policy: None, by: ChangedBy::host("start") };
        let Applied { generation, changed, took, published } = &started.applied;
        let mut records = Vec::new();
        if let Some(error) = &started.fallback_because {
            self.refuse(&described, error);
            records.push(record::refused(&described, *generation, error, *took));
        }
        if *published {
            records.push(record::accepted(&described, *generation, changed, &[], *took));
        }
        for record in records {
            if let Err(error) = log.write(record, Instant::now() + RECORD_TIME).await {
                tracing::error!(%error, "which policies are in force cannot be recorded");
            }
        }
    }

    async fn handle(&mut self, change: Change, by: ChangedBy, log: &Log) -> Result<Applied, ChangeError> {
        let begun = Instant::now();
        let described =
            Described { operation: change.operation(), policy: change.policy().map(str::to_owned), by };
        let result = self.apply(change, &described, log, begun).await;
        match &result {
            Ok(applied) if applied.published => {
                let names: Vec<_> = applied.changed.iter().map(|(name, _, _)| name.as_str()).collect();
                tracing::info!(
                    generation = applied.generation,
                    operation = described.operation,
                    by = %described.by,
                    changed = names.join(", "),
                    "policies are in force"
                );
                self.shared
                    .refusal()
                    .take_if(|refusal| described.policy.is_none() || refusal.policy == described.policy);
            }
            Ok(_) => {
                let files = |refusal: &mut Refusal| refusal.operation == described.operation;
                self.shared.refusal().take_if(files);
            }
            Err(error) => {
                tracing::error!(
                    operation = described.operation,
                    by = %described.by,
                    step = error.step(),
                    reason = portcullis_errors::chain(error),
                    "a change of policies was refused; those in force stay"
                );
                self.refuse(&described, error);
                let number = self.host.generation().number();
                let record = record::refused(&described, number, error, begun.elapsed());
                if let Err(error) = log.write(record, Instant::now() + RECORD_TIME).await {
                    tracing::error!(%error, "the refusal of a change cannot be recorded");
                }
            }
        }
        result
    }

    fn refuse(&self, described: &Described, error: &ChangeError) {
        *self.shared.refusal() = Some(Refusal {
            at: record::now(),
            operation: described.operation,
            policy: described.policy.clone(),
            step: error.step(),
            reason: portcullis_errors::chain(error),
        });
    }

    async fn apply(
        &mut self,
        change: Change,
        described: &Described,
        log: &Log,
        begun: Instant,
    ) -> Result<Applied, ChangeError> {
        let plan = self.plan(change)?;
        let candidate = self.host.candidate(plan.set()).await?;
        let current = self.host.generation();
        if plan.may_be_the_same && candidate.is_in_force(&current) {
            // The set is the same; where its policies come from may not be.
            let next = self.next_state(&plan, &candidate, &described.by)?;
            if next.differs_in_origin(&self.state()) {
                self.save(&plan, &next)?;
                self.shared.state.store(Arc::new(next));
            }
            let generation = current.number();
            return Ok(Applied { generation, published: false, changed: Vec::new(), took: begun.elapsed() });
        }
        if let Some(hook) = candidate.loses_hook(&current) {
            match plan.confirmed {
                Some(true) => {}
                Some(false) => return Err(ChangeError::LosesHook(hook)),
                None => return Err(LoadError::HookLost(hook).into()),
            }
        }
        let next = self.next_state(&plan, &candidate, &described.by)?;
        let before = self.state();
        let changed = changes(&before, &next);
        self.store.check()?;
        let number = current.number() + 1;
        let record = record::accepted(described, number, &changed, &plan.notes, begun.elapsed());
        log.write(record, Instant::now() + RECORD_TIME).await.map_err(ChangeError::Record)?;
        self.save(&plan, &next)?;
        let generation = self.publish(plan, candidate, next)?;
        Ok(Applied { generation: generation.number(), published: true, changed, took: begun.elapsed() })
    }

    /// The state once the candidate is in force.
    fn next_state(&self, plan: &Plan, candidate: &Candidate, by: &ChangedBy) -> Result<State, ChangeError> {
        let mut next = State::clone(&self.state());
        let now = record::now();
        for (name, revision) in &plan.withdrawn {
            next.withdraw(name, revision);
        }
        let mut active = Vec::with_capacity(plan.policies.len());
        for (planned, status) in plan.policies.iter().zip(candidate.status()) {
            let Planned { policy, origin, file_entry, asked_for, .. } = planned;
            let (name, revision) = (&policy.name, status.revision.to_string());
            let before = next.active(name).filter(|before| before.revision == revision).cloned();
            if *asked_for {
                next.reinstate(name, &revision);
            } else if before.is_none() && next.is_withdrawn(name, &revision) {
                return Err(ChangeError::Withdrawn { name: name.clone(), revision });
            }
            let (since, by) =
                before.map_or_else(|| (now, by.to_string()), |before| (before.since, before.by));
            let (policy, origin, file_entry) = (policy.clone(), *origin, *file_entry);
            let hooks = status.hooks.clone();
            active.push(ActivePolicy { policy, revision, origin, hooks, file_entry, since, by });
        }
        next.active = active;
        next.deleted.clone_from(&plan.deleted);
        let mut shadows = Vec::with_capacity(plan.shadows.len());
        for ((planned, _), status) in plan.shadows.iter().zip(candidate.shadows()) {
            let (policy, revision) = (planned.policy.clone(), status.revision.to_string());
            let before = next.shadow(&policy.name).filter(|before| before.revision == revision);
            let (since, by) =
                before.map_or_else(|| (now, by.to_string()), |before| (before.since, before.by.clone()));
            shadows.push(SavedShadow { policy, revision, since, by });
        }
        next.shadows = shadows;
        next.remember();
        Ok(next)
    }

    fn save(&mut self, plan: &Plan, next: &State) -> Result<(), ChangeError> {
        let shadows = plan.shadows.iter().map(|(planned, _)| planned);
        for planned in plan.policies.iter().chain(shadows) {
            if let Some(bytes) = &planned.module {
                self.store.put_module(planned.policy.module_sha256, bytes)?;
            }
        }
        // Those that are kept as they are may not have been written: the disk was full when they were put in force.
        let needed = next.modules();
        for file in self.files.iter().filter(|file| needed.contains(&file.module.to_string())) {
            self.store.put_module(file.module, &file.bytes)?;
        }
        Ok(self.store.save(next)?)
    }

    fn publish(
        &mut self,
        plan: Plan,
        candidate: Candidate,
        next: State,
    ) -> Result<Arc<Generation>, ChangeError> {
        let may_lose_hooks = plan.confirmed == Some(true);
        let generation =
            self.host.publish(candidate, Publication { attachment: plan.attachment, may_lose_hooks })?;
        self.shared.state.store(Arc::new(next));
        Ok(generation)
    }
}

/// Policies and shadows whose revision differs.
fn changes(before: &State, next: &State) -> Vec<(String, Option<String>, Option<String>)> {
    let revisions = |state: &State| -> Vec<(String, String)> {
        let active = state.active.iter().map(|active| (active.policy.name.clone(), active.revision.clone()));
        let shadows = state.shadows.iter();
        let shadows =
            shadows.map(|shadow| (format!("{} (shadow)", shadow.policy.name), shadow.revision.clone()));
        active.chain(shadows).collect()
    };
    let (before, next) = (revisions(before), revisions(next));
    let find = |list: &[(String, String)], name: &str| {
        list.iter().find(|(known, _)| known == name).map(|(_, revision)| revision.clone())
    };
    let removed = before.iter().filter(|(name, _)| find(&next, name).is_none());
    let removed = removed.map(|(name, revision)| (name.clone(), Some(revision.clone()), None));
    let others =
        next.iter().map(|(name, revision)| (name.clone(), find(&before, name), Some(revision.clone())));
    others.filter(|(_, before, now)| before != now).chain(removed).collect()
}
