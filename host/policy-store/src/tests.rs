//! What several modules' tests need.

use portcullis_engine::PolicySpec;
use portcullis_engine::source::Source;

/// A policy of a file, whose content is already read.
pub(crate) fn spec(name: &str, module: &[u8]) -> PolicySpec {
    PolicySpec::new(name, Source::Stored { from: "policy.wasm".into(), bytes: module.into() })
}
