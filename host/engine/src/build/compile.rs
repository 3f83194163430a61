//! The second child: makes native code, and never runs any. What the host runs comes from here alone.
//!
//! It gets the module as the host read it, and the state that the first child handed over. It encodes and inspects the
//! module itself, so that what the host shows and allows was not said by a process that ran the guest.

use portcullis_contract::HookName;
use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::guest_state::{GuestState, apply};
use super::inspect::inspect;
use super::{Failure, PoolRequirements, Step, encode};
use crate::compile_config;

/// What is to be compiled. The module is beside it, and then the bytes of the state's memories.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompileRequest {
    /// The WASI interfaces it may import.
    pub(super) wasi: Vec<String>,
    /// Bytes that its memories may have.
    pub(super) memory: u64,
    /// Bytes of the module.
    pub(super) module: u64,
    /// Absent if each instance is configured anew.
    pub(super) state: Option<GuestState>,
}

/// What was compiled. The artifact is beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompileReport {
    pub(super) imports: Vec<String>,
    pub(super) hooks: Vec<HookName>,
    pub(super) needs: PoolRequirements,
}

/// Compiles what `bytes` hold, under the same configuration that the host runs it with.
pub(super) async fn compile(
    request: &CompileRequest,
    mut bytes: Vec<u8>,
) -> Result<(CompileReport, Vec<u8>), Failure> {
    let failed = |error: wasmtime::Error| Step::Compile.failed(format!("{error:#}"));
    let memories = bytes.split_off(usize::try_from(request.module).unwrap_or(usize::MAX).min(bytes.len()));
    let mut component = encode::encode(bytes)?;
    let inspected = inspect(&component, &request.wasi)?;
    if let Some(state) = &request.state {
        component = apply(&component, state, &memories, request.memory).await?;
    }
    let engine = Engine::new(&compile_config::base(request.memory)).map_err(failed)?;
    let compiled = Component::new(&engine, &component).map_err(failed)?;
    let required = compiled.resources_required();
    let (memories, tables) =
        required.map_or((8, 64), |required| (required.num_memories, required.num_tables));
    let report = CompileReport {
        imports: inspected.imports,
        hooks: inspected.hooks,
        needs: PoolRequirements {
            // The pre-initialized component has one instance more than the original for each that it snapshots.
            instances: inspected.instances.saturating_mul(2),
            memories,
            tables,
        },
    };
    Ok((report, compiled.serialize().map_err(failed)?))
}
