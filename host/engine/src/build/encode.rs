//! A core module that was built with wit-bindgen becomes a component, so that authors need no further tool.

use wasmparser::Parser;
use wit_component::ComponentEncoder;

use super::{Failure, Step};

/// The component in `module`, or made from it.
pub(super) fn encode(module: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if Parser::is_component(&module) {
        return Ok(module);
    }
    if !Parser::is_core_wasm(&module) {
        return Err(Step::Encode.failed("this is not WebAssembly: it begins with other bytes"));
    }
    let component =
        ComponentEncoder::default().validate(false).module(&module).and_then(|mut encoder| encoder.encode());
    component.map_err(|error| {
        Step::Encode.failed(format_args!(
            "this core module does not become a component: {error:#}; it must be built with wit-bindgen against \
             `portcullis:policy`"
        ))
    })
}
