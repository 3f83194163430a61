//! The one place that turns an artifact's bytes into code that runs.

use std::hash::{Hash as _, Hasher};
use std::sync::OnceLock;
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

use crate::compile_config;

/// An artifact whose bytes are known to come from our own compiler: straight from a child of ours, or out of the
/// cache with a MAC that fits.
#[derive(Debug, Clone)]
pub(crate) struct Artifact(Vec<u8>);

impl Artifact {
    /// INVARIANT: `bytes` came from our own child, or from the cache after its MAC was checked over these bytes.
    pub(crate) fn trusted(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The component. Fails where it was made under another configuration.
    #[expect(unsafe_code, reason = "wasmtime cannot check that native code came from its own compiler")]
    pub(crate) fn component(&self, engine: &Engine) -> Result<Component> {
        // SAFETY: `deserialize` wants bytes that `Engine::precompile_component` made and that were not changed since. That
        // is this type's invariant: they were made by our own binary in `build::compile` or `build::prepare`, by a process
        // that ran no guest, and came here through a pipe to that very process or from a file whose HMAC, keyed with a
        // secret of ours, was checked over the same bytes in memory that are used here. The child that runs `configure`
        // has them of the host. Version and configuration are checked by wasmtime itself.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}

/// What wasmtime's version and our configuration come to; artifacts of another one do not load.
pub(crate) fn compatibility() -> [u8; 8] {
    static HASH: OnceLock<[u8; 8]> = OnceLock::new();
    *HASH.get_or_init(|| {
        let Ok(engine) = Engine::new(&compile_config::base(1 << 20)) else { return [0; 8] };
        let mut hash = Stable(0xcbf2_9ce4_8422_2325);
        engine.precompile_compatibility_hash().hash(&mut hash);
        hash.0.to_le_bytes()
    })
}

/// FNV-1a: the same in every process, unlike the standard library's hasher.
struct Stable(u64);

impl Hasher for Stable {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}
