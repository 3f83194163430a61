//! The parts of a record as they are serialized: masked, and bounded in length. Used by `record`.

use serde::ser::{Serialize, SerializeSeq, Serializer};
use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use crate::mask;

/// Bytes of a name, an id or a digest.
pub(crate) const NAME: usize = 256;
/// Bytes of a text for a person: a reason, an error.
pub(crate) const TEXT: usize = 1024;
/// Bytes of a URI.
pub(crate) const URI: usize = 2048;
/// Entries of a list. How many more there were stands beside it, as `..._left_out`.
pub(crate) const ENTRIES: usize = 32;

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
pub(crate) struct KeyValues<'a>(pub(crate) &'a [(Cow<'static, str>, String)]);

impl Serialize for KeyValues<'_> {
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
