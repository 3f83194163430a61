//! Makes native code, in a child that never runs any. What the host runs comes from here alone.
//!
//! It gets the module as the host read it, and the state that the child handed over which ran the guest. It encodes and inspects the
//! module itself, so that what the host shows and allows was not said by a process that ran the guest.

use portcullis_contract::HookName;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::functions::Functions;
use super::guest_state::{GuestState, apply};
use super::inspect::inspect;
use super::{Failure, PoolRequirements, Step, encode};
use crate::compile_config;

/// What is to be compiled. The module is beside it, then the functions that were compiled already, and then the bytes of the
/// state's memories.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompileRequest {
    /// The WASI interfaces it may import.
    pub(super) wasi: Vec<String>,
    /// Bytes that its memories may have.
    pub(super) memory: u64,
    /// Bytes of the module.
    pub(super) module: u64,
    /// Bytes of the compiled functions.
    pub(super) functions: u64,
    /// Absent if each instance is configured anew.
    pub(super) state: Option<GuestState>,
}

/// What was compiled. The artifact is beside it, and then the compiled functions, where some were added.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompileReport {
    pub(super) imports: Vec<String>,
    pub(super) hooks: Vec<HookName>,
    pub(super) needs: PoolRequirements,
    /// Bytes of the artifact.
    pub(super) artifact: u64,
}

/// Compiles what `bytes` hold, under the same configuration that the host runs it with.
pub(super) async fn compile(
    request: &CompileRequest,
    mut bytes: Vec<u8>,
) -> Result<(CompileReport, Vec<u8>), Failure> {
    let failed = |error: wasmtime::Error| Step::Compile.failed(format!("{error:#}"));
    let mut functions = bytes.split_off(position(request.module, &bytes));
    let memories = functions.split_off(position(request.functions, &functions));
    let mut component = encode::encode(bytes)?;
    let inspected = inspect(&component, &request.wasi)?;
    if let Some(state) = &request.state {
        component = apply(&component, state, &memories, request.memory).await?;
    }
    let functions = Arc::new(Functions::new(&functions));
    let mut config = compile_config::base(request.memory);
    config.enable_incremental_compilation(Arc::<Functions>::clone(&functions)).map_err(failed)?;
    let engine = Engine::new(&config).map_err(failed)?;
    let compiled = Component::new(&engine, &component).map_err(failed)?;
    let required = compiled.resources_required();
    let (memories, tables) =
        required.map_or((8, 64), |required| (required.num_memories, required.num_tables));
    let mut artifact = compiled.serialize().map_err(failed)?;
    // The compiler holds the functions too.
    drop((compiled, engine, config));
    let report = CompileReport {
        imports: inspected.imports,
        hooks: inspected.hooks,
        needs: PoolRequirements {
            // The pre-initialized component has one instance more than the original for each that it snapshots.
            instances: inspected.instances.saturating_mul(2),
            memories,
            tables,
        },
        artifact: artifact.len() as u64,
    };
    artifact.extend(Arc::into_inner(functions).map(Functions::into_changed).unwrap_or_default());
    Ok((report, artifact))
}

/// Where `bytes` end after so many.
fn position(length: u64, bytes: &[u8]) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len())
}
