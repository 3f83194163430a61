//! What a decision is, and what each policy contributed to it.

use portcullis_contract::aws;
use portcullis_contract::docker_edits::Edits;
use portcullis_contract::types::Opinion;
use std::sync::Arc;
use std::time::Duration;

use crate::Fault;
use crate::policy::{Policy, PolicyStatus};

/// What one policy came to in one decision.
#[derive(Debug, Clone)]
pub struct PolicyOutcome {
    /// Which policy, and in which revision.
    pub policy: PolicyStatusRef,
    /// What it said.
    pub outcome: Outcome,
    /// How long it took, with waiting.
    pub elapsed: Duration,
    /// How long it waited for one of the decisions that may be under way at once.
    pub waited: Duration,
}

/// A policy's status without a copy of it.
#[derive(Clone)]
pub struct PolicyStatusRef(pub(crate) Arc<Policy>);

impl std::ops::Deref for PolicyStatusRef {
    type Target = PolicyStatus;

    fn deref(&self) -> &PolicyStatus {
        &self.0.status
    }
}

impl std::fmt::Debug for PolicyStatusRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.name)
    }
}

/// What one policy came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It has an opinion.
    Opinion(Opinion),
    /// It listed roles.
    Roles {
        /// How many it grants.
        grants: usize,
        /// How many denials it states.
        denials: usize,
    },
    /// It edits requests and responses.
    Edits {
        /// Whether it hides things.
        filters: bool,
        /// How many labels it sets.
        labels: usize,
        /// How many environment variables it hides.
        hidden: usize,
    },
    /// It gave no answer.
    Fault(Fault),
    /// Another policy had settled the matter.
    NotAsked,
}

/// A decision.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Whether a fault, and not a policy's verdict, refused it.
    pub fault: bool,
    /// Whether load is the cause, so that the same request may be allowed later.
    pub overloaded: bool,
    /// For the caller; empty where it is allowed.
    pub reason: String,
    /// The rule that fired.
    pub rule: String,
    /// The policy whose word it was; absent where it was the host's.
    pub policy: Option<Arc<str>>,
    /// The generation that decided.
    pub generation: u64,
    /// What each enforced policy came to.
    pub outcomes: Vec<PolicyOutcome>,
    /// How long it took.
    pub elapsed: Duration,
}

/// What `docker-edit` came to.
#[derive(Debug, Clone)]
pub struct CombinedEdits {
    /// What each policy edits, in order; empty where the decision refused.
    pub edits: Vec<Edits>,
    /// How it came about.
    pub decision: Decision,
}

/// What `aws-roles` came to.
#[derive(Debug, Clone)]
pub struct Grants {
    /// The roles that may be had, each with the policy that supplied it; empty where the decision refused.
    pub grants: Vec<(Arc<str>, aws::Grant)>,
    /// What was denied, each with the policy that did.
    pub denials: Vec<(Arc<str>, aws::Denial)>,
    /// How it came about.
    pub decision: Decision,
}
