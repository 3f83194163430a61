//! Native code, under the same configuration that the host runs it with.

use wasmtime::Engine;

use super::{Failure, Step};
use crate::compile_config;

/// The artifact of `component` for a memory of `memory` bytes at most.
pub(super) fn compile(component: &[u8], memory: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error: wasmtime::Error| Step::Compile.failed(format!("{error:#}"));
    let engine = Engine::new(&compile_config::base(memory)).map_err(failed)?;
    engine.precompile_component(component).map_err(failed)
}
