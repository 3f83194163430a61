//! The reader's strings: borrowed where the text holds them as they are.

use std::borrow::Cow;

use super::JsonError;
use super::read::Reader;

impl<'a> Reader<'a> {
    /// From the opening quote to behind the closing one.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Box<JsonError>> {
        self.at += 1;
        let start = self.at;
        self.plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        self.respelled = true;
        let mut unescaped = self.text[start..self.at].to_owned();
        loop {
            match self.peek() {
                None => return Err(JsonError::Unfinished.into()),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => unescaped.push(self.escape()?),
                Some(0..0x20) => return Err(JsonError::Control(self.at).into()),
                Some(_) => {
                    let start = self.at;
                    self.plain();
                    unescaped.push_str(&self.text[start..self.at]);
                }
            }
        }
    }

    /// To the next quote, backslash or control character.
    fn plain(&mut self) {
        self.at += plain(&self.bytes[self.at..]);
    }

    fn escape(&mut self) -> Result<char, Box<JsonError>> {
        let start = self.at;
        self.at += 2;
        Ok(match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            Some(_) => return Err(JsonError::Escape(start).into()),
            None => return Err(JsonError::Unfinished.into()),
        })
    }

    /// Behind `\u`.
    fn unicode(&mut self, start: usize) -> Result<char, Box<JsonError>> {
        let first = self.hex(start)?;
        let code = match first {
            0xD800..0xDC00 => {
                if !self.bytes[self.at..].starts_with(b"\\u") {
                    return Err(JsonError::Surrogate(start).into());
                }
                self.at += 2;
                match self.hex(self.at - 2)? {
                    second @ 0xDC00..0xE000 => 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00),
                    _ => return Err(JsonError::Surrogate(start).into()),
                }
            }
            code => code,
        };
        Ok(char::from_u32(code).ok_or(JsonError::Surrogate(start))?)
    }

    fn hex(&mut self, start: usize) -> Result<u32, Box<JsonError>> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(JsonError::Unfinished)?;
        self.at += 4;
        digits.iter().try_fold(0, |code, digit| {
            let digit = char::from(*digit).to_digit(16).ok_or(JsonError::Escape(start))?;
            Ok(code << 4 | digit)
        })
    }
}

/// How many bytes there are before the first quote, backslash or control character.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let stops = stops(u64::from_le_bytes(*word));
        if stops != 0 {
            return at * 8 + stops.trailing_zeros() as usize / 8;
        }
    }
    let stop = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\');
    bytes.len() - tail.len() + tail.iter().position(stop).unwrap_or(tail.len())
}

/// Marks the high bit of bytes that end a plain run; the lowest mark is always right, those above it may not be
/// (a subtraction borrows from its upper neighbour).
fn stops(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let quotes = below(word ^ (ONES * 0x22), 1);
    let backslashes = below(word ^ (ONES * 0x5C), 1);
    (below(word, 0x20) | quotes | backslashes) & HIGH
}
