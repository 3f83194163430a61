//! Policy `builtin:docker-baseline`: a guard in front of the Docker daemon. It denies what would let a caller
//! leave the container and take the host. Of everything else it abstains, so that another policy must grant, or allows
//! it where `otherwise = "allow"` says so.
//!
//! It judges facts that the host has read as dockerd reads them, and values, not presence: `Privileged: false`
//! and `CapAdd: null` are nothing to it. What it does not know it refuses. It follows no symbolic links: unless the
//! host does (`host_root`), a link inside an allowed directory can point out of it.
//!
//! A refusal names the setting that opens what is refused, and `src/tests/advice.rs` follows each.
//!
//! * [`settings`]: what the operator may write
//! * [`rule`]: the rules by name, and who is excepted from which
//! * [`judge`]: one question, and how it is refused
//! * [`operations`], [`isolation`], [`mounts`], [`networks`], [`host_path`], [`hardening`]: the checks, in their order

pub mod rule;
pub mod settings;

mod hardening;
mod host_path;
mod isolation;
mod judge;
mod mounts;
mod networks;
mod operations;
mod paths;
mod quote;
mod sockets;

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
        let judge = judge::Judge::new(&self.0, request);
        Ok(judge.opinion(check(&judge)))
    }
}

/// Every check. The first that refuses decides. What a path is named for is judged before the path.
fn check(judge: &judge::Judge<'_>) -> judge::Check {
    operations::check(judge)?;
    if let Some(workload) = &judge.request.workload {
        isolation::check(judge, workload)?;
        mounts::check(judge, workload)?;
    }
    mounts::volume(judge)?;
    networks::check(judge)?;
    host_path::check(judge)?;
    hardening::check(judge)
}

export!(Baseline: docker_request);

#[cfg(test)]
mod tests;
