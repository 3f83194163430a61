//! Policy `builtin:docker-ownership`: behind the gateway, users see and touch what they own, and administrators everything.
//!
//! What is made is labelled with its owner's name by the gateway, over any label of the client's. The gateway answers as
//! if things with another label were not there (hook `docker-edit`); here is refused what labels cannot decide (hook
//! `docker-request`). Nothing is granted: another policy does that. It is no guard of the host: docker-baseline is.

mod refuse;
mod settings;
#[cfg(test)]
mod tests;

use portcullis_policy_sdk::docker_edits::{Edits, Visibility};
use portcullis_policy_sdk::prelude::*;

use settings::Settings;

/// The kinds that have owners. Images are shared by all users of an engine.
const OWNED: [&str; 7] = ["container", "network", "volume", "service", "task", "secret", "config"];

/// The policy.
struct Ownership(Settings);

impl Ownership {
    /// Whether the user sees everything.
    fn is_administrator(&self, request: &docker::Request) -> bool {
        let principal = &request.principal;
        let is_named = principal.name.as_ref().is_some_and(|name| self.0.administrators.contains(name));
        let in_group = principal.groups.iter().any(|group| self.0.administrator_groups.contains(group));
        let has_role =
            principal.attributes.iter().any(|(key, value)| key == "role" && value == "administrator");
        is_named || in_group || (self.0.trust_role && has_role)
    }
}

impl Policy for Ownership {
    type Settings = Settings;
    fn configure(settings: Settings) -> Result<Self, String> {
        settings.checked().map(Self)
    }
}

impl DockerEdit for Ownership {
    fn edit(&self, request: &docker::Request) -> Result<Edits, String> {
        let Some(name) = &request.principal.name else {
            // Sees nothing, and is refused by the other hook.
            return Ok(Edits { visible: Some(visibility(Vec::new(), Vec::new())), ..Edits::default() });
        };
        let owner = (self.0.label.clone(), name.clone());
        let labels = vec![owner.clone()];
        if self.is_administrator(request) {
            return Ok(Edits { labels, ..Edits::default() });
        }
        let team = |team: &String| (self.0.team_label.clone(), team.clone());
        let seen = std::iter::once(owner).chain(self.0.teams_of(name, &request.principal.groups).map(team));
        let visible = visibility(seen.collect(), self.0.shared_things().collect());
        let hidden_environment = self.0.hidden_environment.iter().cloned().collect();
        Ok(Edits { visible: Some(visible), labels, hidden_environment, ..Edits::default() })
    }
}

fn visibility(labels: Pairs, names: Pairs) -> Visibility {
    Visibility { kinds: OWNED.map(String::from).into(), labels, names }
}

impl DockerRequest for Ownership {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        if request.context.api != "docker-gateway" {
            let reason = "docker-ownership works behind the gateway alone: dockerd lets no plugin set labels or hide things";
            return Ok(Opinion::deny("gateway-only", reason));
        }
        let Some(name) = &request.principal.name else {
            return Ok(Opinion::deny("anonymous", "an owner has a name: log in"));
        };
        if self.is_administrator(request) {
            return Ok(Opinion::abstain());
        }
        Ok(refuse::refusal(&self.0, name, request).unwrap_or_else(Opinion::abstain))
    }
}

export!(Ownership: docker_request, docker_edit);
