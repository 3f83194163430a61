//! JSON as Python's `json.dumps` writes it: a blank after commas and colons, and nothing but ASCII.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// `value` as `json.dumps` writes it, its fields in the order in which they are declared.
pub(crate) fn dumps(value: &impl Serialize) -> String {
    let mut to = Vec::with_capacity(256);
    let written = value.serialize(&mut Serializer::with_formatter(&mut to, Python));
    debug_assert!(written.is_ok(), "our own answers have string keys, and a vector takes every byte");
    // Nothing but ASCII was written.
    String::from_utf8(to).unwrap_or_default()
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, to: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if (' '..='~').contains(&c) {
                to.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(to, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        #[derive(Serialize)]
        struct Answer {
            users: [&'static str; 3],
            none: Option<u8>,
            yes: bool,
        }
        let answer = Answer { users: ["Ü", "😀", "a\0\"\\\n\x1f\x7f"], none: None, yes: true };
        let text = r#"{"users": ["\u00dc", "\ud83d\ude00", "a\u0000\"\\\n\u001f\u007f"], "none": null, "yes": true}"#;
        assert_eq!(dumps(&answer), text);
    }
}
