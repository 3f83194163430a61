//! `portcullis policy adapt MODULE OUTPUT`: a core module that a WASI compiler made, e.g. Go's, becomes one that the host
//! takes.
//!
//! Go compiles to `wasip1` alone: the module imports `wasi_snapshot_preview1`, which no policy has, and nothing in it
//! describes the types of its exports. `wasi` replaces the imports by functions in the module that refuse, and `world`
//! adds the types of the hooks that the module exports. Elsewhere this is done by `wasm-tools component embed` and
//! `component new --adapt`; in one core module without an adapter, an instance is cheaper, and it can be pre-initialized.

mod wasi;
mod world;

use std::path::PathBuf;
use wasmparser::{Parser, Validator, WasmFeatures};

use super::print;
use portcullis_server::ServeError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A core module for WASI preview 1, e.g. of `GOOS=wasip1 go build -buildmode=c-shared`
    module: PathBuf,
    /// The policy's module to write
    output: PathBuf,
}

/// Why a module cannot be adapted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AdaptError {
    #[error("it is a component already: the host takes it as it is, or refuses it by name")]
    IsComponent,
    #[error("it is not a WebAssembly module")]
    NotWasm(#[source] wasmparser::BinaryReaderError),
    #[error("it is not a WebAssembly module: it begins with other bytes")]
    OtherBytes,
    #[error("it exports no `{0}`: build it with the policy SDK, as a reactor; in Go, `-buildmode=c-shared`")]
    Missing(&'static str),
    #[error("it exports no hook: import one of the SDK's hook packages; the hooks are {0}")]
    NoHook(String),
    #[error("it exports `{0}`, which this version does not know")]
    UnknownExport(String),
    #[error("it imports `{module}`, `{name}`, which no policy has: build it without it")]
    Import { module: String, name: String },
    #[error("it has {0} memories: WASI's functions need one")]
    Memories(u32),
    #[error("the interfaces in this program cannot be read: {0}")]
    Interfaces(String),
    #[error("it cannot be rewritten: {0}")]
    Rewrite(String),
}

pub(super) fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let failed = |path: &std::path::Path, error: &dyn std::fmt::Display| {
        ServeError::Usage(format!("`{}`: {error}", path.display()))
    };
    let module = std::fs::read(&arguments.module).map_err(|error| failed(&arguments.module, &error))?;
    let adapted =
        adapt(&module).map_err(|error| failed(&arguments.module, &portcullis_errors::chain(&error)))?;
    std::fs::write(&arguments.output, &adapted.module).map_err(|error| failed(&arguments.output, &error))?;
    print(format_args!(
        "{}: {} KiB, for {}",
        arguments.output.display(),
        adapted.module.len() >> 10,
        adapted.hooks.join(", ")
    ));
    Ok(())
}

/// What the host takes.
#[derive(Debug)]
struct Adapted {
    module: Vec<u8>,
    hooks: Vec<String>,
}

/// # Errors
/// The bytes are no core module that was built with an SDK.
fn adapt(module: &[u8]) -> Result<Adapted, AdaptError> {
    if Parser::is_component(module) {
        return Err(AdaptError::IsComponent);
    }
    if !Parser::is_core_wasm(module) {
        return Err(AdaptError::OtherBytes);
    }
    validate(module).map_err(AdaptError::NotWasm)?;
    let outline = wasi::Outline::read(module).map_err(AdaptError::NotWasm)?;
    let world = world::of_exports(&outline.exports)?;
    let mut adapted = wasi::replace(module, &outline)?;
    if !outline.has_types {
        world.embed(&mut adapted)?;
    }
    validate(&adapted).map_err(|error| AdaptError::Rewrite(error.to_string()))?;
    Ok(Adapted { module: adapted, hooks: world.hooks })
}

fn validate(module: &[u8]) -> Result<(), wasmparser::BinaryReaderError> {
    Validator::new_with_features(WasmFeatures::default()).validate_all(module).map(|_| ())
}

#[cfg(test)]
mod tests;
