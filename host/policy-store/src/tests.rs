//! What several modules' tests need.

use portcullis_engine::source::Source;
use portcullis_engine::{Hooks, Limits, Mode, PolicySpec};

/// A policy of a file, whose content is already read.
pub(crate) fn spec(name: &str, module: &[u8]) -> PolicySpec {
    PolicySpec {
        name: name.into(),
        source: Source::Stored { from: "policy.wasm".into(), bytes: module.into() },
        sha256: None,
        hooks: Hooks::Exported,
        mode: Mode::Enforce,
        settings: "{}".into(),
        limits: Limits::default(),
        wasi: Vec::new(),
        cases: Vec::new(),
        preinitialize: true,
        record_inputs: false,
    }
}
