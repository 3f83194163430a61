//! The one setting that the rules of each hook have, and their cases.

use portcullis_contract::HookName;
use serde_json::{Map, Value, json};

use super::embedded::{TEMPLATES, template};

/// A list of strings in the settings: its key, and one value.
pub(super) fn setting(hook: HookName) -> (&'static str, &'static str) {
    match hook {
        HookName::DockerRequest => ("allowed_registries", "docker.io"),
        HookName::DockerResponse => ("withheld_operations", "SwarmInspect"),
        HookName::DockerEdit => ("owner_labels", "owner"),
        HookName::SecretAccess => ("deleting_roles", "admin"),
        HookName::AwsRoles => ("read_only_accounts", "111111111111"),
    }
}

/// The settings of a policy with these hooks.
pub(super) fn settings(hooks: &[HookName]) -> Value {
    let settings = hooks.iter().map(|hook| {
        let (key, value) = setting(*hook);
        (key.to_owned(), json!([value]))
    });
    Value::Object(settings.collect::<Map<_, _>>())
}

/// The same, as a TOML inline table.
pub(super) fn settings_as_toml(hooks: &[HookName]) -> String {
    let settings: Vec<_> = hooks
        .iter()
        .map(|hook| {
            let (key, value) = setting(*hook);
            format!("{key} = [\"{value}\"]")
        })
        .collect();
    format!("{{ {} }}", settings.join(", "))
}

/// What the policy must decide, as JSON Lines without settings: those that all languages share, unless the language has
/// its own.
pub(super) fn cases(hooks: &[HookName], language: &str) -> String {
    let of_hook = |hook: &HookName| {
        let own = format!("{}/{hook}.jsonl", language.to_lowercase());
        let shared = format!("cases/{hook}.jsonl");
        template(if TEMPLATES.contains(&own) { &own } else { &shared })
    };
    hooks.iter().map(of_hook).collect()
}
