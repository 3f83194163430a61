//! Who is asking, whom an entry names, and the operator's own lists of principals.

use crate::entry::{Entry, Honoured, Kind};
use crate::roles;
use portcullis_policy_sdk::prelude::*;

/// A user with a token for a project: what the rules need of the requester.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) user: &'a str,
    pub(crate) project: &'a str,
    pub(crate) requester: &'a secrets::Requester,
}

impl<'a> Caller<'a> {
    /// None where the token names no user or is not for a project (`barbican/api/middleware/context.py`).
    pub(crate) fn of(requester: &'a secrets::Requester) -> Option<Self> {
        let user = requester.user.as_deref().filter(|user| !user.is_empty())?;
        let project = requester.project.as_deref().filter(|project| !project.is_empty())?;
        (requester.scope == "project").then_some(Self { user, project, requester })
    }

    /// Whether the entry names the caller, expired or not. `role_counts`: whether the token's project is the one in
    /// which a role counts.
    pub(crate) fn is_named_by(&self, kind: Option<Kind>, id: &str, role_counts: bool) -> bool {
        match kind {
            None => id == self.user,
            Some(Kind::Group) => self.requester.groups.iter().any(|group| group == id),
            Some(Kind::Project) => id == self.project,
            Some(Kind::Role) => role_counts && self.requester.roles.iter().any(|role| roles::same(role, id)),
        }
    }
}

/// Principals that the operator named. Users apart from the rest: there may be thousands of them.
#[derive(Debug, Default)]
pub(crate) struct Principals {
    users: BTreeMap<String, Option<u64>>,
    others: Vec<(Kind, String, Option<u64>)>,
}

impl Principals {
    /// Reads the operator's list; in it every kind of entry is honoured. An error names the setting.
    pub(crate) fn read(setting: &str, written: &[String]) -> Result<Self, String> {
        let honoured = Honoured::all();
        let mut read = Self::default();
        for text in written {
            let entry = Entry::parse(text, &honoured)
                .map_err(|malformed| format!("`{setting}`: `{text}` {}", malformed.what()))?;
            match entry.kind {
                None if entry.id.is_empty() => return Err(format!("`{setting}`: `{text}` names nobody")),
                Some(kind) => read.others.push((kind, entry.id.to_owned(), entry.until)),
                None => {
                    let later = |old: Option<Option<u64>>| match (old, entry.until) {
                        (Some(Some(old)), Some(new)) => Some(old.max(new)),
                        (None, new) => new,
                        _ => None,
                    };
                    let until = later(read.users.get(entry.id).copied());
                    read.users.insert(entry.id.to_owned(), until);
                }
            }
        }
        Ok(read)
    }

    /// Whether the caller is in the list at `now`.
    pub(crate) fn name(&self, caller: &Caller<'_>, role_counts: bool, now: u64) -> bool {
        let holds = |until: &Option<u64>| until.is_none_or(|until| now < until);
        self.users.get(caller.user).is_some_and(holds)
            || self
                .others
                .iter()
                .any(|(kind, id, until)| caller.is_named_by(Some(*kind), id, role_counts) && holds(until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requester() -> secrets::Requester {
        secrets::Requester {
            user: Some("u".into()),
            project: Some("p".into()),
            scope: "project".into(),
            roles: vec!["Member".into()],
            groups: vec!["g".into()],
            ..secrets::Requester::default()
        }
    }

    #[test]
    fn without_user_project_or_scope_there_is_no_caller() {
        let good = requester();
        assert!(Caller::of(&good).is_some());
        let spoiled = [
            secrets::Requester { user: None, ..good.clone() },
            secrets::Requester { user: Some(String::new()), ..good.clone() },
            secrets::Requester { project: None, ..good.clone() },
            secrets::Requester { project: Some(String::new()), ..good.clone() },
            secrets::Requester { scope: "system".into(), ..good.clone() },
            secrets::Requester { scope: String::new(), ..good },
        ];
        for asking in spoiled {
            assert!(Caller::of(&asking).is_none(), "{asking:?}");
        }
    }

    #[test]
    fn a_list_names_whom_it_says_and_until_when() {
        const SECOND: &str = "@1970-01-01T00:00:01Z";
        let requester = requester();
        let caller = Caller::of(&requester).unwrap();
        let table: [(&[&str], u64, bool, bool); 14] = [
            (&["u"], 0, false, true),
            (&["U"], 0, true, false),
            (&["p"], 0, true, false),
            (&["g"], 0, true, false),
            (&["group:g"], 0, false, true),
            (&["group:G"], 0, true, false),
            (&["project:p"], 0, false, true),
            (&["role:MEMBER"], 0, true, true),
            (&["role:MEMBER"], 0, false, false),
            (&["u", &format!("u{SECOND}")], 1000, false, true),
            (&[&format!("u{SECOND}")], 999, false, true),
            (&[&format!("u{SECOND}")], 1000, false, false),
            (&[&format!("u{SECOND}"), "u@1970-01-01T00:00:02Z"], 1000, false, true),
            (&[&format!("group:g{SECOND}")], 1000, true, false),
        ];
        for (written, now, role_counts, expected) in table {
            let written: Vec<_> = written.iter().map(ToString::to_string).collect();
            let list = Principals::read("allow", &written).unwrap();
            assert_eq!(list.name(&caller, role_counts, now), expected, "{written:?} at {now}");
        }
    }

    #[test]
    fn a_malformed_entry_is_named() {
        for (entry, what) in
            [("", "names nobody"), ("role:", "names nobody"), ("u@2026-1-1", "does not end in")]
        {
            let error = Principals::read("deny", &[entry.to_owned()]).unwrap_err();
            assert!(error.starts_with(&format!("`deny`: `{entry}` {what}")), "{error}");
        }
    }
}
