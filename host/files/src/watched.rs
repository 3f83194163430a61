//! The parsed contents of one or several files, replaced when the files change.
//!
//! Changes are found by content, not by time or inode: a file may be copied, renamed, rewritten in place, or be behind
//! a symbolic link that is swapped. New contents are taken when two readings [`SETTLE`] apart agree, so a file that is
//! being written is not taken half way. Several files are read and taken together, e.g. a certificate and its key.
//!
//! Contents that cannot be read or parsed change nothing: the last good value stays in force, the log says so once,
//! and [`Watched::status`] says so until the file is good again. With `max_stale` that value is not given out any
//! more once the failure has lasted that long.

mod stamp;

#[cfg(test)]
mod tests;

use arc_swap::{ArcSwap, ArcSwapOption};
use portcullis_errors::chain;
use sha2::{Digest as _, Sha256};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The contents of several files, wiped when dropped.
type Contents = Vec<Zeroizing<Vec<u8>>>;

use crate::status::{Failure, FileStatus, StaleError};
use crate::watcher::{FileWatcher, Watch};
use crate::{Access, FileError, read};
pub(crate) use stamp::Stamp;

/// How long new contents must stay the same before they are taken.
pub(crate) const SETTLE: Duration = Duration::from_millis(200);

type BoxError = Box<dyn Error + Send + Sync>;
type Parse<T> = Box<dyn Fn(&[&[u8]]) -> Result<T, BoxError> + Send + Sync>;
type Fingerprint = [u8; 32];

/// Files that are read and taken together.
#[derive(Debug, Clone)]
pub struct FileSet {
    /// What the files hold, in the plural, e.g. `passwords`. For the log and metrics.
    pub kind: &'static str,
    /// The files. There is at least one.
    pub files: Vec<(PathBuf, Access)>,
    /// How long the last good value stays in force while the files cannot be used; without one, until they can.
    pub max_stale: Option<Duration>,
}

impl FileSet {
    /// One file, whose last good value stays in force until there is a new one.
    pub fn file(kind: &'static str, path: impl Into<PathBuf>, access: Access) -> Self {
        Self { kind, files: vec![(path.into(), access)], max_stale: None }
    }

    /// The first file, which stands for all of them.
    fn path(&self) -> &Path {
        self.files.first().map_or(Path::new(""), |(path, _)| path)
    }
}

/// The value of files. Clones share it. It is watched until the last clone is dropped.
pub struct Watched<T>(Arc<Inner<T>>);

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<T> {
    set: FileSet,
    parse: Parse<T>,
    value: ArcSwap<T>,
    failing: ArcSwapOption<Failing>,
    known: Mutex<Known>,
}

/// Why the files cannot be used, and since when.
struct Failing {
    since: Instant,
    reason: String,
}

struct Known {
    /// The contents in force.
    fingerprint: Fingerprint,
    /// The files as they were when those contents were last found on disk; absent if they must be read to know.
    stamps: Option<Vec<Stamp>>,
    /// Other contents, and when they were first seen.
    candidate: Option<(Fingerprint, Instant)>,
}

/// Why files that were to be read again cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReloadError(BoxError);

impl<T: Send + Sync + 'static> Watched<T> {
    /// Reads the files, and has `watcher` watch them. `parse` gets the contents in the order of the files.
    ///
    /// # Errors
    /// A file cannot be read, or `parse` refuses it.
    pub fn open<E: Error + From<FileError> + Send + Sync + 'static>(
        set: FileSet,
        watcher: &FileWatcher,
        parse: impl Fn(&[&[u8]]) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let stamps = Stamp::of_all(&set.files);
        let contents = read_all(&set.files)?;
        let value = parse(&slices(&contents))?;
        let known = Known { fingerprint: fingerprint(&contents), stamps, candidate: None };
        let inner = Arc::new(Inner {
            set,
            parse: Box::new(move |contents| parse(contents).map_err(Into::into)),
            value: ArcSwap::from_pointee(value),
            failing: ArcSwapOption::empty(),
            known: Mutex::new(known),
        });
        let watch: Arc<dyn Watch> = Arc::clone(&inner) as _;
        watcher.add(&watch);
        Ok(Self(inner))
    }

    /// The value in force at `now`.
    ///
    /// # Errors
    /// The files cannot be used for longer than `max_stale`.
    pub fn current(&self, now: Instant) -> Result<Arc<T>, StaleError> {
        if let Some(max_stale) = self.0.set.max_stale
            && let Some(failing) = &*self.0.failing.load()
            && now.saturating_duration_since(failing.since) > max_stale
        {
            return Err(StaleError { kind: self.0.set.kind, max_stale, reason: failing.reason.clone() });
        }
        Ok(self.0.value.load_full())
    }

    /// The last good value, however old it is.
    pub fn last_good(&self) -> Arc<T> {
        self.0.value.load_full()
    }

    /// Reads the files now, and says whether they have changed. Unlike the watcher it does not wait for contents to
    /// settle: it is called when the operator reloads, and so says that the files are complete.
    ///
    /// # Errors
    /// The files cannot be used. The last good value stays in force.
    pub fn reload(&self) -> Result<bool, ReloadError> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = Stamp::of_all(&self.0.set.files);
        let taken = self.0.read_again().and_then(|(contents, fingerprint)| {
            let changed = fingerprint != known.fingerprint;
            if changed {
                self.0.take(&contents, fingerprint, &mut known)?;
            }
            Ok(changed)
        });
        known.candidate = None;
        match taken {
            Ok(changed) => {
                known.stamps = stamps;
                self.0.failing.store(None);
                Ok(changed)
            }
            Err(error) => {
                self.0.failed(&*error, Instant::now(), &mut known);
                Err(ReloadError(error))
            }
        }
    }

    /// Whether the value in force is still that of the files.
    pub fn status(&self) -> FileStatus {
        self.0.file_status(Instant::now())
    }
}

impl<T> Inner<T> {
    fn file_status(&self, now: Instant) -> FileStatus {
        let failure = self.failing.load_full().map(|failing| {
            let lasting = now.saturating_duration_since(failing.since);
            let denies = self.set.max_stale.is_some_and(|limit| lasting > limit);
            Failure { reason: failing.reason.clone(), lasting, denies }
        });
        FileStatus { kind: self.set.kind, path: self.set.path().to_owned(), failure }
    }

    fn read_again(&self) -> Result<(Contents, Fingerprint), BoxError> {
        let contents = read_all(&self.set.files)?;
        let fingerprint = fingerprint(&contents);
        Ok((contents, fingerprint))
    }

    fn take(
        &self,
        contents: &[Zeroizing<Vec<u8>>],
        fingerprint: Fingerprint,
        known: &mut Known,
    ) -> Result<(), BoxError> {
        self.value.store(Arc::new((self.parse)(&slices(contents))?));
        known.fingerprint = fingerprint;
        let FileSet { kind, .. } = self.set;
        tracing::info!(kind, path = %self.set.path().display(), "the file has been read again");
        Ok(())
    }

    /// Notes a failure. Its beginning stays that of the first one, and the log is told of each reason once.
    fn failed(&self, error: &(dyn Error + 'static), now: Instant, known: &mut Known) {
        known.stamps = None;
        let reason = chain(error);
        let before = self.failing.load_full();
        if before.as_ref().is_none_or(|before| before.reason != reason) {
            let FileSet { kind, max_stale, .. } = self.set;
            let limit = max_stale
                .map_or_else(|| "none".into(), |limit| humantime::format_duration(limit).to_string());
            tracing::warn!(
                kind,
                path = %self.set.path().display(),
                error = reason,
                max_stale = limit,
                "the file cannot be used; what it said before stays in force"
            );
        }
        let since = before.map_or(now, |before| before.since);
        self.failing.store(Some(Arc::new(Failing { since, reason })));
    }

    /// Notes that the contents in force are those on disk.
    fn recovered(&self) {
        if self.failing.swap(None).is_some() {
            let FileSet { kind, .. } = self.set;
            tracing::info!(kind, path = %self.set.path().display(), "the file can be used again");
        }
    }
}

impl<T: Send + Sync + 'static> Watch for Inner<T> {
    fn paths(&self) -> Vec<PathBuf> {
        self.set.files.iter().map(|(path, _)| path.clone()).collect()
    }

    fn look(&self, now: Instant, _is_whole: bool) -> Option<Instant> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = Stamp::of_all(&self.set.files);
        if stamps.is_some() && stamps == known.stamps {
            return None;
        }
        let (contents, fingerprint) = match self.read_again() {
            Ok(read) => read,
            Err(error) => {
                known.candidate = None;
                self.failed(&*error, now, &mut known);
                return None;
            }
        };
        if fingerprint == known.fingerprint {
            known.candidate = None;
            known.stamps = stamps;
            self.recovered();
            return None;
        }
        let since = match known.candidate {
            Some((candidate, since)) if candidate == fingerprint => since,
            _ => now,
        };
        let settled = since + SETTLE;
        if now < settled {
            known.candidate = Some((fingerprint, since));
            return Some(settled);
        }
        match self.take(&contents, fingerprint, &mut known) {
            Ok(()) => {
                known.candidate = None;
                known.stamps = stamps;
                self.failing.store(None);
            }
            // The candidate stays: it is read again at each look, and parsed again.
            Err(error) => self.failed(&*error, now, &mut known),
        }
        None
    }

    fn status(&self, now: Instant) -> Option<FileStatus> {
        Some(self.file_status(now))
    }
}

fn read_all(files: &[(PathBuf, Access)]) -> Result<Vec<Zeroizing<Vec<u8>>>, FileError> {
    files.iter().map(|(path, access)| read(path, *access)).collect()
}

fn slices(contents: &[Zeroizing<Vec<u8>>]) -> Vec<&[u8]> {
    contents.iter().map(|content| &content[..]).collect()
}

/// Each content with its length before it, so that no two lists of contents are one.
fn fingerprint(contents: &[Zeroizing<Vec<u8>>]) -> Fingerprint {
    let mut sha256 = Sha256::new();
    for content in contents {
        sha256.update((content.len() as u64).to_be_bytes());
        sha256.update(&**content);
    }
    sha256.finalize().into()
}
