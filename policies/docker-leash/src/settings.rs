//! The texts of `groups.yml` and `policies.yml`, and what they say.
//!
//! ```toml
//! [[policies]]
//! name           = "docker-leash"
//! module         = "builtin:docker-leash"
//! settings_files = { groups = "groups.yml", policies = "policies.yml" }
//! ```

use portcullis_policy_sdk::prelude::*;
use serde::de::DeserializeOwned;

/// As written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The text of `groups.yml`.
    pub groups: String,
    /// The text of `policies.yml`.
    pub policies: String,
}

/// A ruleset of `policies.yml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRuleSet {
    #[serde(rename = "description")]
    _description: Option<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) default: RawChecks,
    pub(crate) policies: Option<Vec<RawPolicy>>,
}

/// A policy of a ruleset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPolicy {
    #[serde(rename = "description")]
    _description: Option<String>,
    pub(crate) members: Texts,
    pub(crate) rules: BTreeMap<String, RawChecks>,
}

/// `Allow`, `{ContainerName: ...}`, or a list of both.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum RawChecks {
    Name(String),
    WithArguments(BTreeMap<String, Texts>),
    List(Vec<RawChecks>),
}

impl RawChecks {
    /// Each check and its arguments.
    pub(crate) fn each(&self) -> Vec<(&str, &[String])> {
        match self {
            Self::Name(name) => vec![(name, &[])],
            Self::WithArguments(checks) => {
                checks.iter().map(|(name, arguments)| (name.as_str(), arguments.each())).collect()
            }
            Self::List(list) => list.iter().flat_map(Self::each).collect(),
        }
    }
}

/// One text, several, or none.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(from = "Option<OneOrMany>")]
pub(crate) struct Texts(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<Option<OneOrMany>> for Texts {
    fn from(texts: Option<OneOrMany>) -> Self {
        Self(match texts {
            None => Vec::new(),
            Some(OneOrMany::One(text)) if text.is_empty() => Vec::new(),
            Some(OneOrMany::One(text)) => vec![text],
            Some(OneOrMany::Many(texts)) => texts,
        })
    }
}

impl Texts {
    pub(crate) fn each(&self) -> &[String] {
        &self.0
    }
}

impl Settings {
    pub(crate) fn groups(&self) -> Result<BTreeMap<String, Texts>, String> {
        if self.groups.trim().is_empty() {
            return Ok(BTreeMap::new());
        }
        read("groups", &self.groups)
    }

    pub(crate) fn rule_sets(&self) -> Result<Vec<RawRuleSet>, String> {
        if self.policies.trim().is_empty() {
            return Err("there is no ruleset: name docker-leash's files in `settings_files = { groups = \"groups.yml\", \
                        policies = \"policies.yml\" }`"
                .into());
        }
        let sets: Vec<RawRuleSet> = read("policies", &self.policies)?;
        if sets.is_empty() {
            return Err("`policies` has no ruleset, so that nothing would be allowed".into());
        }
        Ok(sets)
    }
}

fn read<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| format!("`{key}`: {}", error.without_snippet().to_string().replace('\n', " ")))
}
