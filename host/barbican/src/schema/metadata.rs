//! User metadata of a secret as a client writes it (`NewSecretMetadataValidator`, `NewSecretMetadatumValidator`).
//!
//! Keys are kept in lower case. All of a secret's metadata come as an object, one pair as `key` and `value`.

use std::collections::HashMap;

use super::{Invalid, Schema, Type, validate, without_nul};
use crate::json::Value;

const ALL: &str = "SecretMetadata";
const ONE: &str = "SecretMetadatum";

const REQUIRED_TEXT: Schema =
    Schema { max_length: Some(255), is_required: true, ..Schema::of(&[Type::String]) };

static ALL_BODY: Schema = Schema {
    properties: &[("metadata", Schema { is_required: true, ..Schema::of(&[Type::Object]) })],
    ..Schema::of(&[Type::Object])
};

static ONE_BODY: Schema = Schema {
    properties: &[("key", REQUIRED_TEXT), ("value", REQUIRED_TEXT)],
    closed: true,
    ..Schema::of(&[Type::Object])
};

/// One key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// In lower case.
    pub key: String,
    /// Any text.
    pub value: String,
}

/// All pairs of a body whose strings are stripped, in the order of Barbican's Python dictionary: a key that is not in
/// lower case is taken out, and put in again under its lower-case name.
pub fn parse_all(body: &Value) -> Result<Vec<Pair>, Invalid> {
    validate(body, &ALL_BODY, ALL)?;
    let Some(Value::Object(members)) = body.get("metadata") else { return Ok(Vec::new()) };
    // In their order, with gaps where one was taken out; and where each is.
    let mut values: Vec<Option<(String, &Value)>> =
        members.iter().map(|(key, value)| Some((key.clone(), value))).collect();
    let mut places: HashMap<String, usize> =
        members.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
    for (key, _) in members {
        check_key(key)?;
        let value = places.get(key).and_then(|at| values[*at].as_ref());
        let Some(value) = value.map(|(_, value)| *value) else { continue };
        if value.as_str().is_none() {
            return Err(Invalid::MetadataValue);
        }
        if !is_lower(key) {
            if let Some(at) = places.remove(key) {
                values[at] = None;
            }
            let name = key.to_ascii_lowercase();
            let at = *places.entry(name.clone()).or_insert(values.len());
            let pair = Some((name, value));
            if at == values.len() {
                values.push(pair);
            } else {
                values[at] = pair;
            }
        }
    }
    let mut pairs = Vec::with_capacity(values.len());
    for (key, value) in values.into_iter().flatten() {
        without_nul(Some(value), ALL, "metadata")?;
        pairs.push(Pair { key, value: value.as_str().unwrap_or_default().to_owned() });
    }
    Ok(pairs)
}

/// The one pair of a body whose strings are stripped.
pub fn parse_one(body: &Value) -> Result<Pair, Invalid> {
    validate(body, &ONE_BODY, ONE)?;
    let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default();
    check_key(text("key"))?;
    without_nul(body.get("value"), ONE, "value")?;
    Ok(Pair { key: text("key").to_ascii_lowercase(), value: text("value").to_owned() })
}

/// Python's `str.islower`, of ASCII.
fn is_lower(key: &str) -> bool {
    let has = |of_kind: fn(&u8) -> bool| key.as_bytes().iter().any(of_kind);
    has(u8::is_ascii_lowercase) && !has(u8::is_ascii_uppercase)
}

/// `^[A-Za-z0-9_-]*$`, where Python lets a line feed follow at the end.
fn check_key(key: &str) -> Result<(), Invalid> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let safe = key.strip_suffix('\n').unwrap_or(key).bytes().all(is_safe);
    if safe { Ok(()) } else { Err(Invalid::MetadataKey) }
}
