//! A mount's policies: each gets the mount's accounts into its settings, where they are pre-initialized with it. A policy of
//! several mounts becomes one policy for each.

use portcullis_config::{ConfigError, Location, SourceFile};
use portcullis_contract::HookName;
use portcullis_engine::source::Source;
use portcullis_engine::{Hooks, PolicySpec};
use portcullis_federation::aws::Account;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::Spanned;

use super::{Mount, durations};

/// Gives every mount its own. `asked` are the policies' names as each mount writes them.
pub(super) fn spread(
    mounts: &mut [Mount],
    asked: &[Vec<Spanned<String>>],
    specs: &mut Vec<PolicySpec>,
    locations: &mut BTreeMap<String, Location>,
    source_file: &SourceFile<'_>,
) -> Result<(), ConfigError> {
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    for name in asked.iter().flatten() {
        *used.entry(name.get_ref()).or_default() += 1;
    }
    let mut made = Vec::new();
    for (mount, names) in mounts.iter_mut().zip(asked) {
        let mut policies: Vec<Arc<str>> = Vec::with_capacity(names.len());
        for name in names {
            let wrong = |message: String| source_file.wrong(&name.span(), message);
            let name = name.get_ref();
            let spec = specs.iter().find(|spec| spec.name == *name);
            let spec = spec.ok_or_else(|| wrong(format!("there is no policy `{name}`")))?;
            let own = if used.get(name.as_str()) == Some(&1) {
                name.clone()
            } else {
                let of = mount.name.strip_prefix('@').unwrap_or(&mount.name);
                format!("{name}@{}", if of.is_empty() { "/" } else { of })
            };
            if policies.iter().any(|other| **other == *own) {
                return Err(wrong(format!("`{name}` stands twice")));
            }
            let is_ours = matches!(&spec.source, Source::Builtin(name, _) if name == "aws-roles");
            let settings = settings(&spec.settings, &mount.accounts, is_ours && mount.metadata.is_some())
                .map_err(|error| wrong(format!("the settings of `{name}`: {error}")))?;
            let hooks = hooks(&spec.hooks).ok_or_else(|| {
                wrong(format!(
                    "`{name}` is listed for other hooks than `{}`: give those an entry of their own",
                    HookName::AwsRoles
                ))
            })?;
            if let Some(location) = locations.get(name).cloned() {
                locations.insert(own.clone(), location);
            }
            policies.push(own.as_str().into());
            made.push(PolicySpec { name: own, settings, hooks, ..spec.clone() });
        }
        mount.policies = policies.into();
    }
    specs.retain(|spec| !used.contains_key(spec.name.as_str()));
    specs.extend(made);
    Ok(())
}

fn hooks(hooks: &Hooks) -> Option<Hooks> {
    match hooks {
        Hooks::Exported => Some(Hooks::Sole(HookName::AwsRoles)),
        Hooks::Listed(listed) if listed.as_slice() == [HookName::AwsRoles] => Some(hooks.clone()),
        Hooks::Listed(_) | Hooks::Sole(_) => None,
    }
}

/// The settings with the accounts, keys in order. For `machines` no duration may be too short.
fn settings(settings: &str, accounts: &BTreeMap<String, Account>, machines: bool) -> Result<String, String> {
    let mut settings: Map<String, Value> =
        serde_json::from_str(settings).map_err(|error| error.to_string())?;
    if let Some(too_short) = durations::too_short(&settings).filter(|_| machines) {
        return Err(too_short);
    }
    let accounts: Map<_, _> = accounts
        .iter()
        .map(|(name, Account { id, partition })| {
            (name.clone(), json!({ "id": id.to_string(), "partition": partition.as_str() }))
        })
        .collect();
    if settings.insert("accounts".into(), accounts.into()).is_some() {
        return Err("`accounts` are the mount's: write `[federation.mounts.accounts]`".into());
    }
    Ok(Value::from(settings).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_go_into_settings_and_never_replace_any() {
        let account = Account { id: "012345678901".parse().unwrap(), partition: "aws-cn".parse().unwrap() };
        let accounts = BTreeMap::from([("prod".to_owned(), account)]);
        let merged = settings(r#"{"single":{"role":"r"},"a":1}"#, &accounts, false).unwrap();
        let wanted =
            r#"{"a":1,"accounts":{"prod":{"id":"012345678901","partition":"aws-cn"}},"single":{"role":"r"}}"#;
        assert_eq!(merged, wanted);
        assert!(settings(r#"{"accounts":{}}"#, &accounts, false).unwrap_err().contains("the mount's"));
    }
}
