//! From a change to the set that it asks for. Nothing is built or written here.

use portcullis_engine::case::Case;
use portcullis_engine::source::Source;
use portcullis_engine::{
    Attachment, Digest, Hooks, Limits, Mode, PolicySet, PolicySpec, SetEntry, ShadowStats,
};
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
    /// The configuration's policies, where they were read.
    pub(super) files: Option<Vec<FileEntry>>,
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

    fn put(&mut self, planned: Planned) {
        match self.position(&planned.policy.name) {
            Some(at) => self.policies[at] = planned,
            None => self.policies.push(planned),
        }
    }
}

impl Task {
    pub(super) fn plan(&self, change: Change) -> Result<Plan, ChangeError> {
        match change {
            Change::Files(files) => self.plan_files(files),
            Change::Put { name, patch } => self.plan_put(&name, patch),
            Change::PutShadow { name, patch } => self.plan_shadow(&name, patch),
            Change::PutAll { policies, confirm } => self.plan_all(policies, confirm),
            Change::Delete { name, confirm } => self.plan_delete(&name, confirm),
            Change::Rollback { name, revision, force } => {
                self.plan_rollback(&name, revision.as_deref(), force)
            }
            Change::Restore { name } => self.plan_restore(&name),
            Change::Promote { name } => self.plan_promote(&name),
            Change::DeleteShadow { name } => {
                let mut plan = self.plan_as_it_is()?;
                self.state().shadow(&name).ok_or_else(|| ChangeError::NoShadow(name.clone()))?;
                plan.shadows.retain(|(planned, _)| planned.policy.name != name);
                Ok(plan)
            }
        }
    }

    /// Everything as it is.
    pub(super) fn plan_as_it_is(&self) -> Result<Plan, ChangeError> {
        let state = self.state();
        let generation = self.host.generation();
        let policies = state.active.iter().map(|active| self.keep(active)).collect::<Result<_, _>>()?;
        let mut shadows = Vec::with_capacity(state.shadows.len());
        for shadow in &state.shadows {
            let policy = shadow.policy.clone();
            let known = generation.shadows().find(|(status, _)| *status.name == *policy.name);
            let (entry, counts) = match known {
                Some((known, counts)) => (SetEntry::InForce(Arc::clone(&known.name)), Arc::clone(counts)),
                None => (SetEntry::Build(self.saved_spec(&policy)?.into()), Arc::default()),
            };
            let (origin, file_entry) = (Origin::Api, None);
            let planned = Planned { entry, policy, module: None, origin, file_entry, asked_for: true };
            shadows.push((planned, counts));
        }
        Ok(Plan { policies, shadows, deleted: state.deleted.clone(), ..Plan::default() })
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
        let (origin, file_entry) = (active.origin, active.file_entry);
        Ok(Planned { entry, policy, module: None, origin, file_entry, asked_for: true })
    }

    fn saved_spec(&self, policy: &SavedPolicy) -> Result<PolicySpec, ChangeError> {
        Ok(policy.spec(self.store.module(policy.module_sha256)?))
    }

    pub(super) fn plan_files(&self, files: FilePolicies) -> Result<Plan, ChangeError> {
        let FilePolicies { specs, attached, attached_changed } = files;
        let entries = specs.into_iter().map(FileEntry::read).collect::<Result<Vec<_>, _>>()?;
        let state = self.state();
        let (chosen, deleted) = merge(&entries, &state);
        let mut policies = Vec::with_capacity(chosen.len());
        for choice in chosen {
            policies.push(match choice {
                Choice::File(entry) => from_file(entry),
                Choice::Api(active) => self.keep(active)?,
            });
        }
        let mut plan = self.plan_as_it_is_without_policies(&policies)?;
        plan.policies = policies;
        plan.deleted = deleted;
        plan.attachment = Attachment::Replace(attached);
        plan.may_be_the_same = !attached_changed;
        plan.files = Some(entries);
        Ok(plan)
    }

    /// The shadows of those policies that stay.
    fn plan_as_it_is_without_policies(&self, policies: &[Planned]) -> Result<Plan, ChangeError> {
        let generation = self.host.generation();
        if generation.number() == 0 {
            return Ok(Plan::default());
        }
        let mut plan = self.plan_as_it_is()?;
        plan.shadows
            .retain(|(shadow, _)| policies.iter().any(|policy| policy.policy.name == shadow.policy.name));
        Ok(plan)
    }

    fn plan_put(&self, name: &str, patch: PolicyPatch) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let file_entry = self.file_entry(name);
        let deleted = |deleted: &Deleted| deleted.name == name;
        plan.put(self.patched(name, patch, file_entry)?);
        plan.deleted.retain(|entry| !deleted(entry));
        plan.confirmed = Some(false);
        Ok(plan)
    }

    fn plan_shadow(&self, name: &str, patch: PolicyPatch) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let state = self.state();
        let active = state.active(name).ok_or_else(|| ChangeError::NothingToShadow(name.to_owned()))?;
        let mode = Some(active.policy.mode);
        let planned = self.patched(name, PolicyPatch { mode, ..patch }, None)?;
        plan.shadows.retain(|(shadow, _)| shadow.policy.name != name);
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
            let file_entry = self.file_entry(&name);
            plan.policies.push(self.patched(&name, patch, file_entry)?);
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
        plan.shadows.retain(|(shadow, _)| shadow.policy.name != name);
        if let Some(file_entry) = self.file_entry(name) {
            plan.deleted.push(Deleted { name: name.to_owned(), file_entry });
        }
        plan.confirmed = Some(confirm);
        Ok(plan)
    }

    fn plan_rollback(&self, name: &str, revision: Option<&str>, force: bool) -> Result<Plan, ChangeError> {
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
        if force {
            spec.cases.clear();
            plan.notes.push(("cases", "skipped by force".into()));
        }
        let file_entry = self.file_entry(name);
        let entry = SetEntry::Build(spec.into());
        let origin = Origin::Api;
        plan.put(Planned { entry, policy, module: None, origin, file_entry, asked_for: true });
        plan.deleted.retain(|deleted| deleted.name != name);
        plan.withdrawn.extend(current.map(|current| (name.to_owned(), current.revision.clone())));
        plan.confirmed = Some(false);
        Ok(plan)
    }

    fn plan_restore(&self, name: &str) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let file = self.files.iter().find(|file| file.spec.name == name);
        let file = file.ok_or_else(|| ChangeError::NotInFile(name.to_owned()))?;
        plan.put(Planned { asked_for: true, ..from_file(file) });
        plan.deleted.retain(|deleted| deleted.name != name);
        plan.confirmed = Some(false);
        Ok(plan)
    }

    fn plan_promote(&self, name: &str) -> Result<Plan, ChangeError> {
        let mut plan = self.plan_as_it_is()?;
        let state = self.state();
        let shadow = state.shadow(name).ok_or_else(|| ChangeError::NoShadow(name.to_owned()))?;
        let policy = shadow.policy.clone();
        let entry = SetEntry::Build(self.saved_spec(&policy)?.into());
        let (origin, file_entry) = (Origin::Api, self.file_entry(name));
        plan.put(Planned { entry, policy, module: None, origin, file_entry, asked_for: true });
        plan.shadows.retain(|(shadow, _)| shadow.policy.name != name);
        plan.confirmed = Some(false);
        Ok(plan)
    }

    /// The configuration's entry of that name, as it was read last.
    fn file_entry(&self, name: &str) -> Option<Digest> {
        self.files.iter().find(|file| file.spec.name == name).map(|file| file.entry)
    }

    /// The policy in force with what `patch` says, or a new one.
    fn patched(
        &self,
        name: &str,
        patch: PolicyPatch,
        file_entry: Option<Digest>,
    ) -> Result<Planned, ChangeError> {
        let state = self.state();
        let PolicyPatch { module, settings, mode, hooks, cases } = patch;
        let mut spec = match (state.active(name), &module) {
            (Some(active), None) => self.saved_spec(&active.policy)?,
            (Some(active), Some(bytes)) => active.policy.spec(Arc::clone(bytes)),
            (None, Some(_)) => new_spec(name)?,
            (None, None) => return Err(ChangeError::NoModule(name.to_owned())),
        };
        if let Some(bytes) = &module {
            spec.source = Source::Stored { from: "api".into(), bytes: Arc::clone(bytes) };
        }
        // The digest that the configuration demands is that of its own module.
        spec.sha256 = None;
        set(&mut spec.settings, settings);
        set(&mut spec.mode, mode);
        set(&mut spec.hooks, hooks.map(Hooks::Listed));
        set::<Vec<Case>>(&mut spec.cases, cases);
        let read = spec.source.read(None);
        let (bytes, digest) = read.map_err(|error| portcullis_engine::LoadError::policy(name, error))?;
        let policy = SavedPolicy::new(&spec, digest);
        Ok(Planned {
            entry: SetEntry::Build(spec.into()),
            policy,
            module: Some(bytes),
            origin: Origin::Api,
            file_entry,
            asked_for: true,
        })
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
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

/// A policy of which nothing is said.
fn new_spec(name: &str) -> Result<PolicySpec, ChangeError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(good) {
        return Err(ChangeError::Name(name.to_owned()));
    }
    Ok(PolicySpec {
        name: name.to_owned(),
        source: Source::Stored { from: "api".into(), bytes: Arc::default() },
        sha256: None,
        hooks: Hooks::Exported,
        mode: Mode::Enforce,
        settings: "{}".into(),
        limits: Limits::default(),
        wasi: Vec::new(),
        cases: Vec::new(),
        preinitialize: true,
        record_inputs: false,
    })
}
