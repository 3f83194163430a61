//! What happens to containers while requests about them are decided: requests under way that rename, remove or make one,
//! and what the daemon's events and responses say has changed.
//!
//! A container that was looked up stays valid until a change concerns it. Changes have numbers, so whether one came in
//! between is mostly one comparison. Only the latest are kept; what is older than these counts as changed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Changes that are kept.
const KEPT: usize = 1024;

/// Requests under way at once that rename, remove or make containers.
const MAX_UNDER_WAY: usize = 1024;

/// How long a request is under way at most. Where another plugin refuses it, dockerd never says that it has ended.
const UNDER_WAY: Duration = Duration::from_secs(10);

/// What a request does to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Makes,
    Renames,
    Removes,
    /// Its name stays.
    Updates,
    /// Any container may be removed.
    Prunes,
    /// Any container may be another one.
    All,
}

/// What happens to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) kind: Kind,
    /// Absent where it is not known.
    pub(super) id: Option<String>,
    /// Names that it has, had or gets.
    pub(super) names: Vec<String>,
}

/// How a request names a container, and what that stood for when it was looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'n> {
    pub(super) as_sent: &'n str,
    /// Id and name; absent where the daemon has no such container.
    pub(super) found: Option<(&'n str, &'n str)>,
}

impl Change {
    pub(super) fn all() -> Self {
        Self { kind: Kind::All, id: None, names: Vec::new() }
    }

    pub(super) fn prune() -> Self {
        Self { kind: Kind::Prunes, ..Self::all() }
    }

    /// Whether the name could stand for another container, or the container be another than it was.
    fn concerns(&self, named: Named<'_>) -> bool {
        let Named { as_sent, found } = named;
        let is_same = |id: &str| found.is_some_and(|(found, _)| found == id);
        let has_name = |name: &String| name == as_sent || found.is_some_and(|(_, found)| found == name);
        if matches!(self.kind, Kind::All | Kind::Prunes)
            || self.id.as_deref().is_some_and(is_same)
            || self.names.iter().any(has_name)
        {
            return true;
        }
        // A name that was not found may be the beginning of the new id. One that was found stays what it was: dockerd prefers
        // names to beginnings of ids, and refuses a beginning that two ids have.
        let is_beginning = || match &self.id {
            Some(id) => id.starts_with(as_sent),
            None => as_sent.bytes().all(|byte| byte.is_ascii_hexdigit()),
        };
        self.kind == Kind::Makes && found.is_none() && is_beginning()
    }
}

#[derive(Debug)]
struct UnderWay {
    key: u64,
    since: Instant,
    change: Change,
}

#[derive(Debug, Default)]
struct Log {
    /// The latest change has the number of [`Changes::latest`].
    changes: VecDeque<Change>,
    under_way: Vec<UnderWay>,
}

/// Changes of containers.
#[derive(Debug, Default)]
pub(super) struct Changes {
    latest: AtomicU64,
    log: Mutex<Log>,
}

impl Changes {
    fn open(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the latest change.
    pub(super) fn latest(&self) -> u64 {
        self.latest.load(Ordering::Acquire)
    }

    /// Adds what has happened.
    pub(super) fn add(&self, change: Change) {
        self.append(&mut self.open(), change);
    }

    fn append(&self, log: &mut Log, change: Change) {
        if log.changes.len() >= KEPT {
            log.changes.pop_front();
        }
        log.changes.push_back(change);
        self.latest.fetch_add(1, Ordering::Release);
    }

    /// Whether a change since that number concerns the container.
    pub(super) fn concern(&self, named: Named<'_>, since: u64) -> bool {
        self.latest() != since && self.concern_in(&self.open(), named, since)
    }

    fn concern_in(&self, log: &Log, named: Named<'_>, since: u64) -> bool {
        let later = usize::try_from(self.latest().saturating_sub(since)).unwrap_or(usize::MAX);
        let known = log.changes.len();
        later > known || log.changes.iter().skip(known - later).any(|change| change.concerns(named))
    }

    /// Whether a request under way renames, makes or removes the container, removals only where `with_removals`.
    pub(super) fn under_way(&self, named: Named<'_>, with_removals: bool, now: Instant) -> bool {
        let mut log = self.open();
        self.end_old(&mut log, now);
        let counts = |kind| match kind {
            Kind::Updates => false,
            Kind::Removes | Kind::Prunes => with_removals,
            _ => true,
        };
        log.under_way.iter().any(|other| counts(other.change.kind) && other.change.concerns(named))
    }

    /// A request that is about to go on. Returns false where too many are under way.
    pub(super) fn begin(&self, key: u64, change: Change, now: Instant) -> bool {
        let mut log = self.open();
        self.end_old(&mut log, now);
        let has_room = log.under_way.len() < MAX_UNDER_WAY;
        if has_room {
            log.under_way.push(UnderWay { key, since: now, change });
        }
        has_room
    }

    /// The daemon has carried a request out, or failed to.
    pub(super) fn end(&self, key: u64) {
        let mut log = self.open();
        if let Some(at) = log.under_way.iter().position(|other| other.key == key) {
            let ended = log.under_way.swap_remove(at);
            self.append(&mut log, ended.change);
        }
    }

    fn end_old(&self, log: &mut Log, now: Instant) {
        while let Some(at) =
            log.under_way.iter().position(|other| now.duration_since(other.since) >= UNDER_WAY)
        {
            let ended = log.under_way.swap_remove(at);
            self.append(log, ended.change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ab12";
    const OTHER: &str = "ab99";

    fn named(as_sent: &str) -> Named<'_> {
        Named { as_sent, found: Some((ID, "web")) }
    }

    fn change(kind: Kind, id: Option<&str>, names: &[&str]) -> Change {
        Change { kind, id: id.map(str::to_owned), names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    #[test]
    fn a_change_concerns_its_container_and_its_names() {
        let missing = |as_sent| Named { as_sent, found: None };
        for (change, named, expected) in [
            (change(Kind::Removes, Some(ID), &[]), named("web"), true),
            (change(Kind::Removes, Some(OTHER), &["db"]), named("web"), false),
            (change(Kind::Renames, Some(OTHER), &["db", "web"]), named("web"), true),
            (change(Kind::Renames, Some(OTHER), &["db", "web"]), named(ID), true),
            (change(Kind::Updates, Some(ID), &[]), named("ab"), true),
            (Change::all(), named("web"), true),
            (Change::prune(), named("web"), true),
            // A beginning of an id, with another container that begins so: dockerd refuses it.
            (change(Kind::Makes, Some(OTHER), &["db"]), named("ab"), false),
            (change(Kind::Makes, Some(OTHER), &["db"]), missing("ab"), true),
            (change(Kind::Makes, Some("cd"), &["db"]), named("ab"), false),
            (change(Kind::Makes, Some(OTHER), &["db"]), named("web"), false),
            (change(Kind::Makes, Some(OTHER), &["db"]), named(ID), false),
            // A container that is about to be made, with an id that is not known.
            (change(Kind::Makes, None, &[]), named("ab"), false),
            (change(Kind::Makes, None, &[]), missing("ab"), true),
            (change(Kind::Makes, None, &["db"]), missing("db"), true),
            (change(Kind::Makes, None, &["db"]), missing("other"), false),
            (change(Kind::Removes, None, &[]), missing("ab"), false),
        ] {
            assert_eq!(change.concerns(named), expected, "{change:?} {named:?}");
        }
    }

    #[test]
    fn changes_since_a_number_are_found_and_too_many_count_as_one() {
        let changes = Changes::default();
        let before = changes.latest();
        assert!(!changes.concern(named("web"), before));
        changes.add(change(Kind::Removes, Some(OTHER), &["db"]));
        assert!(!changes.concern(named("web"), before));
        changes.add(change(Kind::Updates, Some(ID), &[]));
        assert!(changes.concern(named("web"), before));
        let after = changes.latest();
        assert!(!changes.concern(named("web"), after));
        for _ in 0..=KEPT {
            changes.add(change(Kind::Removes, Some(OTHER), &["db"]));
        }
        assert!(changes.concern(named("web"), after), "what is not kept may have concerned it");
    }

    #[test]
    fn a_request_under_way_counts_until_it_ends_or_is_old() {
        let (changes, now) = (Changes::default(), Instant::now());
        let before = changes.latest();
        assert!(changes.begin(1, change(Kind::Renames, Some(ID), &["web", "db"]), now));
        assert!(changes.under_way(named("web"), true, now));
        assert!(!changes.concern(named("web"), before), "nothing has happened yet");
        changes.end(2);
        assert!(changes.under_way(named("web"), true, now), "another request has ended");
        changes.end(1);
        assert!(!changes.under_way(named("web"), true, now) && changes.concern(named("web"), before));
        let before = changes.latest();
        assert!(changes.begin(3, change(Kind::Removes, Some(ID), &["web"]), now));
        assert!(changes.under_way(named("web"), true, now) && !changes.under_way(named("web"), false, now));
        assert!(!changes.under_way(named("web"), true, now + UNDER_WAY));
        assert!(changes.concern(named("web"), before));
        assert!(changes.begin(5, Change::prune(), now + UNDER_WAY));
        assert!(changes.under_way(named("web"), true, now + UNDER_WAY));
        assert!(!changes.under_way(named("web"), false, now + UNDER_WAY));
        changes.end(5);
        let begun = (0..2 * MAX_UNDER_WAY).filter(|_| changes.begin(4, Change::all(), now)).count();
        assert_eq!(begun, MAX_UNDER_WAY);
    }
}
