//! What the operator may write, and the form in which decisions use it.
//!
//! ```toml
//! [[policies.settings.rules]]
//! name = "ci"                                  # stands in records and refusals
//! users = ["ci-runner", "group:ci"]            # or "*" (all), or "anonymous" (without a name)
//! operations = ["read", "run", "ImageCreate"]  # groups and operationIds of Docker
//! images = ["docker.io/library/*", "registry.example.org/team/**:v*", "alpine@sha256:..."]
//! containers = ["ci-*"]                        # names; `${user}` is the name of the user
//! networks = ["bridge", "ci-*"]
//! volumes = ["ci-*"]
//! services = []                                # also `secrets` and `configs`
//! labels = { owner = "${user}" }               # of what is made, and of what exists
//! host_options = "refuse"                      # or "allow", beside docker-baseline
//! unresolved_ids = "refuse"                    # or "allow": full ids pass where names are judged
//! ```
//!
//! A key that narrows and is left out does not narrow. [`check`] refuses entries that could never match.

mod check;

use crate::glob::Glob;
use crate::image::ImagePattern;
use portcullis_policy_sdk::prelude::*;
use portcullis_policy_sdk::types::Principal;

/// As written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Each allows something.
    pub rules: Vec<Rule>,
}

/// One rule, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rule {
    pub name: String,
    pub users: Vec<String>,
    pub operations: Vec<String>,
    pub images: Option<Vec<String>>,
    pub containers: Option<Vec<String>>,
    pub networks: Option<Vec<String>>,
    pub volumes: Option<Vec<String>>,
    pub services: Option<Vec<String>>,
    pub secrets: Option<Vec<String>>,
    pub configs: Option<Vec<String>>,
    pub labels: BTreeMap<String, String>,
    pub host_options: Switch,
    pub unresolved_ids: Switch,
}

/// Whether something is allowed that is refused by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    #[default]
    Refuse,
    Allow,
}

/// One rule, as used.
#[derive(Debug)]
pub(crate) struct CheckedRule {
    pub(crate) name: String,
    users: Vec<Who>,
    operations: BTreeSet<&'static str>,
    pub(crate) images: Option<Vec<ImagePattern>>,
    /// By the kind of a target. A kind that is not in it is not narrowed.
    pub(crate) names: BTreeMap<&'static str, Vec<Glob>>,
    pub(crate) labels: BTreeMap<String, Glob>,
    pub(crate) host_options: Switch,
    pub(crate) unresolved_ids: Switch,
}

/// An entry of `users`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Everybody,
    Anonymous,
    User(String),
    Group(String),
}

impl Who {
    fn is(&self, principal: &Principal) -> bool {
        match self {
            Self::Everybody => true,
            Self::Anonymous => principal.name.is_none(),
            Self::User(user) => principal.name.as_ref() == Some(user),
            Self::Group(group) => principal.groups.contains(group),
        }
    }
}

impl CheckedRule {
    /// Whether the rule is about this principal.
    pub(crate) fn is_for(&self, principal: &Principal) -> bool {
        self.users.iter().any(|who| who.is(principal))
    }

    /// Whether the rule allows this operation, on what its other keys name.
    pub(crate) fn has(&self, operation: &str) -> bool {
        self.operations.contains(operation)
    }
}
