//! Whether the contents in force are still those on disk.

use std::path::PathBuf;
use std::time::Duration;

/// The state of one watched file, or of several that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// What it holds, e.g. `passwords`.
    pub kind: &'static str,
    /// The first of its files.
    pub path: PathBuf,
    /// Why it cannot be used now, and since when; absent while all is well.
    pub failure: Option<Failure>,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why, with its causes.
    pub reason: String,
    /// For how long.
    pub lasting: Duration,
    /// It has lasted longer than `max_stale`: what the file said before is not in force any more.
    pub denies: bool,
}

impl std::fmt::Display for FileStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, path, failure } = self;
        let path = path.display();
        let Some(Failure { reason, lasting, denies }) = failure else {
            return write!(f, "the file of {kind} `{path}` is in force");
        };
        let lasting = humantime::format_duration(Duration::from_secs(lasting.as_secs()));
        let effect =
            if *denies { "requests that need it are denied" } else { "its last good state is in force" };
        write!(f, "the file of {kind} `{path}` cannot be used for {lasting}, {effect}: {reason}")
    }
}

/// The contents in force are older than `max_stale` allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file of {kind} cannot be used for longer than {}: {reason}", humantime::format_duration(*max_stale))]
pub struct StaleError {
    /// What the file holds.
    pub kind: &'static str,
    /// The limit.
    pub max_stale: Duration,
    /// Why the file cannot be used, with its causes.
    pub reason: String,
}
