//! Objects: members in the order in which they were written.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Value;
use super::error::{JsonError, shown};

/// A key and what it holds.
pub(crate) type Member<'a> = (Cow<'a, str>, Value<'a>);

/// An object: members in order. As read, no key stands in it twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    /// What the key holds. Keys are compared byte by byte.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.members.iter().find(|(name, _)| same(name, key)).map(|(_, value)| value)
    }

    /// The members in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Cow<'a, str>, Value<'a>)> {
        self.members.iter()
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it is `{}`.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes a member out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value<'a>> {
        let at = self.members.iter().position(|(name, _)| name == key)?;
        Some(self.members.remove(at).1)
    }

    /// Gives a key a value, in its old place where it has one, else at the end.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        let key = key.into();
        match self.members.iter_mut().find(|(name, _)| *name == key) {
            Some(member) => member.1 = value,
            None => self.members.push((key, value)),
        }
    }

    /// A caller that changes a key must not make a duplicate.
    pub(crate) fn members_mut(&mut self) -> &mut [Member<'a>] {
        &mut self.members
    }

    pub(super) fn of_read(members: Vec<Member<'a>>) -> Result<Self, JsonError> {
        match repeated(&members) {
            Some(key) => Err(JsonError::DuplicateKey(shown(key))),
            None => Ok(Self { members }),
        }
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<'o, 'a> IntoIterator for &'o Object<'a> {
    type Item = &'o (Cow<'a, str>, Value<'a>);
    type IntoIter = std::slice::Iter<'o, (Cow<'a, str>, Value<'a>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Whether they are equal; most that are not differ in length or in their last byte, which costs no call.
fn same(name: &str, key: &str) -> bool {
    name.len() == key.len() && name.as_bytes().last() == key.as_bytes().last() && name == key
}

/// Above this a set with a secret seed is asked; below, a client that makes every key collide costs less.
const SMALL: usize = 64;

/// The first key that stands twice.
fn repeated<'m>(members: &'m [Member<'_>]) -> Option<&'m str> {
    if members.len() < 2 {
        return None;
    }
    if members.len() > SMALL {
        let mut seen = HashSet::with_capacity(members.len());
        return members.iter().map(|(key, _)| key.as_ref()).find(|key| !seen.insert(*key));
    }
    // One bit per key of a cheap mark: only keys whose bit is taken are compared with those before them.
    let mut taken = [0_u64; 16];
    for (at, (key, _)) in members.iter().enumerate() {
        let mark = mark(key.as_bytes());
        let (word, bit) = (usize::from(mark >> 6), 1_u64 << (mark & 63));
        if taken[word] & bit != 0 && members[..at].iter().any(|(earlier, _)| earlier == key) {
            return Some(key);
        }
        taken[word] |= bit;
    }
    None
}

/// A number below 1024 that tells most of Docker's keys apart: length, first, middle and last byte.
fn mark(key: &[u8]) -> u16 {
    let (Some(first), Some(last)) = (key.first(), key.last()) else { return 0 };
    let byte = |at: usize| u32::from(key.get(at).copied().unwrap_or_default());
    let length = key.len();
    let packed =
        u32::from(*first) << 24 | u32::from(*last) << 16 | byte(length / 2) << 8 | byte(length / 3 + 1);
    let mixed = packed.wrapping_add(u32::try_from(length).unwrap_or(u32::MAX)).wrapping_mul(0x9E37_79B1);
    u16::try_from(mixed >> 22).unwrap_or_default()
}
