//! `json.loads`, without recursion of unknown depth and without half surrogates.

use std::collections::HashMap;

use super::Value;

/// Levels of nesting, at most. Python gives up near 1,000, with a 500.
pub const MAX_DEPTH: usize = 100;

/// Digits of an integer, at most: beyond them Python answers `ValueError` (`sys.set_int_max_str_digits`).
const MAX_DIGITS: usize = 4300;

/// Why a body is not JSON. It never quotes the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8. Barbican says so before it reads JSON at all.
    #[error("the text is not UTF-8")]
    Encoding,
    /// Not JSON as Python reads it.
    #[error("the text is not JSON")]
    Syntax,
    /// Deeper than [`MAX_DEPTH`].
    #[error("the text is nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// An escape names one half of a surrogate pair, which no UTF-8 text can hold.
    #[error("a string holds half of a surrogate pair")]
    Surrogate,
}

/// Reads one value, and nothing after it but blanks.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(text).map_err(|_| JsonError::Encoding)?;
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.blanks();
    let value = reader.value()?;
    reader.blanks();
    if reader.at == text.len() { Ok(value) } else { Err(JsonError::Syntax) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string().map(Value::String)
            }
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'n') if self.word("null") => Ok(Value::Null),
            Some(b't') if self.word("true") => Ok(Value::Bool(true)),
            Some(b'f') if self.word("false") => Ok(Value::Bool(false)),
            Some(b'N') if self.word("NaN") => Ok(Value::Float(f64::NAN)),
            Some(b'I') if self.word("Infinity") => Ok(Value::Float(f64::INFINITY)),
            Some(b'-') if self.word("-Infinity") => Ok(Value::Float(f64::NEG_INFINITY)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(JsonError::Syntax),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, JsonError>) -> Result<Value, JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(JsonError::Depth);
        }
        self.at += 1;
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut members: Vec<(String, Value)> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        self.blanks();
        if self.eat(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            if !self.eat(b'"') {
                return Err(JsonError::Syntax);
            }
            let key = self.string()?;
            self.blanks();
            if !self.eat(b':') {
                return Err(JsonError::Syntax);
            }
            self.blanks();
            let value = self.value()?;
            if let Some(at) = seen.get(&key) {
                members[*at].1 = value;
            } else {
                seen.insert(key.clone(), members.len());
                members.push((key, value));
            }
            self.blanks();
            if self.eat(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.eat(b',') {
                return Err(JsonError::Syntax);
            }
        }
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        self.blanks();
        if self.eat(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.blanks();
            items.push(self.value()?);
            self.blanks();
            if self.eat(b']') {
                return Ok(Value::Array(items));
            }
            if !self.eat(b',') {
                return Err(JsonError::Syntax);
            }
        }
    }

    /// After the opening quote.
    fn string(&mut self) -> Result<String, JsonError> {
        let mut read = String::new();
        loop {
            let rest = &self.text[self.at..];
            let stop = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').ok_or(JsonError::Syntax)?;
            read.push_str(&rest[..stop]);
            self.at += stop;
            if self.eat(b'"') {
                return Ok(read);
            }
            if !self.eat(b'\\') {
                return Err(JsonError::Syntax);
            }
            read.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek().ok_or(JsonError::Syntax)?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                match unit {
                    0xd800..=0xdbff => {
                        if !self.word("\\u") {
                            return Err(JsonError::Surrogate);
                        }
                        let low = self.unit()?;
                        if !(0xdc00..=0xdfff).contains(&low) {
                            return Err(JsonError::Surrogate);
                        }
                        char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
                            .ok_or(JsonError::Surrogate)?
                    }
                    _ => char::from_u32(unit).ok_or(JsonError::Surrogate)?,
                }
            }
            _ => return Err(JsonError::Syntax),
        })
    }

    fn unit(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(JsonError::Syntax)?;
        let mut unit = 0;
        for digit in digits {
            unit = unit * 16 + char::from(*digit).to_digit(16).ok_or(JsonError::Syntax)?;
        }
        self.at += 4;
        Ok(unit)
    }

    fn digits(&mut self) -> usize {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - begin
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let begin = self.at;
        self.eat(b'-');
        if !self.eat(b'0') && self.digits() == 0 {
            return Err(JsonError::Syntax);
        }
        let whole = self.at;
        // As Python's scanner: what does not belong to the number is left, and is then trailing garbage.
        if self.eat(b'.') && self.digits() == 0 {
            self.at = whole;
        }
        let fraction = self.at;
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            if self.digits() == 0 {
                self.at = fraction;
            }
        }
        let text = &self.text[begin..self.at];
        if self.at != whole {
            return text.parse().map(Value::Float).map_err(|_| JsonError::Syntax);
        }
        if text.trim_start_matches('-').len() > MAX_DIGITS {
            return Err(JsonError::Syntax);
        }
        Ok(Value::Integer(if text == "-0" { "0" } else { text }.to_owned()))
    }
}

#[cfg(test)]
mod tests;
