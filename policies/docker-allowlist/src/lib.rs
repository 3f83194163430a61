//! Policy `builtin:docker-allowlist`: rules that say who may call which operations of Docker, on which images, containers,
//! networks and volumes, with which labels. It is what socket proxies are used for. What no rule allows is denied.
//!
//! A rule allows a request as a whole: its users, its operation and every name in it. Options that open the host are
//! refused unless the rule says `host_options = "allow"`, which is for use beside docker-baseline.
//!
//! * [`settings`]: what the operator may write, and `settings::check`, which refuses what could never match
//! * [`operations`]: Docker's operationIds, and groups of them
//! * [`glob`], [`image`]: patterns of names and of image references
//! * [`judge`]: one request against one rule; [`host`]: options that open the host; [`body`]: members of bodies

mod body;
mod glob;
mod host;
mod image;
mod judge;
mod operations;
mod settings;
#[cfg(test)]
mod tests;

use portcullis_policy_sdk::prelude::*;

/// The policy.
#[derive(Debug)]
pub struct Allowlist(Vec<settings::CheckedRule>);

impl Policy for Allowlist {
    type Settings = settings::Settings;

    fn configure(settings: settings::Settings) -> Result<Self, String> {
        settings.check().map(Self)
    }
}

impl DockerRequest for Allowlist {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        Ok(judge::opinion(&self.0, request))
    }
}

export!(Allowlist: docker_request);
