//! Policy `builtin:docker-baseline`: a guard in front of the Docker daemon. It denies what would let a caller
//! leave the container and take the host. Of everything else it abstains, so that another policy must grant, or allows
//! it where `otherwise = "allow"` says so.
//!
//! It judges facts that the host has read as dockerd reads them, and values, not presence: `Privileged: false`
//! and `CapAdd: null` are nothing to it. What it does not know it refuses. Symbolic links are not followed: a
//! link inside an allowed directory can point out of it, so allow only directories that callers cannot write.
//!
//! * [`settings`]: what the operator may write
//! * [`rule`]: the rules by name, and who is excepted from which
//! * [`judge`]: one question, and the checks in their order
//! * [`operations`], [`isolation`], [`mounts`]: the checks

pub mod rule;
pub mod settings;

mod isolation;
mod judge;
mod mounts;
mod operations;
mod paths;

use portcullis_policy_sdk::prelude::*;

/// The policy.
#[derive(Debug)]
pub struct Baseline(settings::Checked);

impl Policy for Baseline {
    type Settings = settings::Settings;

    fn configure(settings: settings::Settings) -> Result<Self, String> {
        settings.check().map(Self)
    }
}

impl DockerRequest for Baseline {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        Ok(judge::Judge::new(&self.0, request).opinion())
    }
}

export!(Baseline: docker_request);

#[cfg(test)]
mod tests;
