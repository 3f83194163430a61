//! A file that is read again when it changes.
//!
//! Whoever needs it looks whether it has changed, at most once a second: there is no task that could die unnoticed.
//! While it cannot be used, what it said before holds; the log is told once.

use arc_swap::ArcSwap;
use ring::digest::{Digest, SHA256, digest};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::IdentityError;
use crate::file::{self, Kind};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// File systems tell time in steps: a file that changed less than that ago may change again and look the same.
const STEP: Duration = Duration::from_secs(2);

type Parse<T> = Box<dyn Fn(&Path, &[u8]) -> Result<T, IdentityError> + Send + Sync>;

/// What a file says, as it was when it was last read.
pub(super) struct Watched<T> {
    path: PathBuf,
    kind: Kind,
    parse: Parse<T>,
    value: ArcSwap<T>,
    looked: Mutex<Instant>,
    known: Mutex<Known>,
}

struct Known {
    stamp: Option<Stamp>,
    digest: Digest,
    told: Option<String>,
}

/// What differs when a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl<T: Send + Sync + 'static> Watched<T> {
    pub(super) fn open(
        path: PathBuf,
        kind: Kind,
        parse: impl Fn(&Path, &[u8]) -> Result<T, IdentityError> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, IdentityError> {
        let stamp = Stamp::of(&path);
        let contents = file::read(&path, kind)?;
        let value = parse(&path, &contents)?;
        let known = Known { stamp: settled(stamp), digest: digest(&SHA256, &contents), told: None };
        Ok(Arc::new(Self {
            path,
            kind,
            parse: Box::new(parse),
            value: ArcSwap::from_pointee(value),
            looked: Mutex::new(Instant::now()),
            known: Mutex::new(known),
        }))
    }

    /// What it says. `now` is when that is asked.
    pub(super) async fn current(self: &Arc<Self>, now: Instant) -> Arc<T> {
        if self.due(now) {
            let watched = Arc::clone(self);
            if let Err(error) = tokio::task::spawn_blocking(move || watched.look()).await {
                tracing::error!(path = %self.path.display(), %error, "the file could not be looked at");
            }
        }
        self.value.load_full()
    }

    /// Reads it now, and says what is wrong with it.
    pub(super) fn recheck(&self) -> Result<(), IdentityError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, digest)) = self.read(&known.digest)? {
            self.value.store(Arc::new(value));
            known.digest = digest;
        }
        known.told = None;
        Ok(())
    }

    fn due(&self, now: Instant) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now.saturating_duration_since(*looked) >= EVERY;
        if due {
            *looked = now;
        }
        due
    }

    fn look(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(&self.path);
        if stamp.is_some() && stamp == known.stamp {
            return;
        }
        match self.read(&known.digest) {
            Ok(read) => {
                if let Some((value, digest)) = read {
                    self.value.store(Arc::new(value));
                    known.digest = digest;
                    tracing::info!(path = %self.path.display(), "the file has been read again");
                }
                known.told = None;
            }
            Err(error) => {
                let error = error.to_string();
                if known.told.as_ref() != Some(&error) {
                    tracing::warn!(error, "the file cannot be used; what it said before holds");
                }
                known.told = Some(error);
            }
        }
        known.stamp = settled(stamp);
    }

    /// What it says now, unless that is the same.
    fn read(&self, known: &Digest) -> Result<Option<(T, Digest)>, IdentityError> {
        let contents = file::read(&self.path, self.kind)?;
        let digest = digest(&SHA256, &contents);
        if digest.as_ref() == known.as_ref() {
            return Ok(None);
        }
        Ok(Some(((self.parse)(&self.path, &contents)?, digest)))
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            place: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// The stamp, if it is old enough to be told from that of the next change.
fn settled(stamp: Option<Stamp>) -> Option<Stamp> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let old = i64::try_from(now.saturating_sub(STEP).as_secs()).ok()?;
    stamp.filter(|stamp| stamp.changed.0 < old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[tokio::test]
    async fn it_is_read_again_when_it_changes_and_no_more_than_once_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, "one");
        let parsed = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&parsed);
        let watched = Watched::open(path.clone(), Kind::Secret, move |path, contents| {
            counted.fetch_add(1, Ordering::SeqCst);
            let text = String::from_utf8(contents.to_vec()).unwrap();
            let wrong = || IdentityError::File { path: path.into(), line: None, reason: "bad".into() };
            (text != "bad").then_some(text).ok_or_else(wrong)
        })
        .unwrap();
        let mut now = Instant::now();
        let steps: &[(&dyn Fn(), u64, &str, usize)] = &[
            (&|| {}, 0, "one", 1),
            (&|| {}, 1, "one", 1),
            (&|| write(&path, "two"), 0, "one", 1),
            (&|| {}, 1, "two", 2),
            (&|| write(&path, "bad"), 1, "two", 3),
            (&|| fs::remove_file(&path).unwrap(), 1, "two", 3),
            (&|| write(&path, "two"), 1, "two", 3),
            (&|| fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap(), 1, "two", 3),
            (&|| write(&path, "six"), 1, "six", 4),
        ];
        for (at, (step, seconds, expected, times)) in steps.iter().enumerate() {
            step();
            now += Duration::from_secs(*seconds);
            assert_eq!(*watched.current(now).await, **expected, "step {at}");
            assert_eq!(parsed.load(Ordering::SeqCst), *times, "step {at}");
        }
    }

    #[test]
    fn what_is_wrong_with_it_is_told_on_demand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, "one");
        let watched = Watched::open(path.clone(), Kind::Secret, |path, contents| {
            let text = String::from_utf8(contents.to_vec()).unwrap();
            let wrong = || IdentityError::File { path: path.into(), line: None, reason: "bad".into() };
            (text != "bad").then_some(text).ok_or_else(wrong)
        })
        .unwrap();
        write(&path, "two");
        watched.recheck().unwrap();
        assert_eq!(**watched.value.load(), "two");
        write(&path, "bad");
        assert!(watched.recheck().is_err());
        fs::remove_file(&path).unwrap();
        assert!(watched.recheck().is_err());
        assert_eq!(**watched.value.load(), "two");
    }

    #[test]
    fn a_stamp_is_believed_only_when_it_is_old() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let now = i64::try_from(now.as_secs()).unwrap();
        let stamp = |changed| Stamp { place: (1, 1), size: 1, modified: (0, 0), changed: (changed, 0) };
        assert_eq!(settled(Some(stamp(now))), None);
        assert_eq!(settled(Some(stamp(now + 60))), None);
        assert!(settled(Some(stamp(now - 60))).is_some());
    }
}
