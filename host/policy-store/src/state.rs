//! The set in force with where each policy came from, the revisions that were in force before, and shadows. This is what
//! survives a restart.

use portcullis_contract::HookName;
use portcullis_engine::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::saved::SavedPolicy;

/// Revisions of one policy that are kept, with the one in force.
pub(crate) const REVISIONS: usize = 10;
/// Policies that were removed, whose revisions are kept.
const REMOVED: usize = 50;
/// Withdrawn revisions of one policy that are remembered.
const WITHDRAWN: usize = 100;

/// What survives a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The set in force, in order.
    pub active: Vec<ActivePolicy>,
    /// Policies of the configuration that the admin API has removed.
    pub(crate) deleted: Vec<Deleted>,
    /// Candidates that are asked beside the policy of their name.
    pub shadows: Vec<SavedShadow>,
    /// Revisions by policy, newest first; the first is in force, unless the policy was removed.
    pub history: BTreeMap<String, Vec<Revision>>,
    /// Revisions that were withdrawn, by policy, newest last.
    pub(crate) withdrawn: BTreeMap<String, Vec<String>>,
}

/// Where a policy in force came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// From the configuration.
    File,
    /// From the admin API.
    Api,
}

/// A policy in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivePolicy {
    /// The policy.
    pub policy: SavedPolicy,
    /// Its revision.
    pub revision: String,
    /// Where it came from.
    pub origin: Origin,
    /// The hooks it is asked on.
    #[serde(default)]
    pub(crate) hooks: Vec<HookName>,
    /// The configuration's entry of that name when it was put in force: a policy of the admin API holds until that changes.
    pub(crate) file_entry: Option<Digest>,
    /// When it was put in force: milliseconds since 1970-01-01 UTC.
    pub since: u64,
    /// Who put it in force.
    pub by: String,
}

/// A policy of the configuration that the admin API has removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deleted {
    pub(crate) name: String,
    /// It stays removed until this entry changes.
    pub(crate) file_entry: Digest,
}

/// A candidate that is asked beside the policy of its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedShadow {
    /// The candidate.
    pub policy: SavedPolicy,
    /// Its revision.
    pub revision: String,
    /// When it was put there: milliseconds since 1970-01-01 UTC.
    pub since: u64,
    /// Who put it there.
    pub by: String,
}

/// A revision that is or was in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// Its digest.
    pub revision: String,
    /// The policy.
    pub policy: SavedPolicy,
    /// The hooks it was asked on.
    #[serde(default)]
    pub(crate) hooks: Vec<HookName>,
    /// Where it came from.
    pub origin: Origin,
    /// When it was put in force: milliseconds since 1970-01-01 UTC.
    pub since: u64,
    /// Who put it in force.
    pub by: String,
}

impl State {
    /// The policy of that name in force.
    pub fn active(&self, name: &str) -> Option<&ActivePolicy> {
        self.active.iter().find(|active| active.policy.name == name)
    }

    /// The shadow of that name.
    pub fn shadow(&self, name: &str) -> Option<&SavedShadow> {
        self.shadows.iter().find(|shadow| shadow.policy.name == name)
    }

    /// The revisions of a policy, newest first.
    pub fn revisions(&self, name: &str) -> &[Revision] {
        self.history.get(name).map_or(&[], Vec::as_slice)
    }

    /// The policy that is, was or may be in force as `revision`.
    pub(crate) fn with_revision(&self, revision: &str) -> Option<&SavedPolicy> {
        let active = self.active.iter().map(|active| (&active.revision, &active.policy));
        let before = self.history.values().flatten().map(|before| (&before.revision, &before.policy));
        let shadows = self.shadows.iter().map(|shadow| (&shadow.revision, &shadow.policy));
        active.chain(before).chain(shadows).find(|(known, _)| *known == revision).map(|(_, policy)| policy)
    }

    /// Whether a rollback has withdrawn that revision.
    pub fn is_withdrawn(&self, name: &str, revision: &str) -> bool {
        self.withdrawn.get(name).is_some_and(|revisions| revisions.iter().any(|known| known == revision))
    }

    /// The revision that a rollback goes to: the one whose digest begins with `wanted`, or else the newest one before the
    /// one in force that was not withdrawn.
    pub(crate) fn rollback_target(&self, name: &str, wanted: Option<&str>) -> Option<&Revision> {
        let current = self.active(name).map(|active| active.revision.as_str());
        let mut others =
            self.revisions(name).iter().filter(|revision| Some(revision.revision.as_str()) != current);
        match wanted {
            Some(wanted) => {
                let mut found = others.filter(|revision| revision.revision.starts_with(wanted));
                // A prefix of two revisions names neither.
                found.next().filter(|_| found.next().is_none())
            }
            None => others.find(|revision| !self.is_withdrawn(name, &revision.revision)),
        }
    }

    /// Whether the same policies come from elsewhere, or other ones stay removed.
    pub(crate) fn differs_in_origin(&self, other: &Self) -> bool {
        let origins = |state: &Self| -> Vec<_> {
            state.active.iter().map(|active| (active.origin, active.file_entry)).collect()
        };
        origins(self) != origins(other) || self.deleted != other.deleted
    }

    pub(crate) fn withdraw(&mut self, name: &str, revision: &str) {
        let withdrawn = self.withdrawn.entry(name.to_owned()).or_default();
        withdrawn.retain(|known| known != revision);
        withdrawn.push(revision.to_owned());
        if withdrawn.len() > WITHDRAWN {
            withdrawn.remove(0);
        }
    }

    pub(crate) fn reinstate(&mut self, name: &str, revision: &str) {
        if let Some(withdrawn) = self.withdrawn.get_mut(name) {
            withdrawn.retain(|known| known != revision);
        }
    }

    /// Adds what is in force now to the history.
    pub(crate) fn remember(&mut self) {
        for active in &self.active {
            let history = self.history.entry(active.policy.name.clone()).or_default();
            if history.first().is_some_and(|first| first.revision == active.revision) {
                continue;
            }
            history.retain(|known| known.revision != active.revision);
            let ActivePolicy { policy, revision, hooks, origin, since, by, file_entry: _ } = active.clone();
            history.insert(0, Revision { revision, policy, hooks, origin, since, by });
            history.truncate(REVISIONS);
        }
        // Of policies that were removed, the latest ones are kept.
        let removed = self.history.iter().filter(|(name, _)| self.active(name).is_none());
        let mut removed: Vec<_> = removed
            .map(|(name, history)| (history.first().map_or(0, |latest| latest.since), name.clone()))
            .collect();
        removed.sort_unstable();
        for (_, name) in removed.iter().rev().skip(REMOVED) {
            self.history.remove(name);
        }
    }

    /// The modules that any part of it needs.
    pub(crate) fn modules(&self) -> BTreeSet<String> {
        let active = self.active.iter().map(|active| &active.policy);
        let shadows = self.shadows.iter().map(|shadow| &shadow.policy);
        let before = self.history.values().flatten().map(|revision| &revision.policy);
        active.chain(shadows).chain(before).map(|policy| policy.module_sha256.to_string()).collect()
    }
}
