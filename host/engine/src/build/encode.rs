//! A core module that was built with wit-bindgen becomes a component, so that authors need no further tool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmparser::{Parser, Validator, WasmFeatures};
use wit_component::ComponentEncoder;

use super::{Failure, Step};

/// The component in `module`, or made from it.
pub(super) fn encode(module: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if Parser::is_component(&module) {
        return Ok(module);
    }
    if module.is_empty() {
        return Err(Step::Encode.failed("it is empty"));
    }
    if !Parser::is_core_wasm(&module) {
        return Err(Step::Encode.failed("this is not WebAssembly: it begins with other bytes"));
    }
    Validator::new_with_features(WasmFeatures::default())
        .validate_all(&module)
        .map_err(|error| Step::Encode.failed(format_args!("it does not validate: {error}")))?;
    let made = catch_unwind(AssertUnwindSafe(|| {
        ComponentEncoder::default().validate(false).module(&module).and_then(|mut encoder| encoder.encode())
    }));
    let failed = |error: String| {
        Step::Encode.failed(format_args!(
            "this core module does not become a component: {error}; it must be built with wit-bindgen against \
             `portcullis:policy`"
        ))
    };
    // The encoder panics over what it does not expect.
    made.map_err(|_| failed("what describes its types is damaged".into()))?
        .map_err(|error| failed(format!("{error:#}")))
}
