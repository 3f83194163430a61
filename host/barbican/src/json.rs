//! JSON as Barbican reads it: with Python's `json.loads`, and then without the blanks around strings.
//!
//! A client must be told the same thing by us and by Barbican, so what Python accepts is accepted (`NaN`, a key that
//! stands twice) and values are shown in errors as Python shows them ([`Value::repr`]). Sources: `CPython`
//! `Lib/json`, `oslo_serialization/jsonutils.py`, "barbican/api/__init__.py".

mod read;
mod repr;
mod text;
mod write;

use std::fmt;

pub use read::{JsonError, MAX_DEPTH, parse};
pub(crate) use repr::quoted;
pub(crate) use write::dumps;

/// One JSON value.
///
/// Its `Debug` shows only what kind of value it is: a body may hold a payload.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction and exponent: its digits, as Python writes them. It has no bounds in Python.
    Integer(String),
    /// Any other number; also `NaN`, `Infinity` and `-Infinity`.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object. Each key stands once, where it stood first, with the value that stood last.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Whether Python takes it for false: nothing, zero, or empty.
    pub fn is_falsy(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(value) => !value,
            Self::Integer(digits) => digits == "0",
            Self::Float(value) => *value == 0.0,
            Self::String(text) => text.is_empty(),
            Self::Array(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
        }
    }

    /// Takes the blanks off both ends of every string in it, as `strip_whitespace` in "barbican/api/__init__.py"
    /// does: keys are left alone, and so is a string that is the whole body.
    pub fn strip(&mut self) {
        match self {
            Self::Array(items) => items.iter_mut().for_each(Self::strip_item),
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.strip_item()),
            _ => {}
        }
    }

    fn strip_item(&mut self) {
        if let Self::String(text) = self {
            let stripped = strip(text);
            if stripped.len() != text.len() {
                *text = stripped.to_owned();
            }
        } else {
            self.strip();
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        })
    }
}

/// Python's `str.strip()`.
pub fn strip(text: &str) -> &str {
    // Python counts the four separators of ASCII as blanks, Unicode's White_Space does not.
    text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_lose_the_blanks_around_them_and_keys_do_not() {
        let mut value = parse(b"{\" k \":[\" a \",{\"b\":\"\\u001c\\u00a0x\\t\\n\"}]}").unwrap();
        value.strip();
        assert_eq!(value.repr(), "{' k ': ['a', {'b': 'x'}]}");
    }

    #[test]
    fn a_string_that_is_the_whole_body_is_left_alone() {
        let mut value = parse(b"\" x \"").unwrap();
        value.strip();
        assert_eq!(value.repr(), "' x '");
    }

    #[test]
    fn debug_shows_no_payload() {
        let value = parse(br#"{"payload":"hunter2"}"#).unwrap();
        assert_eq!(format!("{value:?}"), "an object");
    }
}
