//! What can be changed, who changes it, and why it is refused.

use portcullis_contract::HookName;
use portcullis_engine::case::Case;
use portcullis_engine::{Attached, LoadError, Mode, PolicySpec};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::store::StoreError;

/// One change of the set in force.
#[derive(Debug, Clone)]
pub enum Change {
    /// What the configuration says now.
    Files(FilePolicies),
    /// A policy is added, or replaced.
    Put {
        /// Its name.
        name: String,
        /// What is said of it.
        patch: PolicyPatch,
        /// Whether hooks may be left without an enforced policy.
        confirm: bool,
    },
    /// A candidate is asked beside the policy of that name.
    PutShadow {
        /// The policy's name.
        name: String,
        /// What is said of the candidate.
        patch: PolicyPatch,
    },
    /// These policies are in force and no others, in this order.
    PutAll {
        /// Names, and what is said of each.
        policies: Vec<(String, PolicyPatch)>,
        /// Whether hooks may be left without an enforced policy.
        confirm: bool,
    },
    /// A policy is removed.
    Delete {
        /// Its name.
        name: String,
        /// Whether hooks may be left without an enforced policy.
        confirm: bool,
    },
    /// An earlier revision is put in force, and the present one is withdrawn.
    Rollback {
        /// The policy's name.
        name: String,
        /// The revision, or the beginning of its digest; absent means the one before.
        revision: Option<String>,
        /// Whether it goes live without running the cases of the policy in force.
        force: bool,
        /// Whether hooks may be left without an enforced policy.
        confirm: bool,
    },
    /// The configuration's entry is put in force again.
    Restore {
        /// The policy's name.
        name: String,
        /// Whether hooks may be left without an enforced policy.
        confirm: bool,
    },
    /// A shadow becomes the policy in force.
    Promote {
        /// The policy's name.
        name: String,
        /// Whether hooks may be left without an enforced policy.
        confirm: bool,
    },
    /// A shadow is removed.
    DeleteShadow {
        /// The policy's name.
        name: String,
    },
}

impl Change {
    /// Its operation, in records and in the description of the admin API.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Files(_) => "ReloadPolicies",
            Self::Put { .. } => "PutPolicy",
            Self::PutShadow { .. } => "PutShadow",
            Self::PutAll { .. } => "PutPolicies",
            Self::Delete { .. } => "DeletePolicy",
            Self::Rollback { .. } => "RollbackPolicy",
            Self::Restore { .. } => "RestorePolicy",
            Self::Promote { .. } => "PromoteShadow",
            Self::DeleteShadow { .. } => "DeleteShadow",
        }
    }

    /// The one policy that it is about.
    pub fn policy(&self) -> Option<&str> {
        match self {
            Self::Files(_) | Self::PutAll { .. } => None,
            Self::Put { name, .. }
            | Self::PutShadow { name, .. }
            | Self::Delete { name, .. }
            | Self::Rollback { name, .. }
            | Self::Restore { name, .. }
            | Self::Promote { name, .. }
            | Self::DeleteShadow { name } => Some(name),
        }
    }
}

/// The policies of the configuration.
#[derive(Debug, Clone, Default)]
pub struct FilePolicies {
    /// In order.
    pub specs: Vec<PolicySpec>,
    /// What APIs must see change at the same moment.
    pub attached: Option<Attached>,
    /// Whether that is other than before: then the set is published though its policies are the same.
    pub attached_changed: bool,
    /// Why the policies of the configuration cannot be read, where that is so. Then these here are incomplete.
    pub error: Option<String>,
}

/// What is said of a policy; what is absent stays as it is, or is as usual for a new policy.
#[derive(Debug, Clone, Default)]
pub struct PolicyPatch {
    /// The module's bytes.
    pub module: Option<Arc<[u8]>>,
    /// One JSON object.
    pub settings: Option<String>,
    /// Whether its word counts.
    pub mode: Option<Mode>,
    /// The hooks it is asked on.
    pub hooks: Option<Vec<HookName>>,
    /// What it must answer before it goes live.
    pub cases: Option<Vec<Case>>,
}

/// Who changes policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedBy {
    /// A name, e.g. `uid 0`; absent where the host itself acts.
    pub principal: Option<String>,
    /// How it is known: `socket`, `token`, `signal`, `file`, `start`.
    pub authentication: Cow<'static, str>,
    /// The address of the connection.
    pub peer: Option<String>,
}

impl ChangedBy {
    /// The host itself, for this reason: `start`, `signal` or `file`.
    pub fn host(why: &'static str) -> Self {
        Self { principal: None, authentication: why.into(), peer: None }
    }
}

impl fmt::Display for ChangedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.principal {
            Some(principal) => write!(f, "{principal} ({})", self.authentication),
            None => f.write_str(&self.authentication),
        }
    }
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The generation in force.
    pub generation: u64,
    /// Whether it is a new one. A reload that finds everything as it was publishes nothing.
    pub published: bool,
    /// Policies that were added, replaced or removed: name, revision before, revision now.
    pub changed: Vec<(String, Option<String>, Option<String>)>,
    /// From the call to the publication.
    pub took: Duration,
}

/// Why a change is refused. The set in force stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// A candidate was refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The policies of the configuration cannot be read.
    #[error("{0}")]
    Files(String),
    /// A hook would be left without an enforced policy.
    #[error(
        "`{0}` would be left without a policy, and everything that is asked there refused; add `confirm` if that is meant"
    )]
    LosesHook(HookName),
    /// There is no such policy.
    #[error("there is no policy `{0}`")]
    Unknown(String),
    /// There is no such shadow.
    #[error("there is no shadow of `{0}`")]
    NoShadow(String),
    /// A shadow is asked beside a policy in force.
    #[error(
        "no policy `{0}` is in force that a shadow could be compared with; put it with `\"mode\": \"monitor\"` instead"
    )]
    NothingToShadow(String),
    /// There is no revision to go back to.
    #[error("`{0}` has no earlier revision that was not withdrawn; `GET /policies/{0}` lists what is kept")]
    NoEarlierRevision(String),
    /// The revision is not known, or in force.
    #[error("`{name}` has no other revision whose digest begins with `{revision}`, or more than one")]
    NoSuchRevision {
        /// The policy's name.
        name: String,
        /// What was asked for.
        revision: String,
    },
    /// The configuration has no such policy.
    #[error("the configuration has no policy `{0}`; `DELETE` removes the one of the admin API")]
    NotInFile(String),
    /// The revision was withdrawn by a rollback, and does not come back by itself.
    #[error(
        "revision {revision} of `{name}` was withdrawn by a rollback; to use it again, ask for it: \
         `POST /policies/{name}/rollback?revision={revision}`", revision = revision.get(..12).unwrap_or(revision)
    )]
    Withdrawn {
        /// The policy's name.
        name: String,
        /// The revision.
        revision: String,
    },
    /// A new policy needs a module.
    #[error("`{0}` is a new policy and needs a module")]
    NoModule(String),
    /// The name cannot be used.
    #[error("`{0}` is no name for a policy: use up to 64 letters, digits, `.`, `_` and `-`")]
    Name(String),
    /// A name occurs twice.
    #[error("`{0}` is listed twice")]
    Twice(String),
    /// It cannot be kept.
    #[error("the change cannot be kept: {0}")]
    Store(#[from] StoreError),
    /// It cannot be recorded.
    #[error("the change cannot be recorded: {0}")]
    Record(portcullis_audit::AuditError),
    /// The host is ending.
    #[error("the host is ending")]
    Ending,
}

impl ChangeError {
    /// The step at which the change failed.
    pub fn step(&self) -> String {
        match self {
            Self::Load(error) => error.step(),
            Self::LosesHook(_) => "publish".into(),
            Self::Store(_) => "store".into(),
            Self::Record(_) => "record".into(),
            Self::Withdrawn { .. } => "history".into(),
            _ => "request".into(),
        }
    }
}
