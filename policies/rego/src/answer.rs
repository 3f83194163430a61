//! What the values of the rules mean.
//!
//! One rule: a boolean, an object with `verdict`, or a set of refusals. A package: `deny` first, then `allow`.
//! An undefined rule denies where it is all that was asked, as with opa-docker-authz; in a package it says nothing, and
//! no opinion of any policy is a refusal.

use portcullis_policy_sdk::docker_edits::Edits;
use portcullis_policy_sdk::prelude::*;
use regorus::Value;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::evaluator::Rules;

/// Where a rule gives no reason. opa-docker-authz says the same.
const DENIED: &str = "request rejected by administrative policy";

/// The opinion of one rule, or of a package.
pub(crate) fn opinion(rules: &Rules) -> Result<Opinion, String> {
    if let [("", value)] = rules.as_slice() {
        return value.as_ref().map_or_else(|| Ok(Opinion::deny("undefined", DENIED)), single);
    }
    let rule =
        |name: &str| rules.iter().find(|(rule, _)| *rule == name).and_then(|(_, value)| value.as_ref());
    if let Some(denial) = rule("deny").map(denial).transpose()?.flatten() {
        return Ok(denial);
    }
    match rule("allow") {
        None | Some(Value::Bool(false)) => Ok(Opinion::abstain()),
        Some(Value::Bool(true)) => Ok(Opinion::allow("allow")),
        Some(other) => Err(format!("`allow` is {}, and not a boolean", short(other))),
    }
}

fn single(value: &Value) -> Result<Opinion, String> {
    match value {
        Value::Bool(true) => Ok(Opinion::allow("allow")),
        Value::Bool(false) => Ok(Opinion::deny("not-allowed", DENIED)),
        Value::Set(_) | Value::Array(_) => Ok(denial(value)?.unwrap_or_else(Opinion::abstain)),
        Value::Object(_) => {
            let fields: Decision = typed("the rule", value)?;
            Ok(Opinion {
                verdict: fields.verdict,
                reason: fields.reason,
                rule: fields.rule,
                ..Opinion::default()
            })
        }
        other => Err(format!("the rule is {}, and not a boolean, a set or an object", short(other))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    verdict: Verdict,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    rule: String,
}

/// One refusal: its text, or an object. `msg` is what Gatekeeper and conftest call the reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    #[serde(default)]
    rule: String,
    #[serde(alias = "msg")]
    reason: String,
}

/// What `deny` says: nothing where it is false or empty. Of several refusals the first, in Rego's order, names the rule,
/// and all reasons are told.
fn denial(value: &Value) -> Result<Option<Opinion>, String> {
    let refusals: Vec<Refusal> = match value {
        Value::Bool(false) => return Ok(None),
        Value::Bool(true) => return Ok(Some(Opinion::deny("deny", DENIED))),
        Value::String(text) => vec![Refusal { rule: String::new(), reason: text.to_string() }],
        Value::Set(set) => set.iter().map(refusal).collect::<Result<_, _>>()?,
        Value::Array(list) => list.iter().map(refusal).collect::<Result<_, _>>()?,
        other => return Err(format!("`deny` is {}, and not a set of refusals", short(other))),
    };
    let Some(first) = refusals.first() else { return Ok(None) };
    let rule = if first.rule.is_empty() { "deny" } else { &first.rule };
    let reasons: Vec<_> = refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
    Ok(Some(Opinion::deny(rule, reasons.join("; "))))
}

fn refusal(value: &Value) -> Result<Refusal, String> {
    match value {
        Value::String(text) => Ok(Refusal { rule: String::new(), reason: text.to_string() }),
        Value::Object(_) => typed("an entry of `deny`", value),
        other => {
            Err(format!("`deny` has {}, and not a text or an object with `rule` and `reason`", short(other)))
        }
    }
}

/// Grants and denials of AWS roles.
pub(crate) fn grants(rules: &Rules) -> Result<aws::Answer, String> {
    let mut answer = aws::Answer::default();
    for (name, value) in named(rules)? {
        match name.as_str() {
            "grants" => answer.grants = typed_json("`grants`", value)?,
            "denials" => answer.denials = typed_json("`denials`", value)?,
            other => return Err(format!("`{other}` is neither `grants` nor `denials`")),
        }
    }
    Ok(answer)
}

/// Edits. A rule that is there and undefined is a fault: what would have hidden things would otherwise show them.
pub(crate) fn edits(rules: &Rules) -> Result<Edits, String> {
    if let Some((name, _)) = rules.iter().find(|(_, value)| value.is_none()) {
        let name = if name.is_empty() { "the rule" } else { name };
        return Err(format!("`{name}` is undefined for this request: give it a default"));
    }
    typed_json("the edits", Json::Object(named(rules)?))
}

/// Rules by name, those that are defined. The object of a single rule has them as fields.
fn named(rules: &Rules) -> Result<Map<String, Json>, String> {
    if let [("", value)] = rules.as_slice() {
        let Some(value) = value else { return Ok(Map::new()) };
        return match json(value)? {
            Json::Object(fields) => Ok(fields),
            _ => Err(format!("the rule is {}, and not an object", short(value))),
        };
    }
    let defined = rules.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?)));
    defined.map(|(name, value)| Ok((name.to_owned(), json(value)?))).collect()
}

fn typed<T: DeserializeOwned>(what: &str, value: &Value) -> Result<T, String> {
    typed_json(what, json(value)?)
}

fn typed_json<T: DeserializeOwned>(what: &str, value: Json) -> Result<T, String> {
    serde_json::from_value(listed(value)).map_err(|error| format!("{what}: {error}"))
}

/// Sets are lists in JSON.
fn json(value: &Value) -> Result<Json, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// Lists of names and values may be objects.
fn listed(value: Json) -> Json {
    match value {
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| pairs(name, value)).collect())
        }
        Json::Array(list) => list.into_iter().map(listed).collect(),
        other => other,
    }
}

fn pairs(name: String, value: Json) -> (String, Json) {
    let value = match value {
        Json::Object(pairs) if matches!(name.as_str(), "tags" | "labels" | "extra") => {
            pairs.into_iter().map(|(name, text)| Json::from(vec![name.into(), text])).collect()
        }
        other => listed(other),
    };
    (name, value)
}

/// Enough of a value to find it.
fn short(value: &Value) -> String {
    const SHOWN: usize = 100;
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        text
    } else {
        format!("{}...", text.chars().take(SHOWN).collect::<String>())
    }
}
