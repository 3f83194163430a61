//! Checks of the settings that serde cannot make: what is malformed, and entries that no request could ever match.

use super::{CheckedRule, Rule, Settings, Switch, Who};
use crate::glob::{Glob, USER};
use crate::image::ImagePattern;
use crate::operations::{self, Class};
use std::collections::{BTreeMap, BTreeSet};

/// Operations that make images which `images` cannot judge: what is in the archive, no policy sees.
const UNSEEN_IMAGES: [&str; 2] = ["ImageBuild", "ImageLoad"];
/// The longest name of a rule, as the contract has it.
const MAX_NAME: usize = 64;

impl Settings {
    /// Checks what serde cannot.
    pub(crate) fn check(self) -> Result<Vec<CheckedRule>, String> {
        if self.rules.is_empty() {
            return Err(
                "there is no rule, so that nothing could be allowed; write a `[[policies.settings.rules]]` with \
                 `name`, `users` and `operations`"
                    .into(),
            );
        }
        let mut names = BTreeSet::new();
        for rule in &self.rules {
            name(&rule.name)?;
            if !names.insert(rule.name.clone()) {
                return Err(format!("`rules`: two have the name `{}`", rule.name));
            }
        }
        self.rules.into_iter().map(checked).collect()
    }
}

fn checked(rule: Rule) -> Result<CheckedRule, String> {
    let name = rule.name.clone();
    checked_rule(rule).map_err(|error| format!("rule `{name}`: {error}"))
}

fn checked_rule(rule: Rule) -> Result<CheckedRule, String> {
    let users = listed("users", &rule.users, who)?;
    let entries = listed("operations", &rule.operations, |entry| operation(entry, &rule))?;
    let operations: BTreeSet<_> = entries.into_iter().flatten().collect();
    let uses_user = |text: &str| text.contains(USER) && users.iter().all(|who| *who == Who::Anonymous);
    let never_user = || format!("`{USER}` never matches, since `users` has only clients without a name");
    let concerned = |key: &str, kind: &str| {
        let found = operations.iter().any(|operation| operations::names_kind(operation, kind));
        found.then_some(()).ok_or_else(|| {
            format!("`{key}` is never looked up: none of `operations` names such a thing; leave it out")
        })
    };
    let mut images = None;
    if let Some(entries) = &rule.images {
        concerned("images", "image")?;
        let read =
            |entry: &str| if uses_user(entry) { Err(never_user()) } else { ImagePattern::parse(entry) };
        images = Some(listed("images", entries, read)?);
    }
    let mut names = BTreeMap::new();
    for (key, kind, entries) in [
        ("containers", "container", &rule.containers),
        ("networks", "network", &rule.networks),
        ("volumes", "volume", &rule.volumes),
        ("services", "service", &rule.services),
        ("secrets", "secret", &rule.secrets),
        ("configs", "config", &rule.configs),
    ] {
        let Some(entries) = entries else { continue };
        concerned(key, kind)?;
        let read =
            |entry: &str| if uses_user(entry) { Err(never_user()) } else { Glob::parse(entry, is_of_name) };
        names.insert(kind, listed(key, entries, read)?);
    }
    let mut labels = BTreeMap::new();
    for (label, value) in &rule.labels {
        if label.is_empty() || label.contains(['=', ' ']) {
            return Err(format!("`labels`: `{label}` is no name of a label; write one such as `owner`"));
        }
        if uses_user(value) {
            return Err(format!("`labels.{label}`: {}", never_user()));
        }
        let value = Glob::parse(value, |_| true).map_err(|error| format!("`labels.{label}`: {error}"))?;
        labels.insert(label.clone(), value);
    }
    let Rule { name, host_options, unresolved_ids, .. } = rule;
    Ok(CheckedRule { name, users, operations, images, names, labels, host_options, unresolved_ids })
}

/// Reads a list, which has to have entries.
fn listed<T>(
    key: &str,
    entries: &[String],
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    if entries.is_empty() {
        return Err(format!("`{key}` has no entry, so that the rule never matches; write at least one"));
    }
    let read = |entry: &String| read(entry).map_err(|error| format!("`{key}`: `{entry}`: {error}"));
    entries.iter().map(read).collect()
}

fn name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._:-".contains(&byte);
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
        return Err(format!(
            "`rules`: `{name}` is no name of a rule; write up to {MAX_NAME} of the characters `a-z 0-9 . _ : -`"
        ));
    }
    Ok(())
}

fn who(entry: &str) -> Result<Who, String> {
    match (entry, entry.strip_prefix("group:")) {
        ("*", _) => Ok(Who::Everybody),
        ("anonymous", _) => Ok(Who::Anonymous),
        ("", _) | (_, Some("")) => {
            Err("it names no user; write a name, `group:NAME`, `anonymous` or `*`".to_owned())
        }
        (_, Some(group)) => Ok(Who::Group(group.to_owned())),
        (user, None) => Ok(Who::User(user.to_owned())),
    }
}

fn operation(entry: &str, rule: &Rule) -> Result<Vec<&'static str>, String> {
    let Some(found) = operations::of_entry(entry) else {
        let groups: Vec<_> = operations::groups().collect();
        return Err(format!(
            "there is no such operation; write an operationId of Docker, e.g. `ContainerCreate`, or one of the groups {}",
            groups.join(", ")
        ));
    };
    if operations::class(entry) == Some(Class::Host) && rule.host_options == Switch::Refuse {
        return Err(
            "it gives power over the host, so that this rule never allows it; write `host_options = \"allow\"`, and \
             let docker-baseline judge it"
                .into(),
        );
    }
    if rule.images.is_some() && UNSEEN_IMAGES.contains(&entry) {
        return Err(
            "what is in an archive is not seen, so that `images` cannot judge it and this rule never allows it; write \
             a rule of its own without `images`"
                .into(),
        );
    }
    Ok(found)
}

/// The characters of names: of containers, volumes and networks, and of swarm's objects.
fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}
