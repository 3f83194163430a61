//! What the operator writes, and the texts and data that it comes to.

use portcullis_policy_sdk::prelude::*;
use serde_json::{Map, Value};

use crate::bundle;
use crate::query::Queries;

/// The settings.
#[derive(Deserialize)]
pub(crate) struct Settings {
    /// The text of one file, which is called `policy.rego` in errors.
    rego: Option<String>,
    /// Texts by file name.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// An OPA bundle: the texts of its files by path.
    #[serde(default)]
    bundle: BTreeMap<String, String>,
    /// What the text finds under `data`.
    #[serde(default)]
    data: Map<String, Value>,
    /// AWS accounts of the mount, which the host adds: `data.accounts`.
    accounts: Option<Value>,
    pub(crate) query: Option<Queries>,
    #[serde(default)]
    pub(crate) input: InputShape,
    #[serde(default)]
    pub(crate) dialect: Dialect,
    #[serde(default)]
    pub(crate) engine: Engine,
    pub(crate) builtin_errors: Option<BuiltinErrors>,
}

/// What `input` is on the hook `docker-request`.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InputShape {
    /// The facts of `wit/`, as in cases.
    #[default]
    Facts,
    /// As opa-docker-authz makes it.
    OpaDockerAuthz,
}

/// Of files that do not say `import rego.v1`.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dialect {
    /// OPA 1.0: `if` and `contains` are keywords.
    #[default]
    V1,
    /// Before.
    V0,
}

/// How Rego is evaluated.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Engine {
    /// Walks the syntax tree.
    #[default]
    Tree,
    /// regorus's register machine.
    Register,
}

/// What happens where a function cannot take its arguments, e.g. `to_number("x")`.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BuiltinErrors {
    /// The decision is a fault, and so a refusal.
    Fault,
    /// The expression is undefined, as in OPA.
    Undefined,
}

/// Rego texts by file name, and data.
pub(crate) struct Sources {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) data: Map<String, Value>,
}

impl Settings {
    /// Whether functions that cannot take their arguments are faults. Where OPA's own policies run unchanged, they mean
    /// what they mean there.
    pub(crate) fn has_strict_builtins(&self) -> bool {
        let default = match self.input {
            InputShape::Facts => BuiltinErrors::Fault,
            InputShape::OpaDockerAuthz => BuiltinErrors::Undefined,
        };
        self.builtin_errors.unwrap_or(default) == BuiltinErrors::Fault
    }

    /// Every text and all data.
    pub(crate) fn sources(&mut self) -> Result<Sources, String> {
        let mut files = std::mem::take(&mut self.files);
        let mut data = Map::new();
        if let Some(text) = self.rego.take()
            && files.insert("policy.rego".to_owned(), text).is_some()
        {
            return Err("`files` has `policy.rego`, which is what the text of `rego` is called".into());
        }
        for (name, text) in bundle::read(std::mem::take(&mut self.bundle), &mut data)? {
            if files.insert(name.clone(), text).is_some() {
                return Err(format!("`bundle` and `files` both have `{name}`"));
            }
        }
        for (key, value) in std::mem::take(&mut self.data) {
            if data.insert(key.clone(), value).is_some() {
                return Err(format!("`bundle` and `data` both have `{key}`"));
            }
        }
        if let Some(accounts) = self.accounts.take()
            && data.insert("accounts".to_owned(), accounts).is_some()
        {
            return Err("`data` has `accounts`, where the accounts of the mount are".into());
        }
        if files.is_empty() {
            return Err("there is no Rego: write it as `rego = \"...\"`, or name files in \
                        `settings_files = { files = [\"policy.rego\"] }`"
                .into());
        }
        Ok(Sources { files, data })
    }
}
