//! What is to be in force when files and the admin API say different things: a policy of the admin API, or its absence,
//! holds until the configuration's own entry changes.

use portcullis_engine::source::Source;
use portcullis_engine::{Digest, LoadError, PolicySpec};
use std::sync::Arc;

use crate::saved::file_entry;
use crate::state::{ActivePolicy, Deleted, Origin, State};

/// A policy of the configuration, with its module read.
#[derive(Debug, Clone)]
pub(crate) struct FileEntry {
    /// Its source is the bytes that were read: what was recognized is what is built.
    pub(crate) spec: PolicySpec,
    pub(crate) module: Digest,
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) entry: Digest,
}

impl FileEntry {
    /// Reads the policy's module.
    pub(crate) fn read(mut spec: PolicySpec) -> Result<Self, LoadError> {
        let read = spec.source.read(spec.sha256);
        let (bytes, module) = read.map_err(|error| LoadError::policy(&spec.name, error))?;
        let entry = file_entry(&spec, module);
        if let Source::File(_) = &spec.source {
            spec.source = Source::Stored { from: spec.source.to_string(), bytes: Arc::clone(&bytes) };
        }
        Ok(Self { spec, module, bytes, entry })
    }
}

/// Which policy of a name is to be in force.
#[derive(Debug)]
pub(crate) enum Choice<'a> {
    File(&'a FileEntry),
    Api(&'a ActivePolicy),
}

impl Choice<'_> {
    fn name(&self) -> &str {
        match self {
            Self::File(file) => &file.spec.name,
            Self::Api(active) => &active.policy.name,
        }
    }
}

/// The policies that are to be in force, in order, and the entries that stay removed.
pub(crate) fn merge<'a>(files: &'a [FileEntry], state: &'a State) -> (Vec<Choice<'a>>, Vec<Deleted>) {
    let by_api = || state.active.iter().filter(|active| active.origin == Origin::Api);
    let mut chosen = Vec::with_capacity(files.len());
    let mut deleted = Vec::new();
    for file in files {
        let name = &file.spec.name;
        let removed = Deleted { name: name.clone(), file_entry: file.entry };
        if state.deleted.contains(&removed) {
            deleted.push(removed);
            continue;
        }
        let held = by_api()
            .find(|active| active.policy.name == *name)
            .filter(|active| active.file_entry == Some(file.entry));
        chosen.push(held.map_or(Choice::File(file), Choice::Api));
    }
    // Policies of the admin API alone. One whose entry was removed from the configuration goes with it.
    let alone = by_api().filter(|active| {
        active.file_entry.is_none() && !files.iter().any(|file| file.spec.name == active.policy.name)
    });
    chosen.extend(alone.map(Choice::Api));
    // With policies of the admin API among them, the order is the one in force; new entries come last.
    if by_api().next().is_some() {
        let position = |choice: &Choice<'_>| {
            let position = state.active.iter().position(|active| active.policy.name == choice.name());
            position.unwrap_or(usize::MAX)
        };
        chosen.sort_by_key(position);
    }
    (chosen, deleted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::SavedPolicy;
    use crate::tests::spec;

    fn file(name: &str, module: &[u8]) -> FileEntry {
        FileEntry::read(spec(name, module)).unwrap()
    }

    fn by_api(name: &str, file_entry: Option<Digest>) -> ActivePolicy {
        ActivePolicy {
            policy: SavedPolicy::new(&spec(name, b"api"), Digest::of(b"api")),
            revision: "api".into(),
            hooks: Vec::new(),
            origin: Origin::Api,
            file_entry,
            since: 0,
            by: "root".into(),
        }
    }

    fn chosen(files: &[FileEntry], state: &State) -> Vec<String> {
        let describe = |choice: &Choice<'_>| match choice {
            Choice::File(file) => format!("file {}", file.spec.name),
            Choice::Api(active) => format!("api {}", active.policy.name),
        };
        merge(files, state).0.iter().map(describe).collect()
    }

    #[test]
    fn a_policy_of_the_api_holds_until_its_entry_changes() {
        let files = [file("a", b"1"), file("b", b"1")];
        let state =
            State { active: vec![by_api("b", Some(files[1].entry)), by_api("c", None)], ..State::default() };
        assert_eq!(chosen(&files, &state), ["api b", "api c", "file a"]);
        let changed = [file("a", b"1"), file("b", b"2")];
        assert_eq!(chosen(&changed, &state), ["file b", "api c", "file a"]);
        assert_eq!(chosen(&files[..1], &state), ["api c", "file a"], "an entry that is gone is changed");
        let named_now = [file("c", b"1")];
        assert_eq!(chosen(&named_now, &state), ["file c"]);
    }

    #[test]
    fn a_removed_policy_stays_removed_until_its_entry_changes() {
        let files = [file("a", b"1")];
        let removed = Deleted { name: "a".into(), file_entry: files[0].entry };
        let state = State { deleted: vec![removed.clone()], ..State::default() };
        assert!(chosen(&files, &state).is_empty());
        assert_eq!(merge(&files, &state).1, [removed]);
        let changed = [file("a", b"2")];
        assert_eq!(chosen(&changed, &state), ["file a"]);
        assert!(merge(&changed, &state).1.is_empty());
    }
}
