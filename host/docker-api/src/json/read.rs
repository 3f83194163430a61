//! The reader: one pass, by descent, no deeper than [`MAX_DEPTH`].

use super::object::{Member, Object};
use super::{JsonError, MAX_DEPTH, Value};

/// Reads one JSON value, and nothing but white space around it.
pub fn parse(text: &[u8]) -> Result<Value<'_>, JsonError> {
    read(text).map(|(value, _)| value)
}

/// The value, and its text where that is already what [`Value::write`] would make of it.
pub(super) fn read(text: &[u8]) -> Result<(Value<'_>, Option<&str>), JsonError> {
    let text = std::str::from_utf8(text).map_err(|error| JsonError::NotUtf8(error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::ByteOrderMark);
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        respelled: false,
        open: Vec::with_capacity(64),
    };
    reader.space();
    if reader.peek().is_none() {
        return Err(JsonError::Empty);
    }
    let start = reader.at;
    reader.respelled = false;
    let value = reader.value().map_err(|error| *error)?;
    let canonical = (!reader.respelled).then(|| &text[start..reader.at]);
    reader.space();
    match reader.peek() {
        None => Ok((value, canonical)),
        Some(_) => Err(JsonError::Trailing(reader.at)),
    }
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    depth: usize,
    /// Whether there was anything that is written in another way than it stands here: white space, or an escape.
    pub(super) respelled: bool,
    /// The members of every object that is not closed yet, so that each is allocated once, in its final size.
    open: Vec<Member<'a>>,
}

// Errors are boxed: moving results that are as long as an error took a seventh of the time.
impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
            self.respelled = true;
        }
    }

    fn unexpected(&self) -> JsonError {
        if self.at < self.bytes.len() { JsonError::Unexpected(self.at) } else { JsonError::Unfinished }
    }

    fn value(&mut self) -> Result<Value<'a>, Box<JsonError>> {
        match self.peek() {
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected().into()),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Box<JsonError>> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(JsonError::Unexpected(self.at).into())
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value<'a>, Box<JsonError>>,
    ) -> Result<Value<'a>, Box<JsonError>> {
        if self.depth == MAX_DEPTH {
            return Err(JsonError::TooDeep(self.at).into());
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Value<'a>, Box<JsonError>> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.closes(b']')? {
                return Ok(Value::Array(items));
            }
        }
    }

    fn object(&mut self) -> Result<Value<'a>, Box<JsonError>> {
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(Object::default()));
        }
        let first = self.open.len();
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected().into());
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected().into());
            }
            self.at += 1;
            self.space();
            let value = self.value()?;
            self.open.push((key, value));
            if self.closes(b'}')? {
                return Ok(Value::Object(Object::of_read(self.open.split_off(first))?));
            }
        }
    }

    /// After a member: whether the end follows, or else a comma.
    fn closes(&mut self, end: u8) -> Result<bool, Box<JsonError>> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(false)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.unexpected().into()),
        }
    }

    fn number(&mut self) -> Result<Value<'a>, Box<JsonError>> {
        let start = self.at;
        let malformed = || JsonError::Number(start);
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match (self.peek(), self.digits()) {
            (_, 0) => return Err(malformed().into()),
            (Some(b'0'), count) if count > 1 => return Err(malformed().into()),
            _ => {}
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(malformed().into());
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(malformed().into());
            }
        }
        Ok(Value::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }
}
