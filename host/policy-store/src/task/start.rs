//! The start: policies of the files, or those that were in force last where the files cannot be used.

use portcullis_audit::Log;
use portcullis_engine::{Attached, Attachment, Generation, Publication};
use std::sync::Arc;
use std::time::Instant;

use super::{RECORD_TIME, Task, changes};
use crate::change::{Applied, ChangeError, ChangedBy, FilePolicies};
use crate::record::{self, Described};
use crate::state::State;

/// How the start went.
pub(crate) struct Started {
    pub(crate) generation: Arc<Generation>,
    pub(crate) fallback_because: Option<ChangeError>,
    applied: Applied,
}

impl Task {
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
        attached: Option<Attached>,
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
    pub(super) async fn record_start(&mut self, started: &Started, log: &Log) {
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
}
