//! Building a policy: from a module's bytes and its settings to native code, in a child process of our own.
//!
//! The child is the same binary with a hidden subcommand; it calls [`child_main`]. It has limits on address
//! space and processor time, gets module and settings through its standard input, and answers with [`BuildReport`] and
//! an artifact on its standard output. Any harm that a module does to the compiler, or in `configure`, ends with it.

mod cases;
mod child;
mod compile;
mod encode;
mod inspect;
mod parent;
mod preinitialize;
mod reader;
mod wire;

use portcullis_contract::HookName;
use serde::{Deserialize, Serialize};

use crate::Limits;
use crate::answer::CaseResult;
use crate::case::Case;

pub use child::child_main;
pub use parent::{BuildError, Builder, ResourceLimits};

/// Changes whenever the same module and settings would be built into something else.
pub(crate) const BUILD_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/1");

/// What is to be built.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuildRequest {
    /// The policy's name, for its log.
    pub name: String,
    /// One JSON object.
    pub settings: String,
    /// What it may use.
    pub limits: Limits,
    /// The WASI interfaces it may import.
    pub wasi: Vec<String>,
    /// Cases that the component that is not pre-initialized is asked.
    pub cases: Vec<Case>,
    /// Why it must not be pre-initialized, where that is known already.
    pub not_preinitialized_because: Option<String>,
}

/// What was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildReport {
    /// The interfaces it imports that give it something to call.
    pub imports: Vec<String>,
    /// The hooks it exports.
    pub hooks: Vec<HookName>,
    /// Why each instance is configured anew; absent when it is pre-initialized.
    pub not_preinitialized_because: Option<String>,
    /// What one instance takes from the pool.
    pub needs: PoolRequirements,
    /// What `configure` logged.
    pub log: Vec<String>,
    /// What the component that is not pre-initialized answered to each case.
    pub answers: Vec<CaseResult>,
}

/// What one instance takes from the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRequirements {
    /// Core instances.
    pub instances: u32,
    /// Linear memories.
    pub memories: u32,
    /// Tables.
    pub tables: u32,
}

/// The step at which a build failed, and why, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct Failure {
    /// The step.
    pub step: Step,
    /// One line.
    pub reason: String,
}

/// A step of the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// A core module becomes a component.
    Encode,
    /// Imports and exports are looked at.
    Inspect,
    /// Settings are given to it.
    Configure,
    /// Native code is made.
    Compile,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Encode => "not a usable module",
            Self::Inspect => "refused",
            Self::Configure => "its settings",
            Self::Compile => "cannot be compiled",
        })
    }
}

impl Step {
    /// As it is serialized, e.g. `configure`.
    pub(crate) fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub(crate) fn failed(self, reason: impl std::fmt::Display) -> Failure {
        Failure { step: self, reason: crate::text::one_line(&reason.to_string(), 2048) }
    }
}

/// A report and its artifact as one run of bytes, for the cache.
pub(crate) fn pack_artifact(report: &BuildReport, artifact: &[u8]) -> std::io::Result<Vec<u8>> {
    wire::pack(report, artifact)
}

/// The reverse of [`pack_artifact`]; `None` where the bytes are something else.
pub(crate) fn unpack_artifact(bytes: &[u8]) -> Option<(BuildReport, Vec<u8>)> {
    let (report, artifact) = wire::unpack(bytes).ok()?;
    Some((report, artifact.to_vec()))
}
