//! A record as one line of JSON: bounded, and harmless to print on a terminal.

use serde::ser::Serialize;
use std::{fmt, io};

use crate::record::Record;

/// The record's line, with its line feed.
pub fn of(record: &Record) -> String {
    let mut line = Vec::with_capacity(1536);
    write(&mut line, record);
    String::from_utf8(line).unwrap_or_default()
}

/// Appends the record's line, with its line feed.
pub(crate) fn write(to: &mut Vec<u8>, record: &Record) {
    let start = to.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut *to, TerminalSafe);
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
struct TerminalSafe;

impl serde_json::ser::Formatter for TerminalSafe {
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

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(of(self).trim_end())
    }
}

#[cfg(test)]
mod tests;
