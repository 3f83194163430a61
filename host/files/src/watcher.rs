//! The thread that notices changes of files.
//!
//! inotify tells of changes within milliseconds. It is only a hint: every file is also polled, slowly where inotify
//! works, and every [`POLL_REMOTE`] on network file systems or where inotify cannot be had. A look at a file that has
//! not changed is one `stat(2)`.

#[cfg(test)]
mod tests;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{io, thread};

use crate::path::{directories, misses_changes, names};
use crate::status::FileStatus;

/// How often a file is polled beside inotify.
const POLL: Duration = Duration::from_secs(10);
/// How often a file is polled where inotify cannot see it.
const POLL_REMOTE: Duration = Duration::from_secs(1);
/// How long events are gathered before files are looked at: a rename or a rewrite is several of them.
const GATHER: Duration = Duration::from_millis(20);

/// How long events are gathered where the last one said that a file is whole.
const GATHER_WHOLE: Duration = Duration::from_millis(3);

/// Something that is looked at when files may have changed.
pub(crate) trait Watch: Send + Sync {
    /// Its files.
    fn paths(&self) -> Vec<PathBuf>;

    /// Looks whether they have changed, and says when to look again if that is to be soon. `is_whole` if all that happened
    /// since the last look is that files were closed after writing, or moved to their place.
    fn look(&self, now: Instant, is_whole: bool) -> Option<Instant>;

    /// The state of its files, where it knows whether they can be used.
    fn status(&self, now: Instant) -> Option<FileStatus>;
}

/// Watches files in a thread of its own. Clones share it; the thread ends when the last one is dropped.
#[derive(Clone)]
pub struct FileWatcher(Arc<Shared>);

struct Shared {
    watched: Arc<Mutex<Vec<Weak<dyn Watch>>>>,
    messages: Option<Sender<Message>>,
}

enum Message {
    /// Something happened in a watched directory.
    Changed {
        /// A file was closed after writing, or moved to its place.
        is_whole: bool,
    },
    /// Another file is watched.
    Added,
    Stop,
}

impl FileWatcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub fn start() -> io::Result<Self> {
        let watched = Arc::default();
        let (messages, received) = mpsc::channel();
        let thread = Thread::new(Arc::clone(&watched), messages.clone());
        thread::Builder::new().name("file-watcher".into()).spawn(move || thread.run(&received))?;
        Ok(Self(Arc::new(Shared { watched, messages: Some(messages) })))
    }

    /// A watcher without a thread, which notices nothing: for commands that end at once, and for tests.
    pub fn idle() -> Self {
        Self(Arc::new(Shared { watched: Arc::default(), messages: None }))
    }

    /// The state of every watched file.
    pub fn statuses(&self) -> Vec<FileStatus> {
        let now = Instant::now();
        alive(&self.0.watched).iter().filter_map(|watch| watch.status(now)).collect()
    }

    pub(crate) fn add(&self, watch: &Arc<dyn Watch>) {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(watch));
        if let Some(messages) = &self.0.messages {
            // INVARIANT: the thread receives until it is told to stop, which happens when `self` is dropped.
            let _ = messages.send(Message::Added);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(messages) = &self.messages {
            let _ = messages.send(Message::Stop);
        }
    }
}

/// The files that are still in use; the others are removed from the list.
fn alive(watched: &Mutex<Vec<Weak<dyn Watch>>>) -> Vec<Arc<dyn Watch>> {
    let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    watched.retain(|watch| watch.strong_count() > 0);
    watched.iter().filter_map(Weak::upgrade).collect()
}

/// Names on the ways to all watched files, for inotify's own thread.
type Names = Arc<Mutex<BTreeSet<OsString>>>;

struct Thread {
    watched: Arc<Mutex<Vec<Weak<dyn Watch>>>>,
    names: Names,
    inotify: Option<RecommendedWatcher>,
    directories: BTreeSet<PathBuf>,
    /// inotify does not see every change.
    polls_fast: bool,
    told: Option<String>,
}

impl Thread {
    fn new(watched: Arc<Mutex<Vec<Weak<dyn Watch>>>>, messages: Sender<Message>) -> Self {
        let names = Names::default();
        let known = Arc::clone(&names);
        let inotify = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let matters = |event: &Event| is_change(event) && concerns(event, &known);
            if event.as_ref().map_or(true, matters) {
                let _ = messages.send(Message::Changed { is_whole: event.as_ref().is_ok_and(is_whole) });
            }
        });
        let mut thread = Self {
            watched,
            names,
            inotify: None,
            directories: BTreeSet::new(),
            polls_fast: true,
            told: None,
        };
        match inotify {
            Ok(inotify) => thread.inotify = Some(inotify),
            Err(error) => thread.tell(&error),
        }
        thread
    }

    fn run(mut self, received: &Receiver<Message>) {
        let mut next = Instant::now();
        let mut whole = false;
        loop {
            match received.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Message::Changed { is_whole }) => {
                    // What is written last decides: an event of a write is followed by one of the closing.
                    whole = is_whole;
                    next = next.min(Instant::now() + if is_whole { GATHER_WHOLE } else { GATHER });
                }
                // inotify must watch the file's directories from now on.
                Ok(Message::Added) => next = Instant::now(),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    next = self.look(Instant::now(), whole);
                    whole = false;
                }
            }
        }
    }

    /// Looks at every file, and says when to do so again.
    fn look(&mut self, now: Instant, is_whole: bool) -> Instant {
        let watched = alive(&self.watched);
        // First the directories, then the files: a change after the look is told by an event.
        self.watch_directories(&watched);
        let mut next = now + if self.polls_fast { POLL_REMOTE } else { POLL };
        for watch in &watched {
            match catch_unwind(AssertUnwindSafe(|| watch.look(now, is_whole))) {
                Ok(again) => next = again.map_or(next, |again| again.min(next)),
                Err(_) => {
                    tracing::error!(paths = ?watch.paths(), "looking at a file failed; it is tried again");
                }
            }
        }
        next
    }

    /// Has inotify watch the directories of all files. They are computed anew each time: a symbolic link may lead to
    /// another directory by now, and a directory may be another one by the same name.
    fn watch_directories(&mut self, watched: &[Arc<dyn Watch>]) {
        let wanted: BTreeSet<PathBuf> =
            watched.iter().flat_map(|watch| watch.paths()).flat_map(|path| directories(&path)).collect();
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) =
            watched.iter().flat_map(|watch| watch.paths()).flat_map(|path| names(&path)).collect();
        self.polls_fast = wanted.iter().any(|directory| misses_changes(directory));
        let Some(inotify) = &mut self.inotify else {
            self.polls_fast = !wanted.is_empty();
            return;
        };
        for gone in self.directories.difference(&wanted) {
            // The system may have dropped it already, with the directory.
            let _ = inotify.unwatch(gone);
        }
        let failed = wanted.iter().filter_map(|path| watch_directory(inotify, path).err()).last();
        self.directories = wanted;
        if let Some(error) = failed {
            self.polls_fast = true;
            self.tell(&error);
        }
    }

    fn tell(&mut self, error: &notify::Error) {
        let error = error.to_string();
        if self.told.as_ref() != Some(&error) {
            let every = humantime::format_duration(POLL_REMOTE);
            tracing::warn!(error, "changes of files cannot be watched; files are looked at every {every}");
        }
        self.told = Some(error);
    }
}

fn watch_directory(inotify: &mut RecommendedWatcher, path: &Path) -> notify::Result<()> {
    inotify.watch(path, RecursiveMode::NonRecursive)
}

/// Whether the event is of a name on the way to a watched file. A log beside the configuration changes all the time.
fn concerns(event: &Event, names: &Names) -> bool {
    let names = names.lock().unwrap_or_else(PoisonError::into_inner);
    let known = |path: &PathBuf| path.file_name().is_none_or(|name| names.contains(name));
    event.paths.is_empty() || event.paths.iter().any(known)
}

/// Whether the event is the last one of a file that is written or moved.
fn is_whole(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both))
    )
}

/// Reading a file is no change of it: else our own looks would cause more of them.
fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}
