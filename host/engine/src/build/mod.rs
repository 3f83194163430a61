//! Building a policy: from a module's bytes and its settings to native code, in child processes of our own.
//!
//! A child is the same binary with a hidden subcommand, which calls [`child_main`]. It confines itself ([`confine()`]), gets
//! its request through its standard input, and answers on its standard output. Children share nothing but bytes that pass
//! through the host. One kind runs the guest, another makes native code and never runs any:
//!
//! 1. `prepare` makes native code of the module, for the child that runs it. This does not depend on the settings.
//! 2. `configure` runs the guest. It hands over the guest's memories and globals, what `configure` logged, and what the
//!    component that is not pre-initialized answers to the policy's cases. Nothing of this is code.
//! 3. `compile` gets the module as the host read it and that state, makes the pre-initialized component of both
//!    (`guest_state`), checks that it differs from the module in state alone (`verify`), and makes native code of it.
//!
//! Making code is what a build costs, so what does not depend on the settings is kept ([`ModuleCode`]): what `prepare` made,
//! and the functions that `compile` compiled.
//!
//! Native code comes from children that ran no guest. Any harm that a module does in `configure`, through a fault in the
//! compiler or in the runtime, ends with its child, which cannot hand back another policy.
//!
//! Each child encodes and inspects the module itself: both are deterministic, take milliseconds, and so none has to
//! believe another. The host parses no WebAssembly of a policy: both checks of the state are in `compile`, where a fault in
//! a parser meets no guest and no descriptor.

mod cases;
mod child;
mod compile;
mod configure;
mod confine;
mod encode;
mod functions;
mod guest_state;
mod inspect;
mod parent;
mod preinitialize;
mod prepare;
mod reader;
mod rewrite;
mod verify;
mod wire;

use portcullis_contract::HookName;
use serde::{Deserialize, Serialize};

use crate::Limits;
use crate::answer::CaseResult;
use crate::case::Case;

pub use child::child_main;
pub use confine::{Confinement, confine};
pub use parent::{BuildError, Builder, ChildProgram, ModuleCode};

/// Changes whenever the same module and settings would be built into something else.
pub(crate) const BUILD_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/3");

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
    /// What is done where the kernel cannot confine the children.
    pub confinement: Confinement,
}

/// What a child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceLimits {
    /// Bytes of address space.
    pub address_space: u64,
    /// Seconds of processor time, over all its threads.
    pub processor_seconds: u64,
}

impl Default for ResourceLimits {
    fn default() -> Self {
        Self { address_space: 4 << 30, processor_seconds: 120 }
    }
}

/// What a child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Makes native code for the child that runs the guest.
    Prepare,
    /// Runs the guest.
    Configure,
    /// Makes native code.
    Compile,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Configure => "runs `configure`",
            Self::Prepare | Self::Compile => "makes native code",
        })
    }
}

/// The last argument of a child's command line.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct ChildOptions {
    stage: Stage,
    resource_limits: ResourceLimits,
    confinement: Confinement,
}

impl ChildOptions {
    /// The options of this process.
    fn from_arguments() -> std::io::Result<Self> {
        let last = std::env::args().next_back().unwrap_or_default();
        Ok(serde_json::from_str(&last)?)
    }

    fn to_argument(self) -> std::io::Result<String> {
        Ok(serde_json::to_string(&self)?)
    }
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
    /// The child takes its own powers away.
    Confine,
    /// A core module becomes a component.
    Encode,
    /// Imports and exports are looked at.
    Inspect,
    /// Settings are given to it.
    Configure,
    /// The state that this left becomes the component's own.
    Preinitialize,
    /// Native code is made.
    Compile,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Confine => "cannot be confined",
            Self::Encode => "not a usable module",
            Self::Inspect => "refused",
            Self::Configure => "its settings",
            Self::Preinitialize => "cannot be pre-initialized",
            Self::Compile => "cannot be compiled",
        })
    }
}

impl Failure {
    /// The failure with its text bounded and harmless.
    fn sanitize(self) -> Self {
        self.step.failed(self.reason)
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
    wire::pack(report, &[artifact])
}

/// The reverse of [`pack_artifact`]; `None` where the bytes are something else.
pub(crate) fn unpack_artifact(bytes: &[u8]) -> Option<(BuildReport, Vec<u8>)> {
    let (report, artifact) = wire::unpack(bytes).ok()?;
    Some((report, bytes.get(artifact..)?.to_vec()))
}
