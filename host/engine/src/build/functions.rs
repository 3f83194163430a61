//! Compiled functions by what they were compiled from, so that a module whose settings changed is not compiled again: its
//! functions are the same, and only its state differs.
//!
//! They come from the child that compiles, which runs no guest, and go to it alone. As bytes: each key and each value
//! after its length.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use wasmtime::CacheStore;

#[derive(Debug)]
pub(super) struct Functions {
    known: HashMap<Vec<u8>, Vec<u8>>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    used: Vec<Vec<u8>>,
    added: HashMap<Vec<u8>, Vec<u8>>,
}

impl Functions {
    /// Those that an earlier build left. Bytes that are cut short hold fewer.
    pub(super) fn new(mut bytes: &[u8]) -> Self {
        let mut known = HashMap::new();
        while let Some((key, value)) = take(&mut bytes).and_then(|key| Some((key, take(&mut bytes)?))) {
            known.insert(key.to_vec(), value.to_vec());
        }
        Self { known, seen: Mutex::default() }
    }

    /// Those that this build used, or nothing where it added none.
    pub(super) fn into_changed(self) -> Vec<u8> {
        let Seen { used, added } = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        if added.is_empty() {
            return bytes;
        }
        let used = used.iter().filter_map(|key| self.known.get_key_value(key));
        for part in used.chain(&added).flat_map(|(key, value)| [key, value]) {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        if let Some(value) = self.known.get(key) {
            self.seen().used.push(key.to_vec());
            return Some(Cow::Borrowed(value));
        }
        self.seen().added.get(key).cloned().map(Cow::Owned)
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        self.seen().added.insert(key.to_vec(), value);
        true
    }
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_or_added_is_kept_and_the_rest_is_not() {
        let first = Functions::new(&[]);
        assert!(first.get(b"a").is_none());
        for key in [b"a", b"b"] {
            first.insert(key, key.repeat(3));
        }
        let kept = first.into_changed();
        let second = Functions::new(&kept);
        assert_eq!(second.get(b"a").as_deref(), Some(&b"aaa"[..]));
        assert!(second.into_changed().is_empty(), "nothing was added");
        let third = Functions::new(&kept);
        third.get(b"a");
        third.insert(b"c", b"ccc".to_vec());
        let kept = third.into_changed();
        let fourth = Functions::new(&kept);
        assert!(fourth.get(b"a").is_some() && fourth.get(b"c").is_some() && fourth.get(b"b").is_none());
        for end in 0..kept.len() {
            assert!(Functions::new(&kept[..end]).known.len() < 2, "{end}");
        }
    }
}
