//! Policy `builtin:docker-leash`: decides by the `groups.yml` and `policies.yml` of docker-leash, unchanged, as its documents
//! say. Where docker-leash does something else than it says, the README has a numbered difference.
//!
//! * [`settings`]: the texts of the two files, and what they say
//! * [`rulesets`]: the files as used: which checks hold for a host, a user and an action
//! * [`actions`]: docker-leash's names of what Docker calls operations
//! * [`pattern`]: regular expressions with `$USER`
//! * [`checks`]: one file for each check

mod actions;
mod checks;
mod pattern;
mod rulesets;
mod settings;
#[cfg(test)]
mod tests;

use portcullis_policy_sdk::prelude::*;

/// The policy.
#[derive(Debug)]
pub struct Leash(rulesets::RuleSets);

impl Policy for Leash {
    type Settings = settings::Settings;

    fn configure(settings: settings::Settings) -> Result<Self, String> {
        rulesets::RuleSets::new(&settings).map(Self)
    }
}

impl DockerRequest for Leash {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        let Some(action) = request.operation.as_deref().and_then(actions::of_operation) else {
            let what = request.operation.as_deref().unwrap_or("this path");
            return Ok(Opinion::deny("unknown-action", format!("docker-leash has no action for `{what}`")));
        };
        let Some(checks) = self.0.checks(request, action) else {
            let reason =
                format!("no ruleset of `policies.yml` is for the host `{}`", checks::cut(&request.daemon));
            return Ok(Opinion::deny("no-ruleset", reason));
        };
        let refusal = checks.iter().find_map(|check| check.refusal(request, checks));
        Ok(refusal.map_or_else(|| Opinion::allow(action), |refusal| refusal.opinion(action)))
    }
}

export!(Leash: docker_request);
