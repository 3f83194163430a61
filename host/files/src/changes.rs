//! Calls a function when one of several files has changed, e.g. the configuration and the modules that it names.
//!
//! The files are not read here: the function's owner reads them, and finds out by their content whether anything is new.
//! A change is told once the file has been closed after writing or moved to its place, or, where the system does not
//! say so, once it has stayed the same for [`SETTLE`].

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::status::FileStatus;
use crate::watched::{SETTLE, Stamp};
use crate::watcher::{FileWatcher, Watch};

/// After a file was closed or moved, how long it must stay the same: a program may write two files.
const SETTLE_WHOLE: Duration = Duration::from_millis(10);

/// File systems keep time in steps: a file that was seen within this time after a change is told once more, since it
/// may have changed again and look the same.
const RECENT: Duration = Duration::from_secs(2);

/// Files whose changes are told. They are watched until this is dropped.
pub struct FileChanges(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    tell: Box<dyn Fn() + Send + Sync>,
}

struct State {
    paths: Vec<PathBuf>,
    /// As they were when their change was told.
    known: Vec<Option<Stamp>>,
    /// Otherwise than that, and when it settles.
    candidate: Option<(Vec<Option<Stamp>>, Instant)>,
    /// When it is told once more.
    again: Option<Instant>,
}

impl FileChanges {
    /// Watches `paths`, and calls `tell` on the watcher's thread when one of them has changed. `tell` must not block.
    pub fn watch(
        paths: Vec<PathBuf>,
        watcher: &FileWatcher,
        tell: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let known = stamps(&paths);
        let state = Mutex::new(State { paths, known, candidate: None, again: None });
        let inner = Arc::new(Inner { state, tell: Box::new(tell) });
        let watch: Arc<dyn Watch> = Arc::clone(&inner) as _;
        watcher.add(&watch);
        Self(inner)
    }

    /// Watches these files from now on. A file that was watched before keeps what was known of it.
    pub fn set_paths(&self, paths: Vec<PathBuf>) {
        let mut state = self.0.lock();
        let before = |path: &PathBuf| state.paths.iter().position(|known| known == path);
        let known = paths
            .iter()
            .map(|path| before(path).map_or_else(|| Stamp::of(path), |at| state.known[at]))
            .collect();
        state.known = known;
        state.paths = paths;
        state.candidate = None;
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamps(paths: &[PathBuf]) -> Vec<Option<Stamp>> {
    paths.iter().map(|path| Stamp::of(path)).collect()
}

impl State {
    /// Whether to tell of a change now, and when to look again.
    fn look(&mut self, now: Instant, is_whole: bool) -> (bool, Option<Instant>) {
        let found = stamps(&self.paths);
        if found == self.known {
            self.candidate = None;
            return match self.again {
                Some(again) if again <= now => {
                    self.again = None;
                    (true, None)
                }
                again => (false, again),
            };
        }
        let settled = now + if is_whole { SETTLE_WHOLE } else { SETTLE };
        let settled = match &self.candidate {
            Some((candidate, before)) if *candidate == found => settled.min(*before),
            _ => settled,
        };
        if now < settled {
            self.candidate = Some((found, settled));
            return (false, Some(settled));
        }
        self.known = found;
        self.candidate = None;
        self.again = Some(now + RECENT);
        (true, self.again)
    }
}

impl Watch for Inner {
    fn paths(&self) -> Vec<PathBuf> {
        self.lock().paths.clone()
    }

    fn look(&self, now: Instant, is_whole: bool) -> Option<Instant> {
        let (told, again) = self.lock().look(now, is_whole);
        if told {
            (self.tell)();
        }
        again
    }

    /// Its user says whether the files can be used.
    fn status(&self, _: Instant) -> Option<FileStatus> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn state(paths: &[PathBuf]) -> State {
        State { paths: paths.to_vec(), known: stamps(paths), candidate: None, again: None }
    }

    #[test]
    fn a_change_is_told_once_it_has_settled_and_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("module");
        fs::write(&path, "one").unwrap();
        let mut state = state(std::slice::from_ref(&path));
        let now = Instant::now();
        assert_eq!(state.look(now, false), (false, None));
        fs::write(&path, "three").unwrap();
        assert_eq!(state.look(now, false), (false, Some(now + SETTLE)));
        fs::write(&path, "seven").unwrap();
        fs::write(&path, "eleven").unwrap();
        let later = now + SETTLE;
        assert_eq!(state.look(later, false), (false, Some(later + SETTLE)), "it changed again");
        let settled = later + SETTLE;
        assert_eq!(state.look(settled, false), (true, Some(settled + RECENT)));
        assert_eq!(state.look(settled, false), (false, Some(settled + RECENT)));
        assert_eq!(
            state.look(settled + RECENT, false),
            (true, None),
            "it may have changed within a step of time"
        );
        assert_eq!(state.look(settled + RECENT * 2, false), (false, None));
    }

    #[test]
    fn a_whole_file_settles_sooner_and_a_missing_one_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("module");
        let mut state = state(std::slice::from_ref(&path));
        let now = Instant::now();
        fs::write(&path, "one").unwrap();
        assert_eq!(state.look(now, true), (false, Some(now + SETTLE_WHOLE)));
        assert!(state.look(now + SETTLE_WHOLE, true).0);
        fs::remove_file(&path).unwrap();
        let then = now + SETTLE;
        assert_eq!(state.look(then, true), (false, Some(then + SETTLE_WHOLE)));
        assert!(state.look(then + SETTLE_WHOLE, true).0);
    }
}
