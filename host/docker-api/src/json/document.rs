//! A whole text with the value in it, so that what is in canonical form already need not be written again.
//!
//! Docker's own client sends such texts (Go marshals without white space, in the order of its structs), and
//! writing costs a sixth of a reading.

use super::read::read;
use super::{JsonError, Value};

/// A value, and the text that it came from for as long as both say the same.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    value: Value<'a>,
    /// What [`Value::write`] would give; absent where it has to be asked.
    canonical: Option<&'a str>,
}

impl<'a> Document<'a> {
    /// Reads a text as [`parse`](super::parse) does.
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, JsonError> {
        read(text).map(|(value, canonical)| Self { value, canonical })
    }

    pub(crate) fn value(&self) -> &Value<'a> {
        &self.value
    }

    /// The value, to be changed.
    pub(crate) fn value_mut(&mut self) -> &mut Value<'a> {
        self.canonical = None;
        &mut self.value
    }

    /// Lets the value be changed by something that most often does not, and says whether it did.
    pub(crate) fn change<E>(
        &mut self,
        change: impl FnOnce(&mut Value<'a>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let changed = change(&mut self.value);
        if !matches!(changed, Ok(false)) {
            self.canonical = None;
        }
        changed.map(drop)
    }

    /// The value's canonical text.
    pub(crate) fn write(&self) -> String {
        self.canonical.map_or_else(|| self.value.write(), str::to_owned)
    }
}
