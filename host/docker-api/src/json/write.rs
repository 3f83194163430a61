//! The writer: one spelling for each document.

use super::Value;
use super::string::plain;

impl Value<'_> {
    /// Canonical text: no white space, members in their order, numbers as they were written, and only those
    /// characters escaped that must be, in their shortest form.
    pub fn write(&self) -> String {
        let mut text = String::with_capacity(2048);
        self.write_to(&mut text);
        text
    }

    fn write_to(&self, text: &mut String) {
        match self {
            Value::Null => text.push_str("null"),
            Value::Bool(true) => text.push_str("true"),
            Value::Bool(false) => text.push_str("false"),
            Value::Number(number) => text.push_str(number),
            Value::String(string) => write_string(string, text),
            Value::Array(items) => {
                text.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        text.push(',');
                    }
                    item.write_to(text);
                }
                text.push(']');
            }
            Value::Object(object) => {
                text.push('{');
                for (at, (key, value)) in object.iter().enumerate() {
                    if at > 0 {
                        text.push(',');
                    }
                    write_string(key, text);
                    text.push(':');
                    value.write_to(text);
                }
                text.push('}');
            }
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    text.push('"');
    let start = plain(string.as_bytes());
    let mut written = 0;
    for (at, byte) in string.bytes().enumerate().skip(start) {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0C => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        text.push_str(&string[written..at]);
        written = at + 1;
        if short.is_empty() {
            text.push_str("\\u00");
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        } else {
            text.push_str(short);
        }
    }
    text.push_str(&string[written..]);
    text.push('"');
}
