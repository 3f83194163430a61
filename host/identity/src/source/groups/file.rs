//! A file of groups, one a line, as group(5) has them but for the fields that are not needed:
//!
//! ```text
//! # who may do what
//! ops:    alice, bob
//! aws-ro: alice
//! empty:
//! ```
//!
//! A group stands on one line alone. Names end at a colon or a comma, and blanks around them do not count. Only
//! root and the server's user may write the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::name;
use crate::IdentityError;

/// Each user's groups, in the order of the file.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Members(BTreeMap<String, Vec<String>>);

impl Members {
    pub(super) fn parse(path: &Path, contents: &[u8]) -> Result<Self, IdentityError> {
        let wrong =
            |line: Option<usize>, reason: String| IdentityError::File { path: path.into(), line, reason };
        let text = std::str::from_utf8(contents).map_err(|_| wrong(None, "it is not UTF-8".into()))?;
        let mut groups = BTreeSet::new();
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (group, users) = entry(text).map_err(|reason| wrong(Some(line), reason))?;
            if !groups.insert(group) {
                return Err(wrong(Some(line), format!("the group `{group}` stands on another line too")));
            }
            for user in users {
                let found = members.entry(user.to_owned()).or_default();
                if found.last().is_none_or(|last| last != group) {
                    found.push(group.to_owned());
                }
            }
        }
        Ok(Self(members))
    }

    pub(super) fn of(&self, user: &str) -> &[String] {
        self.0.get(user).map_or(&[], Vec::as_slice)
    }
}

fn entry(text: &str) -> Result<(&str, Vec<&str>), String> {
    let (group, users) = text.split_once(':').ok_or("it must be `group: user, user`")?;
    let group = group.trim();
    name::check(group).map_err(|reason| format!("the group's name {reason}"))?;
    if group.contains(',') {
        return Err("the group's name has a comma in it".into());
    }
    let users: Vec<&str> = users.split(',').map(str::trim).collect();
    if users == [""] {
        return Ok((group, Vec::new()));
    }
    for user in &users {
        name::check(user).map_err(|reason| format!("a user's name {reason}"))?;
    }
    Ok((group, users))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Result<Members, String> {
        Members::parse(Path::new("groups"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn who_is_in_which_group() {
        let members = parse(
            "# who\n\nops: alice , bob\r\n  aws-ro:alice\nempty:\nb\u{f6}rgen: D\u{f6}rte M., alice, alice\n"
                .as_bytes(),
        )
        .unwrap();
        for (user, groups) in [
            ("alice", &["ops", "aws-ro", "b\u{f6}rgen"][..]),
            ("bob", &["ops"]),
            ("D\u{f6}rte M.", &["b\u{f6}rgen"]),
            ("Alice", &[]),
            ("", &[]),
            ("empty", &[]),
        ] {
            assert_eq!(members.of(user), groups, "{user}");
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_refused_by_line() {
        for (text, part) in [
            (&b"a: x\nops"[..], "line 2: it must be"),
            (b"a: x\n: alice", "line 2: the group's name is empty"),
            (b"a: x\nops, b: alice", "line 2: the group's name has a comma"),
            (b"a: x\nops: alice,, bob", "line 2: a user's name is empty"),
            (b"a: x\nops: alice,", "line 2: a user's name is empty"),
            (b"a: x\na: y", "line 2: the group `a` stands on another line too"),
            (b"a: x\nops: al\x1bice", "line 2: a user's name has a control"),
            (b"a: \xff", "not UTF-8"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
