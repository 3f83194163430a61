//! A set of policies on its way into force: what is asked for, what was built, and how it is published.

use portcullis_contract::HookName;
use std::sync::Arc;

use crate::generation::{Attached, Generation};
use crate::policy::{Policy, PolicyStatus};
use crate::shadow::{Shadow, ShadowStats};
use crate::{Mode, PolicySpec};

/// One policy of a set that is to be put in force.
#[derive(Debug, Clone)]
pub enum SetEntry {
    /// The policy of that name that is in force, as it is: nothing is read or built.
    InForce(Arc<str>),
    /// A policy that is built, unless the one in force is the same in everything.
    Build(Box<PolicySpec>),
}

impl SetEntry {
    /// The policy's name.
    pub fn name(&self) -> &str {
        match self {
            Self::InForce(name) => name,
            Self::Build(spec) => &spec.name,
        }
    }
}

/// A whole set of policies that is to be put in force.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    /// Policies, in the order in which they are asked.
    pub policies: Vec<SetEntry>,
    /// Candidates that are asked beside the policy of their name, with what counts their disagreements.
    pub shadows: Vec<(SetEntry, Arc<ShadowStats>)>,
}

impl From<Vec<PolicySpec>> for PolicySet {
    fn from(specs: Vec<PolicySpec>) -> Self {
        Self {
            policies: specs.into_iter().map(|spec| SetEntry::Build(spec.into())).collect(),
            shadows: Vec::new(),
        }
    }
}

/// A set of policies that was built and passed its cases, but is not in force.
#[derive(Debug)]
pub struct Candidate {
    pub(crate) policies: Vec<Arc<Policy>>,
    pub(crate) shadows: Vec<Shadow>,
}

impl Candidate {
    /// Every policy in it.
    pub fn status(&self) -> impl Iterator<Item = &PolicyStatus> {
        self.policies.iter().map(|policy| &policy.status)
    }

    /// Whether it is what is in force already: each policy and each shadow is the same instance.
    pub fn is_in_force(&self, generation: &Generation) -> bool {
        generation.consists_of(&self.policies, &self.shadows)
    }

    /// A hook that `generation` has an enforced policy on, and this set has none.
    pub fn loses_hook(&self, generation: &Generation) -> Option<HookName> {
        let enforced = |hook: HookName| {
            let serves = |policy: &Arc<Policy>| {
                policy.status.mode == Mode::Enforce && policy.status.hooks.contains(&hook)
            };
            self.policies.iter().any(serves)
        };
        HookName::ALL.into_iter().find(|hook| generation.has_enforced(*hook) && !enforced(*hook))
    }

    /// Every shadow in it.
    pub fn shadows(&self) -> impl Iterator<Item = &PolicyStatus> {
        self.shadows.iter().map(|shadow| &shadow.candidate.status)
    }
}

/// What becomes of the data of APIs that is in force together with policies: see [`Generation::attached`].
#[derive(Debug, Clone, Default)]
pub enum Attachment {
    /// It stays.
    #[default]
    Keep,
    /// It is replaced.
    Replace(Option<Attached>),
}

/// How a set is published.
#[derive(Debug, Clone, Default)]
pub struct Publication {
    /// The data of APIs.
    pub attachment: Attachment,
    /// Whether the set may leave a hook without an enforced policy, though the set in force has one there.
    pub may_lose_hooks: bool,
}
