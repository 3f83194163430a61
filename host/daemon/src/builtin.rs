//! The policies that are part of the program, by name. Their source is in `policies/`.

use portcullis_engine::source::Source;

/// Name and module of each.
const BUILTIN: [(&str, &[u8]); 2] = [
    ("allow", include_bytes!("../../../policies/prebuilt/allow.wasm")),
    ("docker-baseline", include_bytes!("../../../policies/prebuilt/docker-baseline.wasm")),
];

/// The policy of that name.
pub(crate) fn find(name: &str) -> Option<Source> {
    BUILTIN
        .iter()
        .find(|(builtin, _)| *builtin == name)
        .map(|(name, module)| Source::Builtin((*name).to_owned(), (*module).into()))
}

/// Every name there is, for messages.
pub(crate) fn names() -> String {
    BUILTIN.map(|(name, _)| format!("`builtin:{name}`")).join(", ")
}
