//! What of the claims a policy sees, as attributes of the principal: three claims of OpenID Connect, and those that the
//! operator names.
//!
//! A claim is text, a number, or true or false; a list of these is one attribute for each element. A claim that is named
//! and cannot be an attribute refuses the token: a policy that denies by an attribute must not be got around by making
//! the claim long.

use serde_json::Value;

use super::super::{Claims, claim};
use crate::{AuthError, IdentityError};

/// Claims of OpenID Connect (Core, 5.1) that become attributes of the same name.
const STANDARD: [&str; 3] = ["email", "name", "preferred_username"];
/// In bytes.
const MAX_VALUE: usize = 1024;
/// Elements of one claim.
const MAX_VALUES: usize = 50;
/// Named by the operator. A session has no more tags.
const MAX_ATTRIBUTES: usize = 50;

/// Attributes by name, each with its claim, and those that go into sessions.
pub(super) struct Attributes {
    named: Vec<(String, String)>,
    session_tags: Vec<String>,
}

impl Attributes {
    pub(super) fn new(
        named: Vec<(String, String)>,
        session_tags: Vec<String>,
    ) -> Result<Self, IdentityError> {
        let wrong = |key, reason| Err(IdentityError::Value { key, reason });
        if named.iter().any(|(name, claim)| name.is_empty() || claim.is_empty()) {
            return wrong("attributes", "must have a name and a claim each, of at least one character");
        }
        if named.len() > MAX_ATTRIBUTES {
            return wrong("attributes", "must be 50 at most");
        }
        let is_known =
            |tag: &String| named.iter().any(|(name, _)| name == tag) || STANDARD.contains(&tag.as_str());
        if !session_tags.iter().all(is_known) {
            return wrong(
                "session_tags",
                "must be names of `attributes`, or `email`, `name` or `preferred_username`",
            );
        }
        Ok(Self { named, session_tags })
    }

    /// The attributes of a token. `is_verified` is whether its e-mail address may be one.
    pub(super) fn of(&self, claims: &Claims, is_verified: bool) -> Result<Vec<(String, String)>, AuthError> {
        let is_allowed = |claim: &str| is_verified || !is_email(claim);
        let is_named = |name: &str| self.named.iter().any(|(named, _)| named == name);
        let mut attributes: Vec<_> = STANDARD
            .iter()
            .filter(|name| is_allowed(name) && !is_named(name))
            .filter_map(|name| Some(((*name).to_owned(), claims.get(*name)?.as_str()?.to_owned())))
            .filter(|(_, text)| is_value(text))
            .collect();
        for (name, claim) in self.named.iter().filter(|(_, claim)| is_allowed(claim)) {
            let values = values(claim::find(claims, claim)).ok_or_else(|| {
                AuthError::unauthorized(format!(
                    "the token's claim `{claim}` is no attribute: neither text of at most {MAX_VALUE} bytes, a number, \
                     true, false, nor a list of at most {MAX_VALUES} of these"
                ))
            })?;
            attributes.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
        Ok(attributes)
    }

    /// Whether a tag of sessions is the e-mail address.
    pub(super) fn has_email_tag(&self) -> bool {
        let is_email_tag = |tag: &String| {
            let named = self.named.iter().find(|(name, _)| name == tag);
            is_email(named.map_or(tag, |(_, claim)| claim))
        };
        self.session_tags.iter().any(is_email_tag)
    }

    /// The attributes that go into sessions, each with its value if it has exactly one.
    pub(super) fn session_tags(&self, attributes: &[(String, String)]) -> Vec<(String, Option<String>)> {
        let value = |tag: &String| {
            let mut values = attributes.iter().filter(|(name, _)| name == tag).map(|(_, value)| value);
            values.next().filter(|_| values.next().is_none()).cloned()
        };
        self.session_tags.iter().map(|tag| (tag.clone(), value(tag))).collect()
    }
}

/// Whether a claim is the e-mail address of OpenID Connect, which is the user's only if the provider has verified it.
pub(super) fn is_email(claim: &str) -> bool {
    matches!(claim, "email" | "/email")
}

/// The values of a claim, none where it is absent; `None` where it cannot be an attribute.
fn values(claim: Option<&Value>) -> Option<Vec<String>> {
    match claim {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(elements)) if elements.len() <= MAX_VALUES => elements.iter().map(value).collect(),
        Some(one) => Some(vec![value(one)?]),
    }
}

fn value(claim: &Value) -> Option<String> {
    let text = match claim {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    is_value(&text).then_some(text)
}

fn is_value(text: &str) -> bool {
    text.len() <= MAX_VALUE && !text.chars().any(char::is_control)
}
