//! What a body must look like, and what Barbican says of one that does not.
//!
//! The schemas stand in "barbican/common/validators.py"; the words are jsonschema's. Of several errors it tells one:
//! the one nearest the top, of those the one whose path comes last, and of those the first
//! ("jsonschema/exceptions.py", `best_match`).
//!
//! * [`acl`]: an ACL
//! * [`secret`]: a secret to be made
//! * [`container`]: a container to be made
//! * [`order`]: an order
//! * [`container_secret`]: a secret to be added to a container, or removed
//! * [`consumer`]: a consumer of a secret or a container
//! * [`quotas`]: quotas of a project
//! * [`metadata`]: user metadata of a secret

pub mod acl;
pub mod consumer;
pub mod container;
pub mod container_secret;
pub mod metadata;
pub mod order;
pub mod quotas;
pub mod secret;

use std::cmp::Ordering;

use crate::json::Value;
use crate::json::quoted;

/// Why a body is refused: 400, in Barbican's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It does not match its schema, or one of the rules that no schema can say.
    #[error("Provided object does not match schema '{schema}': {reason}. Invalid property: '{property}'")]
    Object {
        /// The schema's name.
        schema: &'static str,
        /// What is wrong, in jsonschema's or Barbican's words. It may quote what the client sent.
        reason: String,
        /// The property; `None` for the whole.
        property: &'static str,
    },
    /// A payload larger than Barbican keeps: 413.
    #[error("Provided information too large to process")]
    TooLarge,
    /// A reference to a secret of some other host.
    #[error("Provided field value is not supported")]
    ForeignReference,
    /// A number of bits that no key of the algorithm has.
    #[error("Provided field value is not supported")]
    BitLength,
    /// User metadata with a value that is no text.
    #[error("Invalid Metadata. Keys and Values must be Strings.")]
    MetadataValue,
    /// User metadata with a key that cannot be a part of a path.
    #[error("Invalid Key. Key must be URL safe.")]
    MetadataKey,
}

/// JSON's types, by jsonschema's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Object,
    Array,
    String,
    Boolean,
    Integer,
    Null,
}

impl Type {
    const fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Null => "null",
        }
    }

    fn admits(self, value: &Value) -> bool {
        match value {
            Value::Null => self == Self::Null,
            Value::Bool(_) => self == Self::Boolean,
            Value::Integer(_) => self == Self::Integer,
            Value::Float(number) => self == Self::Integer && number.is_finite() && number.fract() == 0.0,
            Value::String(_) => self == Self::String,
            Value::Array(_) => self == Self::Array,
            Value::Object(_) => self == Self::Object,
        }
    }
}

/// The keywords of JSON Schema that Barbican uses.
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of JSON Schema")]
pub(crate) struct Schema {
    types: &'static [Type],
    max_length: Option<usize>,
    non_empty: bool,
    range: Option<(i64, i64)>,
    one_of: &'static [&'static str],
    /// Every item's schema, or only the first's.
    items: Option<&'static Schema>,
    only_first_item: bool,
    properties: &'static [(&'static str, Schema)],
    closed: bool,
    /// Properties that must be there (draft 4).
    required: &'static [&'static str],
    /// As a property: whether it must be there (draft 3).
    is_required: bool,
}

impl Schema {
    pub(crate) const fn of(types: &'static [Type]) -> Self {
        Self {
            types,
            max_length: None,
            non_empty: false,
            range: None,
            one_of: &[],
            items: None,
            only_first_item: false,
            properties: &[],
            closed: false,
            required: &[],
            is_required: false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Item(usize),
    Key(&'static str),
}

struct Error {
    path: Vec<Step>,
    matches_type: bool,
    message: String,
}

impl Error {
    /// How much better an error tells what is wrong.
    fn relevance(&self, other: &Self) -> Ordering {
        let by_depth = other.path.len().cmp(&self.path.len());
        by_depth
            .then_with(|| self.path.cmp(&other.path))
            .then_with(|| other.matches_type.cmp(&self.matches_type))
    }
}

/// Holds `value` against the schema of that name.
pub(crate) fn validate(value: &Value, schema: &Schema, name: &'static str) -> Result<(), Invalid> {
    let mut errors = Vec::new();
    check(value, schema, &mut Vec::new(), &mut errors);
    // The first of several that are equally relevant.
    let best = errors.into_iter().rev().max_by(Error::relevance);
    match best {
        None => Ok(()),
        Some(error) => Err(Invalid::Object {
            schema: name,
            property: match error.path.first() {
                Some(Step::Key(key)) => key,
                _ => "None",
            },
            reason: error.message,
        }),
    }
}

fn check(value: &Value, schema: &Schema, path: &mut Vec<Step>, errors: &mut Vec<Error>) {
    let matches_type = schema.types.iter().any(|kind| kind.admits(value));
    let mut wrong = |message: String| errors.push(Error { path: path.clone(), matches_type, message });
    if !matches_type {
        let names: Vec<_> = schema.types.iter().map(|kind| quoted(kind.name())).collect();
        wrong(format!("{} is not of type {}", value.repr(), names.join(", ")));
    }
    match value {
        Value::String(text) => {
            if schema.max_length.is_some_and(|most| text.chars().count() > most) {
                wrong(format!("{} is too long", value.repr()));
            }
            if schema.non_empty && text.is_empty() {
                wrong(format!("{} should be non-empty", value.repr()));
            }
        }
        Value::Integer(_) | Value::Float(_) => {
            if let (Some((least, most)), Some(number)) = (schema.range, number(value)) {
                if number < least {
                    wrong(format!("{} is less than the minimum of {least}", value.repr()));
                } else if number > most {
                    wrong(format!("{} is greater than the maximum of {most}", value.repr()));
                }
            }
        }
        _ => {}
    }
    if !schema.one_of.is_empty() && !value.as_str().is_some_and(|text| schema.one_of.contains(&text)) {
        let names: Vec<_> = schema.one_of.iter().map(|name| quoted(name)).collect();
        wrong(format!("{} is not one of [{}]", value.repr(), names.join(", ")));
    }
    if let Value::Object(members) = value {
        if schema.closed {
            let known = |key: &str| schema.properties.iter().any(|(name, _)| *name == key);
            let mut extras: Vec<_> =
                members.iter().map(|(key, _)| key.as_str()).filter(|key| !known(key)).collect();
            extras.sort_unstable();
            if !extras.is_empty() {
                let verb = if extras.len() == 1 { "was" } else { "were" };
                let extras: Vec<_> = extras.into_iter().map(quoted).collect();
                let extras = extras.join(", ");
                wrong(format!("Additional properties are not allowed ({extras} {verb} unexpected)"));
            }
        }
        for name in schema.required.iter().filter(|name| value.get(name).is_none()) {
            wrong(format!("{} is a required property", quoted(name)));
        }
        for (name, schema) in schema.properties {
            if let Some(value) = value.get(name) {
                path.push(Step::Key(name));
                check(value, schema, path, errors);
                path.pop();
            } else if schema.is_required {
                let path = path.iter().cloned().chain([Step::Key(name)]).collect();
                let message = format!("{} is a required property", quoted(name));
                errors.push(Error { path, matches_type, message });
            }
        }
    }
    if let (Value::Array(items), Some(of_items)) = (value, schema.items) {
        let checked = if schema.only_first_item { 1 } else { items.len() };
        for (at, item) in items.iter().enumerate().take(checked) {
            path.push(Step::Item(at));
            check(item, of_items, path, errors);
            path.pop();
        }
    }
}

/// The number, or one beyond every bound where it does not fit; `None` for what is no number to compare.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(digits) => {
            Some(digits.parse().unwrap_or(if digits.starts_with('-') { i64::MIN } else { i64::MAX }))
        }
        #[expect(clippy::cast_possible_truncation, reason = "it saturates, and the bounds are small")]
        Value::Float(number) if !number.is_nan() => Some(number.floor() as i64),
        _ => None,
    }
}

/// No store of ours keeps a NUL in a text: PostgreSQL cannot.
pub(crate) fn without_nul(
    value: Option<&Value>,
    schema: &'static str,
    property: &'static str,
) -> Result<(), Invalid> {
    match value {
        Some(Value::String(text)) if text.contains('\0') => Err(Invalid::Object {
            schema,
            reason: format!("{} holds a NUL character", quoted(text)),
            property,
        }),
        _ => Ok(()),
    }
}
