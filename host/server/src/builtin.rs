//! The policies that are part of the program, by name. Their source is in `policies/`.

use portcullis_engine::source::Source;

/// Name and module of each.
const BUILTIN: [(&str, &[u8]); 9] = [
    ("allow", include_bytes!("../../../policies/prebuilt/allow.wasm")),
    ("aws-roles", include_bytes!("../../../policies/prebuilt/aws-roles.wasm")),
    ("barbican-acl", include_bytes!("../../../policies/prebuilt/barbican-acl.wasm")),
    ("cedar", include_bytes!("../../../policies/prebuilt/cedar.wasm")),
    ("docker-allowlist", include_bytes!("../../../policies/prebuilt/docker-allowlist.wasm")),
    ("docker-baseline", include_bytes!("../../../policies/prebuilt/docker-baseline.wasm")),
    ("docker-leash", include_bytes!("../../../policies/prebuilt/docker-leash.wasm")),
    ("docker-ownership", include_bytes!("../../../policies/prebuilt/docker-ownership.wasm")),
    ("rego", include_bytes!("../../../policies/prebuilt/rego.wasm")),
];

/// The policy of that name.
///
/// # Errors
/// A message that names those that exist.
pub fn find(name: &str) -> Result<Source, String> {
    let found = BUILTIN.iter().find(|(builtin, _)| *builtin == name);
    found.map(|(name, module)| Source::Builtin((*name).to_owned(), (*module).into())).ok_or_else(|| {
        let known = BUILTIN.map(|(name, _)| format!("`builtin:{name}`")).join(", ");
        format!("there is no `builtin:{name}`; there are {known}")
    })
}
