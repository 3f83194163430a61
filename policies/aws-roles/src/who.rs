//! Which rules are about this caller. Users and groups are looked up, so that twenty thousand rules about others cost
//! nothing.

use std::collections::BTreeMap;

use crate::caller::Caller;
use crate::names::{ALL, Names};

/// The rules of one list by those they name.
#[derive(Debug, Default)]
pub(crate) struct Index {
    users: BTreeMap<String, Vec<u32>>,
    groups: BTreeMap<String, Vec<u32>>,
    everybody: Vec<u32>,
}

impl Index {
    /// Adds the rule at this place in the list. Users and groups are alternatives; a rule that names neither is about
    /// everybody.
    pub(crate) fn add(&mut self, at: u32, users: Option<Names>, groups: Option<Names>) {
        if users.is_none() && groups.is_none() || users.as_ref().is_some_and(Names::all) {
            self.everybody.push(at);
        }
        for (names, index) in [(users, &mut self.users), (groups, &mut self.groups)] {
            for name in names.map(|Names(names)| names).unwrap_or_default() {
                if name != ALL {
                    index.entry(name).or_default().push(at);
                }
            }
        }
    }

    /// The rules about the caller in their order, each with the group that finds it. A group goes before a user, and
    /// the caller's first before the others.
    pub(crate) fn find<'a>(&self, caller: &Caller<'a>) -> BTreeMap<u32, Option<&'a str>> {
        let mut found = BTreeMap::new();
        for group in caller.groups {
            for at in self.groups.get(group).into_iter().flatten() {
                found.entry(*at).or_insert(Some(group.as_str()));
            }
        }
        for at in self.users.get(caller.name).into_iter().flatten().chain(&self.everybody) {
            found.entry(*at).or_insert(None);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_policy_sdk::aws;

    #[test]
    fn rules_are_found_in_their_order() {
        let names = |list: &[&str]| Some(Names(list.iter().map(ToString::to_string).collect()));
        let mut index = Index::default();
        for (at, (users, groups)) in (0..).zip([
            (names(&["bob", "alice"]), None),
            (None, names(&["ops"])),
            (names(&["carol"]), names(&["dev", "ops"])),
            (None, None),
            (names(&["*"]), None),
            (names(&["ops"]), names(&["alice"])),
            (None, names(&["*"])),
        ]) {
            index.add(at, users, groups);
        }
        let found = |name: &str, groups: &[&str]| {
            let mut request = aws::Request::default();
            request.principal.name = Some(name.into());
            request.principal.groups = groups.iter().map(ToString::to_string).collect();
            let found = index.find(&Caller::of(&request).unwrap());
            found.into_iter().map(|(at, group)| (at, group.map(str::to_owned))).collect::<Vec<_>>()
        };
        let by = |group: &str| Some(group.to_owned());
        assert_eq!(found("alice", &[]), [(0, None), (3, None), (4, None)]);
        assert_eq!(found("carol", &["ops", "dev"]), [(1, by("ops")), (2, by("ops")), (3, None), (4, None)]);
        assert_eq!(found("nobody", &["ops"]), [(1, by("ops")), (2, by("ops")), (3, None), (4, None)]);
        assert_eq!(found("*", &["*"]), [(3, None), (4, None)]);
    }
}
