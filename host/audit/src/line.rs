//! A record as one line of JSON: bounded, and harmless to print on a terminal.

use serde::ser::{Serialize, SerializeSeq, Serializer};
use std::borrow::Cow;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use crate::mask;
use crate::record::{ENTRIES, NAME, Record, TEXT};

/// The record's line, with its line feed.
pub fn of(record: &Record) -> String {
    let mut line = Vec::with_capacity(1536);
    write(&mut line, record);
    String::from_utf8(line).unwrap_or_default()
}

/// Appends the record's line, with its line feed.
pub(crate) fn write(to: &mut Vec<u8>, record: &Record) {
    let start = to.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut *to, Harmless);
    if let Err(error) = record.serialize(&mut serializer) {
        // Nothing in a record can fail to serialise; should that change, the decision still leaves its trace.
        tracing::error!(%error, id = record.id, "a record could not be written as JSON");
        to.truncate(start);
        to.extend_from_slice(
            format!("{{\"id\":{:?},\"error\":\"unwritable record\"}}", record.id).as_bytes(),
        );
    }
    to.push(b'\n');
}

/// JSON leaves DEL, the C1 controls (U+009B begins a terminal sequence) and the marks that turn the direction
/// of text as they are; here they are escaped too.
struct Harmless;

impl serde_json::ser::Formatter for Harmless {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, to: &mut W, text: &str) -> io::Result<()> {
        // One more than any byte of harmless ASCII has no high bit. No text has the byte 0xff, which would wrap.
        if text.bytes().fold(0, |seen, byte| seen | byte.wrapping_add(1)) < 0x80 {
            return to.write_all(text.as_bytes());
        }
        let mut plain = 0;
        for (at, character) in text.char_indices().filter(|(_, character)| is_harmful(*character)) {
            to.write_all(&text.as_bytes()[plain..at])?;
            write!(to, "\\u{:04x}", u32::from(character))?;
            plain = at + character.len_utf8();
        }
        to.write_all(&text.as_bytes()[plain..])
    }
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// At most `N` bytes of a text; a text that was cut ends in `…`.
pub(crate) struct Clip<'a, const N: usize>(pub(crate) Cow<'a, str>);

impl<const N: usize> Serialize for Clip<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() <= N {
            return serializer.serialize_str(&self.0);
        }
        serializer.collect_str(&format_args!("{}…", &self.0[..self.0.floor_char_boundary(N)]))
    }
}

/// At most [`ENTRIES`] entries of a list.
pub(crate) struct List<'a, T>(pub(crate) &'a [T]);

impl<T: Serialize> Serialize for List<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().take(ENTRIES))
    }
}

/// At most [`ENTRIES`] names.
pub(crate) struct Names<'a>(pub(crate) &'a [String]);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().take(ENTRIES).map(|name| Clip::<NAME>(Cow::Borrowed(name))))
    }
}

/// Names and values; the value of a name that promises a secret is masked.
pub(crate) struct Pairs<'a>(pub(crate) &'a [(Cow<'static, str>, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_seq(None)?;
        for (name, value) in self.0.iter().take(ENTRIES) {
            let value = if mask::is_secret(name) { mask::MASK.into() } else { mask::name(value) };
            to.serialize_element(&(Clip::<NAME>(Cow::Borrowed(name)), Clip::<TEXT>(value)))?;
        }
        to.end()
    }
}

/// Milliseconds since 1970 as RFC 3339, UTC.
pub(crate) struct Time(pub(crate) u64);

/// The last millisecond of the year 9999: RFC 3339 has four digits for a year.
const LAST: u64 = 253_402_300_799_999;

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = UNIX_EPOCH + Duration::from_millis(self.0.min(LAST));
        serializer.collect_str(&humantime::format_rfc3339_millis(time))
    }
}

#[cfg(test)]
mod tests;
