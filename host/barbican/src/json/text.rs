//! A value as Python's `json.dumps` writes it, for what is kept as a client wrote it.

use super::repr::float;
use super::{Value, dumps};

impl Value {
    /// The text; `None` where a number in it is none (`NaN`, `Infinity`): Python writes these, and no other reader takes
    /// them for JSON.
    pub fn text(&self) -> Option<String> {
        let mut to = String::new();
        self.write_text(&mut to)?;
        Some(to)
    }

    /// As deep as the value, which is at most [`MAX_DEPTH`](super::MAX_DEPTH).
    fn write_text(&self, to: &mut String) -> Option<()> {
        match self {
            Self::Null => to.push_str("null"),
            Self::Bool(value) => to.push_str(if *value { "true" } else { "false" }),
            Self::Integer(digits) => to.push_str(digits),
            Self::Float(value) if value.is_finite() => float(*value, to),
            Self::Float(_) => return None,
            Self::String(text) => to.push_str(&dumps(text)),
            Self::Array(items) => {
                to.push('[');
                for (at, item) in items.iter().enumerate() {
                    to.push_str(if at == 0 { "" } else { ", " });
                    item.write_text(to)?;
                }
                to.push(']');
            }
            Self::Object(members) => {
                to.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    to.push_str(if at == 0 { "" } else { ", " });
                    to.push_str(&dumps(key));
                    to.push_str(": ");
                    value.write_text(to)?;
                }
                to.push('}');
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn values_are_written_as_barbican_keeps_them() {
        for (text, written) in [
            (r#"{"b":1,"a":[true,null,{}],"c":[]}"#, r#"{"b": 1, "a": [true, null, {}], "c": []}"#),
            ("[1e5,1e16,1e-7,1.0,-0,-0.0]", "[100000.0, 1e+16, 1e-07, 1.0, 0, -0.0]"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (r#""ü\ud83d\ude00\u007f/\"\u0000""#, r#""\u00fc\ud83d\ude00\u007f/\"\u0000""#),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().text().as_deref(), Some(written), "{text}");
        }
        for text in ["NaN", "[-Infinity]", r#"{"a":{"b":[1e999]}}"#] {
            assert_eq!(parse(text.as_bytes()).unwrap().text(), None, "{text}");
        }
    }
}
