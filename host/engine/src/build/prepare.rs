//! Compiles a module as it is before it is configured, for the child that runs the guest: once for each module, and not for
//! each of its settings.
//!
//! In a child that runs no guest.

use serde::{Deserialize, Serialize};
use wasmtime::Engine;

use super::inspect::inspect;
use super::rewrite::instrument;
use super::{Failure, Step, encode};
use crate::compile_config;

/// What is to be compiled. The module is beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PrepareRequest {
    /// The WASI interfaces it may import.
    pub(super) wasi: Vec<String>,
    /// Why it must not be pre-initialized, where that is known already.
    pub(super) not_preinitialized_because: Option<String>,
}

/// What was compiled. The native code is beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PrepareReport {
    /// Whether its state can be read, or why not: it was then compiled as it is.
    pub(super) instrumented: Result<(), String>,
}

/// Compiles `module` with what reads its state, where that can be added.
pub(super) fn prepare(request: PrepareRequest, module: Vec<u8>) -> Result<(PrepareReport, Vec<u8>), Failure> {
    let component = encode::encode(module)?;
    let inspected = inspect(&component, &request.wasi)?;
    let prevented = request.not_preinitialized_because.or_else(|| {
        let import = inspected.handles?;
        Some(format!("it imports `{import}`, whose handles do not outlive pre-initialization"))
    });
    let instrumented = match prevented {
        Some(reason) => Err(reason),
        None => instrument(&component).map(|instrumented| instrumented.bytes),
    };
    let (instrumented, bytes) = match instrumented {
        Ok(bytes) => (Ok(()), bytes),
        Err(reason) => (Err(reason), component),
    };
    let failed = |error: wasmtime::Error| Step::Compile.failed(format!("{error:#}"));
    let engine = Engine::new(&compile_config::for_build()).map_err(failed)?;
    Ok((PrepareReport { instrumented }, engine.precompile_component(&bytes).map_err(failed)?))
}
