//! The settings.

use portcullis_policy_sdk::prelude::*;

/// What an operator may set.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The label with the owner's name.
    pub(crate) label: String,
    /// The label with a team's name, which users put on what their team may see.
    pub(crate) team_label: String,
    /// Members of teams, by the team's name. Groups of the principal are teams too.
    pub(crate) teams: BTreeMap<String, BTreeSet<String>>,
    /// Users who see everything.
    pub(crate) administrators: BTreeSet<String>,
    /// Groups whose members see everything.
    pub(crate) administrator_groups: BTreeSet<String>,
    /// Whether the gateway's administrators see everything.
    pub(crate) trust_role: bool,
    /// Things that all users see, as `kind/name`.
    pub(crate) shared: BTreeSet<String>,
    /// Whether users may delete images, retag them and prune them: all users share them.
    pub(crate) change_images: bool,
    /// Names of environment variables whose values users do not see; `*` means all.
    pub(crate) hidden_environment: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            label: "io.portcullis.owner".into(),
            team_label: "io.portcullis.team".into(),
            teams: BTreeMap::new(),
            administrators: BTreeSet::new(),
            administrator_groups: BTreeSet::new(),
            trust_role: true,
            shared: ["network/bridge", "network/none", "network/ingress"].map(String::from).into(),
            change_images: false,
            hidden_environment: BTreeSet::new(),
        }
    }
}

impl Settings {
    /// The settings, if they hold.
    pub(crate) fn checked(self) -> Result<Self, String> {
        for (key, label) in [("label", &self.label), ("team_label", &self.team_label)] {
            if label.is_empty() || label.contains(['=', ' ']) {
                return Err(format!("`{key}` is no name of a label: `{label}`"));
            }
        }
        if self.label == self.team_label {
            return Err("`label` and `team_label` are the same: a user could name any owner".into());
        }
        for thing in &self.shared {
            if thing == "network/host" {
                return Err("`network/host` in `shared` would give every user the network of the host".into());
            }
            let kind = thing.split_once('/').map(|(kind, _)| kind);
            if !kind.is_some_and(|kind| crate::OWNED.contains(&kind)) {
                let kinds = crate::OWNED.join("`, `");
                return Err(format!(
                    "`{thing}` in `shared` is no `kind/name`, e.g. `network/proxy`; kinds are `{kinds}`"
                ));
            }
        }
        Ok(self)
    }

    /// Kind and name of what all users see.
    pub(crate) fn shared_things(&self) -> impl Iterator<Item = (String, String)> {
        let things = self.shared.iter().filter_map(|thing| thing.split_once('/'));
        things.map(|(kind, name)| (kind.to_owned(), name.to_owned()))
    }

    /// The teams of a user.
    pub(crate) fn teams_of<'s>(
        &'s self,
        name: &str,
        groups: &'s [String],
    ) -> impl Iterator<Item = &'s String> {
        let named = self.teams.iter().filter(move |(_, members)| members.contains(name));
        named.map(|(team, _)| team).chain(groups)
    }
}
