//! Texts with facts in them: `{user}`, `{group}`, `{account}`, `{role}`, `{attribute:NAME}`. A fact is what the
//! identity source proved, or what the rule itself found; nothing that the request says can be named.

use serde::Deserialize;
use std::borrow::Cow;

use crate::caller::Caller;
use crate::limits;

/// A text with facts in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    User,
    Group,
    Account,
    Role,
    Attribute(String),
}

/// What a template is filled with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) caller: &'a Caller<'a>,
    /// The group by which the rule was found, where it was one.
    pub(crate) group: Option<&'a str>,
    pub(crate) account: &'a str,
    pub(crate) role: &'a str,
}

impl Template {
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (fact, after) =
                after.split_once('}').ok_or_else(|| format!("`{text}`: a `{{` is not closed"))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match (fact, fact.strip_prefix("attribute:")) {
                ("user", _) => Part::User,
                ("group", _) => Part::Group,
                ("account", _) => Part::Account,
                ("role", _) => Part::Role,
                (_, Some(name)) if !name.is_empty() => Part::Attribute(name.to_owned()),
                _ => {
                    return Err(format!(
                        "`{{{fact}}}` is no fact; there are `{{user}}`, `{{group}}`, `{{account}}`, `{{role}}` \
                         and `{{attribute:NAME}}`"
                    ));
                }
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(parts))
    }

    /// Whether the group by which the rule was found is in it.
    pub(crate) fn names_group(&self) -> bool {
        self.0.contains(&Part::Group)
    }

    /// The text, or the fact that is not there. An attribute that stands there twice is none: which of the two would
    /// be for chance to say.
    pub(crate) fn fill(&self, facts: &Facts<'_>) -> Result<String, Cow<'static, str>> {
        let mut filled = String::new();
        for part in &self.0 {
            filled.push_str(match part {
                Part::Text(text) => text,
                Part::User => facts.caller.name,
                Part::Group => facts.group.ok_or("group")?,
                Part::Account => facts.account,
                Part::Role => facts.role,
                Part::Attribute(name) => {
                    facts.caller.attribute(name).ok_or_else(|| format!("attribute:{name}"))?
                }
            });
        }
        Ok(filled)
    }

    /// The text that is the same for everybody.
    fn literals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

/// For a session's name or source identity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct NameTemplate(pub(crate) Template);

impl TryFrom<String> for NameTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let template = Template::parse(&text)?;
        if !template.literals().flat_map(str::chars).all(limits::in_session_name) {
            return Err(format!("`{text}` has characters besides letters, digits and `_+=,.@-`"));
        }
        let fixed: usize = template.literals().map(str::len).sum();
        if fixed > 64 || template.literals().count() == template.0.len() && !limits::is_session_name(&text) {
            return Err(format!("`{text}` has not from 2 to 64 characters"));
        }
        Ok(Self(template))
    }
}

/// For the value of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TagTemplate(pub(crate) Template);

impl TryFrom<String> for TagTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let template = Template::parse(&text)?;
        if !template.literals().all(limits::is_tag_value) {
            return Err(format!(
                "`{text}` is no value of a tag: at most 256 letters, digits, spaces and `_.:/=+-@`"
            ));
        }
        Ok(Self(template))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_policy_sdk::aws;

    #[test]
    fn facts_are_filled_in() {
        let mut request = aws::Request::default();
        request.principal.name = Some("alice".into());
        let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        request.principal.attributes =
            vec![attribute("email", "a@example.com"), attribute("team", "x"), attribute("team", "y")];
        let caller = Caller::of(&request).unwrap();
        let facts = Facts { caller: &caller, group: None, account: "prod", role: "admin" };
        let grouped = Facts { group: Some("ops"), ..facts };
        for (template, facts, expected) in [
            ("{user}", facts, Ok("alice")),
            ("web-{user}.{role}@{account}", facts, Ok("web-alice.admin@prod")),
            ("{attribute:email}", facts, Ok("a@example.com")),
            ("{group}", grouped, Ok("ops")),
            ("{group}", facts, Err("group")),
            ("{attribute:team}", facts, Err("attribute:team")),
            ("x{attribute:none}", facts, Err("attribute:none")),
            ("plain", facts, Ok("plain")),
            ("", facts, Ok("")),
        ] {
            let filled = Template::parse(template).unwrap().fill(&facts);
            assert_eq!(filled, expected.map(str::to_owned).map_err(Cow::from), "{template}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let name = |text: &str| NameTemplate::try_from(text.to_owned()).err().unwrap_or_default();
        let tag = |text: &str| TagTemplate::try_from(text.to_owned()).err().unwrap_or_default();
        for (error, expected) in [
            (name("{User}"), "`{User}` is no fact; there are `{user}`"),
            (name("{callback-url}"), "is no fact"),
            (name("{attribute:}"), "is no fact"),
            (name("a{user"), "a `{` is not closed"),
            (name("a b{user}"), "has characters besides"),
            (name("{user}}"), "has characters besides"),
            (name("a"), "has not from 2 to 64"),
            (name(""), "has not from 2 to 64"),
            (name(&"a".repeat(65)), "has not from 2 to 64"),
            (name(&format!("{}{{user}}", "a".repeat(65))), "has not from 2 to 64"),
            (tag("a*"), "is no value of a tag"),
            (tag(&"a".repeat(257)), "is no value of a tag"),
        ] {
            assert!(error.contains(expected), "{error} / {expected}");
        }
        assert_eq!(
            (name("a{user}"), tag(""), tag("Ops & Co").is_empty()),
            (String::new(), String::new(), false)
        );
    }
}
