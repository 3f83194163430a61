//! One entry of an ACL's `users`. To Barbican it is an opaque user id; the settings can turn on more:
//! `group:ID`, `role:NAME`, `project:ID`, and any of them, or a user id, with `@2026-12-31T00:00:00Z` behind it.

use crate::time;
use serde::Deserialize;

/// What else than a user an entry may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `group:ID`, matched against the groups of the token.
    Group,
    /// `role:NAME`, held in the project that owns the entity; case does not matter.
    Role,
    /// `project:ID`, the project of the token.
    Project,
}

/// Which entries mean more than a user id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Honoured {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) expiry: bool,
}

impl Honoured {
    /// All that there is: the operator's own lists.
    pub(crate) fn all() -> Self {
        Self { kinds: vec![Kind::Group, Kind::Role, Kind::Project], expiry: true }
    }
}

/// An entry, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Absent means a user.
    pub(crate) kind: Option<Kind>,
    pub(crate) id: &'a str,
    /// Milliseconds since 1970-01-01 UTC: from then on it names no user.
    pub(crate) until: Option<u64>,
}

/// What is wrong with an entry, which therefore names no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A prefix and nothing behind it.
    Nobody,
    /// Something like a time that is none.
    Time,
}

impl Malformed {
    /// For a person, after the entry.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Nobody => "names nobody",
            Self::Time => "does not end in a time like `@2026-12-31T00:00:00Z` (UTC)",
        }
    }
}

impl<'a> Entry<'a> {
    /// Reads an entry. What is not honoured is a user id as it stands, so that without settings nothing is malformed.
    pub(crate) fn parse(text: &'a str, honoured: &Honoured) -> Result<Self, Malformed> {
        let (who, until) = if honoured.expiry { split_time(text)? } else { (text, None) };
        let kind = honoured.kinds.iter().find_map(|kind| Some((*kind, who.strip_prefix(kind.prefix())?)));
        let (kind, id) = kind.map_or((None, who), |(kind, id)| (Some(kind), id));
        if id.is_empty() && (kind.is_some() || until.is_some()) {
            return Err(Malformed::Nobody);
        }
        Ok(Self { kind, id, until })
    }
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Group => "group:",
            Self::Role => "role:",
            Self::Project => "project:",
        }
    }
}

/// Ids out of a directory may hold an `@` of their own (`bob@example.com`): only what begins like a year is a time.
fn split_time(text: &str) -> Result<(&str, Option<u64>), Malformed> {
    let Some((who, end)) = text.rsplit_once('@') else { return Ok((text, None)) };
    let like_a_time = end.len() >= 4 && end.bytes().take(4).all(|byte| byte.is_ascii_digit());
    if !like_a_time {
        return Ok((text, None));
    }
    time::parse(end).map(|until| (who, Some(until))).ok_or(Malformed::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST_OF_2027: u64 = 1_798_761_600_000;

    fn entry(kind: Option<Kind>, id: &str, until: Option<u64>) -> Entry<'_> {
        Entry { kind, id, until }
    }

    #[test]
    fn entries_are_read_as_the_settings_say() {
        let groups = Honoured { kinds: vec![Kind::Group], expiry: false };
        let table = [
            (Honoured::default(), "u1", Ok(entry(None, "u1", None))),
            (Honoured::default(), "", Ok(entry(None, "", None))),
            (Honoured::default(), "group:g", Ok(entry(None, "group:g", None))),
            (
                Honoured::default(),
                "u1@2027-01-01T00:00:00Z",
                Ok(entry(None, "u1@2027-01-01T00:00:00Z", None)),
            ),
            (groups.clone(), "group:g", Ok(entry(Some(Kind::Group), "g", None))),
            (groups.clone(), "group:", Err(Malformed::Nobody)),
            (groups.clone(), "Group:g", Ok(entry(None, "Group:g", None))),
            (groups, "role:r", Ok(entry(None, "role:r", None))),
            (Honoured::all(), "role:key-manager:x", Ok(entry(Some(Kind::Role), "key-manager:x", None))),
            (
                Honoured::all(),
                "project:p@2027-01-01T00:00:00Z",
                Ok(entry(Some(Kind::Project), "p", Some(FIRST_OF_2027))),
            ),
            (Honoured::all(), "u1@2027-01-01T00:00:00Z", Ok(entry(None, "u1", Some(FIRST_OF_2027)))),
            (Honoured::all(), "bob@example.com", Ok(entry(None, "bob@example.com", None))),
            (
                Honoured::all(),
                "bob@example.com@2027-01-01T00:00:00Z",
                Ok(entry(None, "bob@example.com", Some(FIRST_OF_2027))),
            ),
            (Honoured::all(), "u1@2027-02-30T00:00:00Z", Err(Malformed::Time)),
            (Honoured::all(), "u1@2027-01-01", Err(Malformed::Time)),
            (Honoured::all(), "@2027-01-01T00:00:00Z", Err(Malformed::Nobody)),
            (Honoured::all(), "group:@2027-01-01T00:00:00Z", Err(Malformed::Nobody)),
        ];
        for (honoured, text, expected) in table {
            assert_eq!(Entry::parse(text, &honoured), expected, "{text} {honoured:?}");
        }
    }

    proptest! {
        /// Without settings an entry is what Barbican takes it for.
        #[test]
        fn nothing_is_special_unless_it_is_turned_on(text in "(group:|role:|project:)?\\PC{0,12}(@2027-01-01T00:00:00Z)?") {
            prop_assert_eq!(Entry::parse(&text, &Honoured::default()), Ok(entry(None, &text, None)));
        }

        /// What is turned on takes nothing away from what an entry says.
        #[test]
        fn no_part_of_an_entry_is_lost(text in "(group:|role:|project:)?[a-z@:]{0,6}(@2027-01-01T00:00:00Z)?") {
            if let Ok(entry) = Entry::parse(&text, &Honoured::all()) {
                let prefix = entry.kind.map_or("", Kind::prefix);
                let time = if entry.until.is_some() { "@2027-01-01T00:00:00Z" } else { "" };
                prop_assert_eq!(format!("{prefix}{}{time}", entry.id), text);
            }
        }
    }
}
