//! Reads and watches files that hold secrets or authenticate users.
//!
//! * [`read`]: reads a file that only its owner and root can change, and a secret one only if others cannot read it
//! * [`Watched`]: the parsed contents of files, replaced when the files change
//! * [`FileChanges`]: calls a function when files have changed
//! * [`FileWatcher`]: the thread that notices changes, by inotify and by polling
//! * [`FileStatus`]: whether the contents in force are still those on disk
//! * [`is_remote`]: whether other machines can change a file system
//!
//! A file that cannot be used any more keeps what it said before in force. `max_stale` limits for how long.

mod access;
mod changes;
mod path;
mod status;
mod watched;
mod watcher;

pub use access::{Access, FileError, MAX_BYTES, read};
pub use changes::FileChanges;
pub use path::is_remote;
pub use status::{FileStatus, StaleError};
pub use watched::{FileSet, ReloadError, Watched};
pub use watcher::FileWatcher;
