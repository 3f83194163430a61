//! The operator's policies: parsed, named, and validated against the schema.

use cedar_policy::{
    Effect, EntityUid, Policy, PolicyId, PolicySet, Schema, ValidationMode, ValidationWarning, Validator,
};
use miette::Diagnostic;
use portcullis_policy_sdk::prelude::*;

use crate::{limits, place};

/// The host's own limit for the name of a rule.
const RULE_BYTES: usize = 64;

/// What the host is told of a policy.
pub(crate) struct Rule {
    /// In the order of the texts.
    pub(crate) position: usize,
    pub(crate) name: String,
    pub(crate) reason: Option<String>,
    pub(crate) effect: Effect,
    file: String,
}

/// The policies of all files.
pub(crate) struct Policies {
    pub(crate) set: PolicySet,
    pub(crate) rules: BTreeMap<PolicyId, Rule>,
}

impl Policies {
    /// Parses and validates the texts.
    pub(crate) fn new(files: &BTreeMap<String, String>, schema: &Schema) -> Result<Self, String> {
        let mut policies = Self { set: PolicySet::new(), rules: BTreeMap::new() };
        for (file, text) in files {
            policies.add(file, text)?;
        }
        if policies.rules.is_empty() {
            return Err("the texts have no policies: without any, nothing is permitted or forbidden".into());
        }
        policies.validate(files, schema)?;
        Ok(policies)
    }

    fn add(&mut self, file: &str, text: &str) -> Result<(), String> {
        limits::check(file, text)?;
        let parsed: PolicySet =
            text.parse().map_err(|error| told(file, text, [&error as &dyn Diagnostic]))?;
        if let Some(template) = parsed.templates().next() {
            let at = text.find(&template.to_cedar()).unwrap_or(0);
            return Err(wrong(file, text, at, "a template (`?principal`, `?resource`) has no values here"));
        }
        let mut in_order: Vec<_> = parsed.policies().collect();
        in_order.sort_by_key(|policy| number(policy.id()));
        let mut from = 0;
        for policy in in_order {
            let source = policy.to_cedar().unwrap_or_default();
            let at = text[from..].find(&source).map_or(from, |found| from + found);
            from = at + source.len().min(text.len() - at);
            let line = text[..at].matches('\n').count() + 1;
            let name = match policy.annotation("id") {
                None => unnamed(file, line),
                Some(name) if is_rule(name) => name.to_owned(),
                Some(name) => {
                    let what = format!(
                        "`@id({name:?})` is no name of a rule: 1 to {RULE_BYTES} characters of `a-z 0-9 . _ : -`"
                    );
                    return Err(wrong(file, text, at, &what));
                }
            };
            let id = PolicyId::new(&name);
            let rule = Rule {
                position: self.rules.len(),
                reason: policy.annotation("reason").filter(|reason| !reason.is_empty()).map(str::to_owned),
                effect: policy.effect(),
                file: file.to_owned(),
                name,
            };
            if let Some(other) = self.rules.get(&id) {
                let what = format!("there is a policy `{id}` in `{}` already", other.file);
                return Err(wrong(file, text, at, &what));
            }
            self.set.add(policy.new_id(id.clone())).map_err(|error| place::chain(&error))?;
            self.rules.insert(id, rule);
        }
        Ok(())
    }

    /// Refuses what does not fit the schema, and policies that can never apply: a `forbid` of that kind forbids nothing.
    fn validate(&self, files: &BTreeMap<String, String>, schema: &Schema) -> Result<(), String> {
        let result = Validator::new(schema.clone()).validate(&self.set, ValidationMode::Strict);
        let mut wrong: BTreeMap<&str, Vec<&dyn Diagnostic>> = BTreeMap::new();
        let file = |id: &PolicyId| self.rules.get(id).map_or("", |rule| rule.file.as_str());
        for error in result.validation_errors() {
            wrong.entry(file(error.policy_id())).or_default().push(error);
        }
        // Where there are errors they are the reason, e.g. an action that does not exist.
        let are_errors = !wrong.is_empty();
        for warning in result.validation_warnings() {
            match warning {
                ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_) => {
                    if !are_errors {
                        wrong.entry(file(warning.policy_id())).or_default().push(warning);
                    }
                }
                other => log::warn(&other.to_string()),
            }
        }
        let Some((file, errors)) = wrong.into_iter().next() else { return Ok(()) };
        Err(told(file, files.get(file).map_or("", String::as_str), errors))
    }

    /// Entities that the texts name.
    pub(crate) fn literals(&self) -> BTreeSet<EntityUid> {
        self.set.policies().flat_map(Policy::entity_literals).collect()
    }
}

fn told<'a>(file: &str, text: &str, errors: impl IntoIterator<Item = &'a dyn Diagnostic>) -> String {
    format!("the Cedar text:{}", place::describe(file, text, errors))
}

fn wrong(file: &str, text: &str, at: usize, what: &str) -> String {
    format!("the Cedar text:{}\nerror: {what}", place::excerpt(file, text, at, 1))
}

/// Cedar numbers the policies of a text: `policy0`, `policy1`, ...
fn number(id: &PolicyId) -> usize {
    let id: &str = id.as_ref();
    id.trim_start_matches("policy").parse().unwrap_or(usize::MAX)
}

fn is_rule(name: &str) -> bool {
    (1..=RULE_BYTES).contains(&name.len()) && name.bytes().all(is_of_a_rule)
}

fn is_of_a_rule(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-')
}

/// File and line, e.g. `house.cedar:12`.
fn unnamed(file: &str, line: usize) -> String {
    let file = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
    let clean: String = file
        .chars()
        .map(|one| u8::try_from(one).ok().filter(|byte| is_of_a_rule(*byte)).map_or('_', char::from))
        .collect();
    let line = format!(":{line}");
    let from = clean.len().saturating_sub(RULE_BYTES - line.len());
    format!("{}{line}", &clean[from..])
}
