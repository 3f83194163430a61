//! JSON, read so strictly that no two readers can disagree about it.
//!
//! dockerd decodes bodies with Go's `encoding/json`, which merges keys that stand twice, replaces broken UTF-8
//! and (in older versions) ignores what follows the first value. A policy must not see another document
//! than dockerd does, so everything that leaves room for a second reading is refused here: see [`JsonError`].
//! Keys keep their order and numbers their text. Which keys mean the same *field* is [`crate::schema`]'s matter.

mod document;
mod error;
mod object;
mod read;
mod string;
mod write;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(crate) use document::Document;
pub use error::{JsonError, shown};
pub use object::Object;
pub use read::parse;

/// Maximum depth of arrays and objects within each other. Docker's own documents need ten; Go allows 10,000.
pub const MAX_DEPTH: usize = 64;

/// One JSON value; it borrows from the text wherever that holds the string as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`; nothing else counts as either, as in Go.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The object.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The members of an array.
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// A whole number written without fraction or exponent: Go decodes only those into an integer field.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// What it is, for messages: `null`, `a boolean`, `a number`, `a string`, `an array`, `an object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}
