//! The task that changes what is in force, one change at a time: it plans, builds, records, saves and publishes.
//!
//! Nothing before the publication can be seen by a request. A crash after the state was saved and before the publication
//! leaves the new set to the next start, whole; its caller was told nothing.

mod plan;
mod start;

use portcullis_audit::Log;
use portcullis_engine::{Candidate, Generation, Host, LoadError, Publication};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

use crate::change::{Applied, Change, ChangeError, ChangedBy};
use crate::merge::FileEntry;
use crate::record::{self, Described};
use crate::shared::{Message, Refusal, Shared};
use crate::state::{ActivePolicy, SavedShadow, State};
use crate::store::PolicyStore;
use plan::{Plan, Planned};
pub(crate) use start::Started;

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
            }
            Ok(_) => {}
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
        if result.is_ok() {
            // What was refused is mended.
            self.shared.refusal().take_if(|refusal| refusal.policy == described.policy);
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
        // Before the modules: without the lock none is written, and a state must not name one that is not there.
        self.store.check()?;
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
