//! From a change to the set that it asks for. Nothing is built or written here.

use portcullis_engine::source::Source;
use portcullis_engine::{Attachment, Digest, Hooks, LoadError, PolicySet, PolicySpec, SetEntry, ShadowStats};
use std::sync::Arc;

use super::Task;
use crate::change::{Change, ChangeError, FilePolicies, PolicyPatch};
use crate::merge::{Choice, FileEntry, merge};
use crate::saved::SavedPolicy;
use crate::state::{ActivePolicy, Deleted, Origin};

/// A set that a change asks for.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) policies: Vec<Planned>,
    pub(super) shadows: Vec<(Planned, Arc<ShadowStats>)>,
    pub(super) deleted: Vec<Deleted>,
    /// Policies and their revisions that are withdrawn.
    pub(super) withdrawn: Vec<(String, String)>,
    pub(super) attachment: Attachment,
    /// Whether nothing is published where the set is the one in force.
    pub(super) may_be_the_same: bool,
    /// Whether hooks may be left without a policy. Absent where the caller cannot say so.
    pub(super) confirmed: Option<bool>,
    /// What the record says beside the revisions.
    pub(super) notes: Vec<(&'static str, String)>,
}

/// One policy of the set.
#[derive(Debug)]
pub(super) struct Planned {
    entry: SetEntry,
    pub(super) policy: SavedPolicy,
    /// Where it is not kept yet.
    pub(super) module: Option<Arc<[u8]>>,
    pub(super) origin: Origin,
    pub(super) file_entry: Option<Digest>,
    /// Whether the caller wants this very policy, though its revision was withdrawn.
    pub(super) asked_for: bool,
}

impl Plan {
    /// The set for the engine.
    pub(super) fn set(&self) -> PolicySet {
        PolicySet {
            policies: self.policies.iter().map(|planned| planned.entry.clone()).collect(),
            shadows: self
                .shadows
                .iter()
                .map(|(planned, stats)| (planned.entry.clone(), Arc::clone(stats)))
                .collect(),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.policies.iter().position(|planned| planned.policy.name == name)
    }

    /// Adds or replaces one policy, as the admin API was asked to.
    fn put(&mut self, planned: Planned, confirm: bool) {
        self.deleted.retain(|deleted| deleted.name != planned.policy.name);
        self.confirmed = Some(confirm);
        match self.position(&planned.policy.name) {
            Some(at) => self.policies[at] = planned,
            None => self.policies.push(planned),
        }
    }

    fn remove_shadow(&mut self, name: &str) {
        self.shadows.retain(|(shadow, _)| shadow.policy.name != name);
    }
}

impl Planned {
    /// A policy of the admin API whose module is kept already.
    fn kept(entry: SetEntry, policy: SavedPolicy, file_entry: Option<Digest>) -> Self {
        Self { entry, policy, module: None, origin: Origin::Api, file_entry, asked_for: true }
    }
}

impl Task {
    pub(super) fn plan(&mut self, change: Change) -> Result<Plan, ChangeError> {
        match change {
            Change::Files(files) => self.plan_files(files),
            Change::Put { name, patch, confirm } => self.plan_put(&name, patch, confirm),
            Change::PutShadow { name, patch } => self.plan_shadow(&name, patch),
            Change::PutAll { policies, confirm } => self.plan_all(policies, confirm),
            Change::Delete { name, confirm } => self.plan_delete(&name, confirm),
            Change::Rollback { name, revision, force, confirm } => {
                self.plan_rollback(&name, revision.as_deref(), (force, confirm))
            }
            Change::Restore { name, confirm } => self.plan_restore(&name, confirm),
            Change::Promote { name, confirm } => self.plan_promote(&name, confirm),
            Change::DeleteShadow { name } => {
                let mut plan = self.plan_as_it_is()?;
                self.state().shadow(&name).ok_or_else(|| ChangeError::NoShadow(name.clone()))?;
                plan.remove_shadow(&name);
                Ok(plan)
            }
        }
    }

    /// Every policy as it is, without shadows.
    pub(super) fn plan_policies_as_they_are(&self) -> Result<Plan, ChangeError> {
        let state = self.state();
        let policies = state.active.iter().map(|active| self.keep(active)).collect::<Result<_, _>>()?;
        Ok(Plan { policies, deleted: state.deleted.clone(), ..Plan::default() })
    }

    /// Everything as it is.
    pub(super) fn plan_as_it_is(&self) -> Result<Plan, ChangeError> {
        Ok(Plan { shadows: self.keep_shadows()?, ..self.plan_policies_as_they_are()? })
    }

    fn keep_shadows(&self) -> Result<Vec<(Planned, Arc<ShadowStats>)>, ChangeError> {
        let generation = self.host.generation();
        let state = self.state();
        let mut shadows = Vec::with_capacity(state.shadows.len());
        for shadow in &state.shadows {
            let policy = shadow.policy.clone();
            let known = generation.shadows().find(|(status, _)| *status.name == *policy.name);
            let (entry, counts) = match known {
                Some((known, counts)) => (SetEntry::InForce(Arc::clone(&known.name)), Arc::clone(counts)),
                None => (SetEntry::Build(self.saved_spec(&policy)?.into()), Arc::default()),
            };
            shadows.push((Planned::kept(entry, policy, None), counts));
        }
        Ok(shadows)
    }

    /// A policy as it is in force; at the start, as it was.
    fn keep(&self, active: &ActivePolicy) -> Result<Planned, ChangeError> {
        let policy = active.policy.clone();
        let generation = self.host.generation();
        let known = generation.status().find(|status| *status.name == *policy.name);
        let entry = match known {
            Some(status) => SetEntry::InForce(Arc::clone(&status.name)),
            None => SetEntry::Build(self.saved_spec(&policy)?.into()),
        };
        Ok(Planned { origin: active.origin, ..Planned::kept(entry, policy, active.file_entry) })
    }

    fn saved_spec(&self, policy: &SavedPolicy) -> Result<PolicySpec, ChangeError> {
        Ok(policy.spec(self.store.module(policy.module_sha256)?))
    }

    pub(super) fn plan_files(&mut self, files: FilePolicies) -> Result<Plan, ChangeError> {
        let FilePolicies { specs, attached, attached_changed, error } = files;
        self.read_files(specs)?;
        if let Some(error) = error {
            return Err(ChangeError::Files(error));
        }
        let state = self.state();
        let (chosen, deleted) = merge(&self.files, &state);
        let mut policies = Vec::with_capacity(chosen.len());
        for choice in chosen {
            policies.push(match choice {
                Choice::File(entry) => from_file(entry),
                Choice::Api(active) => self.keep(active)?,
            });
        }
        // At the start, shadows are built once policies are in force.
        let mut shadows =
            if self.host.generation().number() == 0 { Vec::new() } else { self.keep_shadows()? };
        let stays = |shadow: &Planned| policies.iter().any(|policy| policy.policy.name == shadow.policy.name);
        shadows.retain(|(shadow, _)| stays(shadow));
        let attachment = Attachment::Replace(attached);
        let may_be_the_same = !attached_changed;
        Ok(Plan { policies, shadows, deleted, attachment, may_be_the_same, ..Plan::default() })
    }

    /// Reads the modules of the configuration's policies. What was read is known from now on, also where the change is
    /// refused: a policy of the admin API holds until its entry is another than the one that was there when it was put.
    fn read_files(&mut self, specs: Vec<PolicySpec>) -> Result<(), ChangeError> {
        let mut files = Vec::with_capacity(specs.len());
        let mut failed = None;
        for spec in specs {
            let name = spec.name.clone();
            match FileEntry::read(spec) {
                Ok(file) => files.push(file),
                Err(error) => {
                    files.extend(self.files.iter().find(|file| file.spec.name == name).cloned());
                    failed.get_or_insert(error);
                }
            }
        }
        self.files = files;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn plan_put(&self, name: &str, patch: PolicyPatch, confirm: bool) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        plan.put(self.patched(name, patch)?, confirm);
        Ok(plan)
    }

    fn plan_shadow(&self, name: &str, patch: PolicyPatch) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let state = self.state();
        let active = state.active(name).ok_or_else(|| ChangeError::NothingToShadow(name.to_owned()))?;
        let mode = Some(active.policy.mode);
        let planned = self.patched(name, PolicyPatch { mode, ..patch })?;
        plan.remove_shadow(name);
        plan.shadows.push((planned, Arc::default()));
        Ok(plan)
    }

    fn plan_all(&self, policies: Vec<(String, PolicyPatch)>, confirm: bool) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let before = std::mem::take(&mut plan.policies);
        for (name, patch) in policies {
            if plan.position(&name).is_some() {
                return Err(ChangeError::Twice(name));
            }
            plan.policies.push(self.patched(&name, patch)?);
        }
        for planned in before {
            let name = &planned.policy.name;
            if plan.position(name).is_none()
                && let Some(file_entry) = self.file_entry(name)
            {
                plan.deleted.push(Deleted { name: name.clone(), file_entry });
            }
        }
        let listed = |name: &str| plan.policies.iter().any(|planned| planned.policy.name == name);
        plan.deleted.retain(|deleted| !listed(&deleted.name));
        plan.shadows.retain(|(shadow, _)| listed(&shadow.policy.name));
        plan.confirmed = Some(confirm);
        Ok(plan)
    }

    fn plan_delete(&self, name: &str, confirm: bool) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let at = plan.position(name).ok_or_else(|| ChangeError::Unknown(name.to_owned()))?;
        plan.policies.remove(at);
        plan.remove_shadow(name);
        if let Some(file_entry) = self.file_entry(name) {
            plan.deleted.push(Deleted { name: name.to_owned(), file_entry });
        }
        plan.confirmed = Some(confirm);
        Ok(plan)
    }

    fn plan_rollback(
        &self,
        name: &str,
        revision: Option<&str>,
        (force, confirm): (bool, bool),
    ) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let state = self.state();
        let current = state.active(name);
        if current.is_none() && state.revisions(name).is_empty() {
            return Err(ChangeError::Unknown(name.to_owned()));
        }
        let target = state.rollback_target(name, revision).ok_or_else(|| match revision {
            None => ChangeError::NoEarlierRevision(name.to_owned()),
            Some(revision) => {
                ChangeError::NoSuchRevision { name: name.to_owned(), revision: revision.to_owned() }
            }
        })?;
        let mut policy = target.policy.clone();
        // The cases of today say what is expected today.
        if let Some(current) = current.filter(|_| !force) {
            policy.cases.clone_from(&current.policy.cases);
        }
        let mut spec = self.saved_spec(&policy)?;
        // It serves what it served, also where the one that is withdrawn serves more.
        if spec.hooks == Hooks::Exported && !target.hooks.is_empty() {
            spec.hooks = Hooks::Listed(target.hooks.clone());
        }
        if force {
            spec.cases.clear();
            plan.notes.push(("cases", "skipped by force".into()));
        }
        plan.put(Planned::kept(SetEntry::Build(spec.into()), policy, self.file_entry(name)), confirm);
        plan.withdrawn.extend(current.map(|current| (name.to_owned(), current.revision.clone())));
        Ok(plan)
    }

    fn plan_restore(&self, name: &str, confirm: bool) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let file = self.files.iter().find(|file| file.spec.name == name);
        let file = file.ok_or_else(|| ChangeError::NotInFile(name.to_owned()))?;
        plan.put(Planned { asked_for: true, ..from_file(file) }, confirm);
        Ok(plan)
    }

    fn plan_promote(&self, name: &str, confirm: bool) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let state = self.state();
        let shadow = state.shadow(name).ok_or_else(|| ChangeError::NoShadow(name.to_owned()))?;
        let policy = shadow.policy.clone();
        let entry = SetEntry::Build(self.saved_spec(&policy)?.into());
        plan.put(Planned::kept(entry, policy, self.file_entry(name)), confirm);
        plan.remove_shadow(name);
        Ok(plan)
    }

    /// The configuration's entry of that name, as it was read last.
    fn file_entry(&self, name: &str) -> Option<Digest> {
        let read = self.files.iter().find(|file| file.spec.name == name).map(|file| file.entry);
        // A file that cannot be read is not known to have changed.
        read.or_else(|| self.state().active(name).and_then(|active| active.file_entry))
    }

    /// The policy in force with what `patch` says, or a new one.
    fn patched(&self, name: &str, patch: PolicyPatch) -> Result<Planned, ChangeError> {
        let state = self.state();
        let PolicyPatch { module, settings, mode, hooks, cases } = patch;
        let source = module.map(|bytes| Source::Stored { from: "api".into(), bytes });
        let mut spec = match (state.active(name), source) {
            (Some(active), None) => self.saved_spec(&active.policy)?,
            (Some(active), Some(source)) => PolicySpec { source, ..active.policy.spec(Arc::default()) },
            (None, Some(_)) if !PolicySpec::is_name(name) => return Err(ChangeError::Name(name.to_owned())),
            (None, Some(source)) => PolicySpec::new(name, source),
            (None, None) => return Err(ChangeError::NoModule(name.to_owned())),
        };
        // The digest that the configuration demands is that of its own module.
        spec.sha256 = None;
        spec.settings = settings.unwrap_or(spec.settings);
        spec.mode = mode.unwrap_or(spec.mode);
        spec.hooks = hooks.map_or(spec.hooks, Hooks::Listed);
        spec.cases = cases.unwrap_or(spec.cases);
        let read = spec.source.read(None);
        let (bytes, digest) = read.map_err(|error| LoadError::policy(name, error))?;
        let policy = SavedPolicy::new(&spec, digest);
        let kept = Planned::kept(SetEntry::Build(spec.into()), policy, self.file_entry(name));
        Ok(Planned { module: Some(bytes), ..kept })
    }
}

fn from_file(file: &FileEntry) -> Planned {
    Planned {
        entry: SetEntry::Build(file.spec.clone().into()),
        policy: SavedPolicy::new(&file.spec, file.module),
        module: Some(Arc::clone(&file.bytes)),
        origin: Origin::File,
        file_entry: Some(file.entry),
        asked_for: false,
    }
}
