//! Write a Portcullis policy in Rust, in one short file:
//!
//! ```
//! use portcullis_policy_sdk::prelude::*;
//!
//! /// What the operator writes under `settings`.
//! #[derive(Deserialize)]
//! struct Settings {
//!     allowed_registries: BTreeSet<String>,
//! }
//!
//! struct Registries(Settings);
//!
//! impl Policy for Registries {
//!     type Settings = Settings;
//!     fn configure(settings: Settings) -> Result<Self, String> {
//!         Ok(Self(settings))
//!     }
//! }
//!
//! impl DockerRequest for Registries {
//!     fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
//!         let Some(image) = request.workload.as_ref().and_then(|workload| workload.image.as_ref()) else {
//!             return Ok(Opinion::abstain());
//!         };
//!         if self.0.allowed_registries.contains(&image.domain) {
//!             return Ok(Opinion::abstain());
//!         }
//!         Ok(Opinion::deny("registry", format!("images from `{}` may not be run", image.domain)))
//!     }
//! }
//!
//! export!(Registries: docker_request);
//! ```
//!
//! Built for `wasm32-unknown-unknown` as a `cdylib` that is all: the host turns the module into a component
//! itself. Natively the same crate is an ordinary library, so `cargo test` needs no WebAssembly: every input has
//! a `Default`, and [`parse`] reads settings as the host hands them over.
//!
//! What the SDK does for a policy: settings are read once, in `configure`, and a key that no field takes is
//! refused by its name; a call without settings is denied with the rule `unconfigured`; the text of a panic is
//! logged before the trap.
//!
//! Use ordered maps for what comes from requests: a sandbox has no randomness, so the seed of a `HashMap` is
//! known to everybody, and keys that collide can be chosen.
//!
//! * [`Policy`] and the hooks [`DockerRequest`], [`DockerResponse`], [`DockerEdit`], [`SecretAccess`], [`AwsRoles`]
//! * [`MakeOpinion`]: `Opinion::allow`, `deny`, `abstain`
//! * [`log`]: lines for the host's log
//! * [`cases`]: a file of cases, asked in a unit test
//! * [`export!`]: the one macro

mod hooks;
mod opinion;
mod settings;
mod state;

#[doc(hidden)]
pub mod bindings;
#[cfg(not(target_family = "wasm"))]
pub mod cases;
pub mod log;

pub use hooks::{AwsRoles, DockerEdit, DockerRequest, DockerResponse, Policy, SecretAccess};
pub use opinion::MakeOpinion;
pub use portcullis_contract::types::{Opinion, Verdict};
pub use portcullis_contract::{Pairs, aws, docker, docker_edits, secrets, types};
pub use settings::parse;
#[doc(hidden)]
pub use state::State;

/// What nearly every policy needs.
pub mod prelude {
    pub use crate::export;
    pub use crate::log;
    pub use crate::{AwsRoles, DockerEdit, DockerRequest, DockerResponse, MakeOpinion, Policy, SecretAccess};
    pub use crate::{Opinion, Pairs, Verdict, aws, docker, docker_edits, secrets, types};
    pub use serde::Deserialize;
    pub use std::collections::{BTreeMap, BTreeSet};
}

/// Makes a policy the module's exports: `export!(MyPolicy: docker_request, secret_access);` with any subset of
/// `docker_request`, `docker_response`, `docker_edit`, `secret_access`, `aws_roles`.
///
/// Outside WebAssembly it only checks that the policy has those hooks.
#[macro_export]
macro_rules! export {
    ($policy:ty: $($hook:ident),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unreachable_pub)]
        mod portcullis_exports {
            use super::*;

            static STATE: $crate::State<$policy> = $crate::State::new();
            struct Exported;

            impl $crate::bindings::lifecycle::Guest for Exported {
                fn configure(settings: String) -> Result<(), String> {
                    STATE.configure(settings)
                }
            }
            $crate::bindings::lifecycle::world::export_lifecycle!(Exported with_types_in $crate::bindings::lifecycle::world);
            $($crate::__export_hook!($hook);)+
        }
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = { $($crate::bindings::$hook::check::<$policy>();)+ };
    };
}
