//! Why a set of policies was not taken. After any of these, the set in force stays in force.

use portcullis_contract::HookName;
use std::time::Duration;

use crate::build::BuildError;
use crate::case::CaseReport;
use crate::source::SourceError;

/// Why a set of policies was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// One policy is at fault.
    #[error("policy `{policy}`: {error}")]
    Policy {
        /// Its name.
        policy: String,
        /// What is wrong with it.
        #[source]
        error: PolicyError,
    },
    /// The new set would leave a hook that is in use without any policy.
    #[error("no policy of the new set serves `{0}`, which the set in force does; the old set stays")]
    HookLost(HookName),
    /// The host itself is at fault.
    #[error("the engine cannot be set up: {0}")]
    Engine(String),
}

/// What is wrong with one policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Its module could not be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The configuration asks it on a hook that it does not export.
    #[error("it does not export `{wanted}`; it exports {exported}")]
    Hook {
        /// What the configuration says.
        wanted: HookName,
        /// The hooks that it exports.
        exported: String,
    },
    /// It does not serve a hook that its predecessor serves, and its entry lists no hooks.
    #[error(
        "it does not export `{lost}`, which the revision in force serves; it exports {exported}. List `hooks` in its \
         entry if it is to serve fewer"
    )]
    HookGone {
        /// The hook that would be lost.
        lost: HookName,
        /// The hooks that it exports.
        exported: String,
    },
    /// The policy in force is to be kept, and there is none of that name.
    #[error("it is not in force")]
    NotInForce,
    /// It is asked on one hook alone, and exports others.
    #[error(
        "it is asked on `{asked}` alone and exports {exported}: list `hooks = [\"{asked}\"]` here, and let an entry of \
         its own serve the others"
    )]
    Sole {
        /// What it is asked.
        asked: HookName,
        /// The hooks that it exports.
        exported: String,
    },
    /// It did not pass all of its own cases.
    #[error("{0}")]
    Cases(CaseReport),
    /// It has to be configured for every decision, and that takes too long.
    #[error(
        "it cannot be pre-initialized ({reason}), and configuring each instance takes {} ms of the {} ms it has; raise \
         `deadline` or make its settings smaller", .took.as_millis(), .deadline.as_millis()
    )]
    SlowToConfigure {
        /// Why it cannot be pre-initialized.
        reason: String,
        /// What configuring took.
        took: Duration,
        /// What a decision may take.
        deadline: Duration,
    },
    /// It was built, but does not load.
    #[error("what was built does not load: {0}")]
    Artifact(String),
    /// It was built and loads, but does not start.
    #[error("it cannot be asked: {0}")]
    Start(crate::Fault),
}

impl PolicyError {
    /// The step of loading at which it failed, e.g. for the record of a candidate that was refused.
    pub fn step(&self) -> String {
        let step = match self {
            Self::Source(_) | Self::NotInForce => "source",
            Self::Build(BuildError::Failure(failure)) => return failure.step.name(),
            Self::Build(_) => "build",
            Self::Hook { .. } | Self::HookGone { .. } | Self::Sole { .. } => "hooks",
            Self::Cases { .. } => "cases",
            Self::SlowToConfigure { .. } | Self::Artifact(_) | Self::Start(_) => "probe",
        };
        step.to_owned()
    }
}

impl LoadError {
    /// The step at which it failed.
    pub fn step(&self) -> String {
        match self {
            Self::Policy { error, .. } => error.step(),
            Self::HookLost(_) => "publish".into(),
            Self::Engine(_) => "engine".into(),
        }
    }

    /// The error of one policy.
    pub fn policy(policy: &str, error: impl Into<PolicyError>) -> Self {
        Self::Policy { policy: policy.to_owned(), error: error.into() }
    }
}
