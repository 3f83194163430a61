//! How a granted session is to be.

use portcullis_policy_sdk::aws;
use std::collections::{BTreeMap, BTreeSet};

use crate::duration::Seconds;
use crate::limits;
use crate::settings::Settings;
use crate::template::{Facts, Template};
use crate::window::Window;

/// What a rule says of its sessions, with the defaults of the policy where it says nothing.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the names are those of AWS and of the contract")]
pub(crate) struct Session {
    pub(crate) duration: Option<Seconds>,
    pub(crate) session_name: Option<Template>,
    pub(crate) source_identity: Option<Template>,
    pub(crate) tags: BTreeMap<String, Template>,
    pub(crate) session_policy: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) when: Option<Window>,
    pub(crate) reason: Option<String>,
}

/// What holds for every rule that does not say otherwise.
#[derive(Debug)]
pub(crate) struct Defaults {
    duration: Option<Seconds>,
    durations: BTreeMap<String, Seconds>,
    session_name: Option<Template>,
    source_identity: Option<Template>,
    tags: BTreeMap<String, Template>,
}

impl Defaults {
    /// Out of the settings. Not every rule is found by a group, so none can be in a default.
    pub(crate) fn take(settings: &mut Settings) -> Result<Self, String> {
        let template = |name: &str, template: Option<Template>| match template {
            Some(template) if template.names_group() => Err(format!(
                "`{name}`: `{{group}}` has its place in rules that are found by a group, not in a default"
            )),
            template => Ok(template),
        };
        let tags = std::mem::take(&mut settings.tags).into_iter();
        Ok(Self {
            duration: settings.duration.take(),
            durations: std::mem::take(&mut settings.durations),
            session_name: template("session_name", settings.session_name.take().map(|own| own.0))?,
            source_identity: template("source_identity", settings.source_identity.take().map(|own| own.0))?,
            tags: tags
                .map(|(key, value)| {
                    let name = format!("tags.{key}");
                    Ok((key, template(&name, Some(value.0))?))
                })
                .filter_map(|tag| tag.map(|(key, value)| value.map(|value| (key, value))).transpose())
                .collect::<Result<_, String>>()?,
        })
    }

    fn duration(&self, role: &str) -> Option<Seconds> {
        self.durations.get(role).copied().or(self.duration)
    }
}

impl Session {
    /// Adds the defaults, and checks what its parts cannot know alone. `place` is the rule's, for errors; `grouped`
    /// says whether a group always finds it.
    pub(crate) fn complete(
        mut self,
        place: &str,
        grouped: bool,
        defaults: &Defaults,
    ) -> Result<Self, String> {
        self.session_name = self.session_name.or_else(|| defaults.session_name.clone());
        self.source_identity = self.source_identity.or_else(|| defaults.source_identity.clone());
        for (key, value) in &defaults.tags {
            if !self.tags.keys().any(|own| own.eq_ignore_ascii_case(key)) {
                self.tags.insert(key.clone(), value.clone());
            }
        }
        self.check_tags(place)?;
        let templates = self.session_name.iter().chain(&self.source_identity).chain(self.tags.values());
        if !grouped && templates.into_iter().any(Template::names_group) {
            return Err(format!(
                "`{place}`: `{{group}}` is known only where a group finds the rule; name groups and no users in it"
            ));
        }
        Ok(self)
    }

    /// Keys are one to AWS in any case (STS API reference, `Tag`).
    fn check_tags(&self, place: &str) -> Result<(), String> {
        let mut known = BTreeSet::new();
        for key in self.tags.keys() {
            if !limits::is_tag_key(key) {
                return Err(format!(
                    "`{place}`: `{key}` is no key of a tag: 1 to 128 letters, digits, spaces and `_.:/=+-@`, and not \
                     `aws:` before it"
                ));
            }
            if !known.insert(key.to_lowercase()) {
                return Err(format!("`{place}`: the tag `{key}` is there twice, in different case"));
            }
        }
        if known.len() > limits::TAGS {
            return Err(format!(
                "`{place}`: {} tags, and a session has at most {}",
                known.len(),
                limits::TAGS
            ));
        }
        Ok(())
    }

    /// The grant, or why it is not made: a fact is missing, or AWS would not take it. A grant without its source
    /// identity or a tag could be a wider one. A session's name narrows nothing, and the host can make one itself.
    pub(crate) fn grant(
        &self,
        facts: &Facts<'_>,
        defaults: &Defaults,
        reason: impl FnOnce() -> String,
    ) -> Result<aws::Grant, String> {
        let fill = |what: &str, template: &Template, fits: fn(&str) -> bool| match template.fill(facts) {
            Ok(filled) if fits(&filled) => Ok(filled),
            Ok(_) => Err(format!("the {what} would have characters or a length that AWS refuses")),
            Err(fact) => Err(format!("the {what} needs `{{{fact}}}`, which is not known or not one value")),
        };
        let name = |template| fill("session name", template, limits::is_session_name).ok();
        let identity = |template| fill("source identity", template, limits::is_session_name);
        let tag = |(key, template): (&String, &Template)| {
            Ok((key.clone(), fill(&format!("tag `{key}`"), template, limits::is_tag_value)?))
        };
        Ok(aws::Grant {
            account: facts.account.to_owned(),
            role: facts.role.to_owned(),
            reason: self.reason.clone().unwrap_or_else(reason),
            duration_seconds: self
                .duration
                .or_else(|| defaults.duration(facts.role))
                .map(|Seconds(seconds)| seconds),
            session_name: self.session_name.as_ref().and_then(name),
            source_identity: self.source_identity.as_ref().map(identity).transpose()?,
            tags: self.tags.iter().map(tag).collect::<Result<_, String>>()?,
            session_policy: self.session_policy.clone(),
            external_id: self.external_id.clone(),
            extra: Vec::new(),
        })
    }
}
