//! Looking keys up as Go's `encoding/json` does (`decode.go`, `fold.go`).
//!
//! All of Docker's field names are ASCII, so only two characters beyond ASCII fold to one of theirs: `ſ`
//! (U+017F) to `s` and the Kelvin sign (U+212A) to `k`.

use std::collections::HashMap;

use super::{Field, Schema};
use crate::json::{JsonError, shown};

/// The keys of one object, met in order.
pub(super) struct Resolver {
    fields: &'static [Field],
    /// Go writes fields in the order of the struct, so the next key is most often the next field.
    next: usize,
    taken: u128,
    /// The fields that stood in another spelling, and that spelling.
    respelled: Vec<(usize, String)>,
    /// What is no field here may be one in another version: folded, and as sent.
    unknown: HashMap<String, String>,
}

impl Resolver {
    pub(super) fn new(fields: &'static [Field]) -> Self {
        Self { fields, next: 0, taken: 0, respelled: Vec::new(), unknown: HashMap::new() }
    }

    /// The field that the key means, if it means one.
    pub(super) fn admit(&mut self, key: &str) -> Result<Option<(&'static str, &'static Schema)>, JsonError> {
        let Some((at, exact)) = self.find(key) else {
            return match self.unknown.insert(fold(key), key.to_owned()) {
                None => Ok(None),
                Some(first) => Err(JsonError::SameField(shown(&first), shown(key))),
            };
        };
        let (name, inner) = self.fields[at];
        let bit = 1_u128 << at;
        if self.taken & bit != 0 {
            let first = self.respelled.iter().find(|(field, _)| *field == at);
            let first = first.map_or(name, |(_, spelling)| spelling);
            return Err(JsonError::SameField(shown(first), shown(key)));
        }
        self.taken |= bit;
        self.next = at + 1;
        if !exact {
            self.respelled.push((at, key.to_owned()));
        }
        Ok(Some((name, inner)))
    }

    /// Whether any key so far stood in another spelling than its field's.
    pub(super) fn has_respelled(&self) -> bool {
        !self.respelled.is_empty()
    }

    /// No two fields of a struct fold to the same, so the exact match that Go prefers is the folded one.
    fn find(&self, key: &str) -> Option<(usize, bool)> {
        let count = self.fields.len();
        let start = self.next.min(count);
        if start < count && self.fields[start].0 == key {
            return Some((start, true));
        }
        let equal: fn(&str, &str) -> bool =
            if key.is_ascii() { str::eq_ignore_ascii_case } else { fold_equal };
        let length = if key.is_ascii() { key.len() } else { key.chars().count() };
        let matches = |at: &usize| {
            let name = self.fields[*at].0;
            name.len() == length && equal(name, key)
        };
        let at = (start..count).chain(0..start).find(matches)?;
        Some((at, self.fields[at].0 == key))
    }
}

fn fold_equal(name: &str, key: &str) -> bool {
    name.chars().map(fold_char).eq(key.chars().map(fold_char))
}

/// Two texts that fold to the same are one key to Go, as far as its fields are ASCII.
pub(super) fn fold(key: &str) -> String {
    key.chars().map(fold_char).collect()
}

fn fold_char(character: char) -> char {
    match character {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}
