//! A value as Python's `repr` shows it: that is how it stands in Barbican's error texts.

use std::fmt::Write as _;

use super::Value;

impl Value {
    /// Python's `repr`.
    pub fn repr(&self) -> String {
        let mut to = String::new();
        self.write(&mut to);
        to
    }

    fn write(&self, to: &mut String) {
        match self {
            Self::Null => to.push_str("None"),
            Self::Bool(true) => to.push_str("True"),
            Self::Bool(false) => to.push_str("False"),
            Self::Integer(digits) => to.push_str(digits),
            Self::Float(value) => float(*value, to),
            Self::String(text) => string(text, to),
            Self::Array(items) => {
                to.push('[');
                for (at, item) in items.iter().enumerate() {
                    to.push_str(if at == 0 { "" } else { ", " });
                    item.write(to);
                }
                to.push(']');
            }
            Self::Object(members) => {
                to.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    to.push_str(if at == 0 { "" } else { ", " });
                    string(key, to);
                    to.push_str(": ");
                    value.write(to);
                }
                to.push('}');
            }
        }
    }
}

/// A string as Python's `repr` shows it.
pub(crate) fn quoted(text: &str) -> String {
    let mut to = String::with_capacity(text.len() + 2);
    string(text, &mut to);
    to
}

fn string(text: &str, to: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    to.push(quote);
    for c in text.chars() {
        match c {
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            c if c == quote => to.extend(['\\', c]),
            c if is_printable(c) => to.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a string cannot fail.
                let _ = match code {
                    0..=0xff => write!(to, "\\x{code:02x}"),
                    0x100..=0xffff => write!(to, "\\u{code:04x}"),
                    _ => write!(to, "\\U{code:08x}"),
                };
            }
        }
    }
    to.push(quote);
}

/// Python's `str.isprintable`. The standard library escapes by the same rule, except that it also escapes a
/// combining mark where it stands first.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    let mut pair = [0; 8];
    pair[0] = b'a';
    let length = 1 + c.encode_utf8(&mut pair[1..]).len();
    std::str::from_utf8(&pair[..length]).is_ok_and(|pair| pair.escape_debug().eq(pair.chars()))
}

/// The shortest digits that read back as the same number; with an exponent below 1e-4 and from 1e16 on.
pub(super) fn float(value: f64, to: &mut String) {
    if value.is_nan() {
        return to.push_str("nan");
    }
    if value.is_infinite() {
        return to.push_str(if value > 0.0 { "inf" } else { "-inf" });
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let _ = if (-4..16).contains(&exponent) {
        write!(to, "{value:?}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(to, "{mantissa}e{sign}{:02}", exponent.unsigned_abs())
    };
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn values_are_shown_as_python_shows_them() {
        for (text, repr) in [
            (r#""it's""#, r#""it's""#),
            (r#""it's \"x\"""#, r#"'it\'s "x"'"#),
            (r#""say \"x\"""#, r#"'say "x"'"#),
            (r#""\\\n\t""#, r"'\\\n\t'"),
            (r#""\u007f\u0085\u00a0\u00ad""#, r"'\x7f\x85\xa0\xad'"),
            (r#""\u2028\ue000\ufffe""#, r"'\u2028\ue000\ufffe'"),
            (r#""\udb40\udc01""#, r"'\U000e0001'"),
            (r#""Ünï用户\u0301""#, "'Ünï用户\u{301}'"),
            ("1.5", "1.5"),
            ("1.0", "1.0"),
            ("1e16", "1e+16"),
            ("1e15", "1000000000000000.0"),
            ("1.5e300", "1.5e+300"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("{\"a\":[1,null]}", "{'a': [1, None]}"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().repr(), repr, "{text}");
        }
        assert_eq!(quoted("x"), "'x'");
    }
}
