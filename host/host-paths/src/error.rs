//! Why a path cannot be resolved.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// The root of the daemon's file system cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open `{}`, where the daemon's file system is said to be", root.display())]
pub struct OpenRootError {
    pub(crate) root: PathBuf,
    pub(crate) source: io::Error,
}

/// Why what a path leads to is not known. The text is for the operator: it may name what the client must not know to be
/// there. [`ResolveError::for_client`] is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// More symbolic links than the kernel follows.
    #[error("`{path}` leads through more than {} symbolic links", crate::limits::MAX_LINKS)]
    TooManyLinks {
        /// As the request names it.
        path: String,
    },
    /// A link in `/proc` is no path: it leads to what a process has open.
    #[error("`{path}` leads through `{link}`, which is another file for each process")]
    ProcessLink {
        /// As the request names it.
        path: String,
        /// The link.
        link: String,
    },
    /// Something on the way is a file.
    #[error("`{path}` leads through `{file}`, which is no directory")]
    NotADirectory {
        /// As the request names it.
        path: String,
        /// What is no directory.
        file: String,
    },
    /// This process may not look.
    #[error(
        "what `{path}` leads to cannot be seen: Portcullis may not look into `{directory}`; the operator gives it the \
         capability CAP_DAC_READ_SEARCH, or removes `host_root`"
    )]
    Denied {
        /// As the request names it.
        path: String,
        /// What it may not look into.
        directory: String,
    },
    /// Longer, or deeper, than any path that dockerd could use.
    #[error(
        "a path of the request is longer than {} bytes, or lies below more than {} directories",
        crate::limits::MAX_BYTES,
        crate::limits::MAX_DEPTH
    )]
    TooLong,
    /// Another error of the file system.
    #[error("what `{path}` leads to cannot be seen: {error}")]
    Io {
        /// As the request names it.
        path: String,
        /// The error number's own text.
        error: String,
    },
    /// The file system did not answer in time, e.g. one of another machine.
    #[error("what the paths of this request lead to could not be seen in time; try again")]
    Timeout,
    /// Too many requests wait for file systems that do not answer.
    #[error("too many requests wait for the file system; try again")]
    Overloaded,
    /// More paths than a request may name.
    #[error("the request names more than {} paths of the host", crate::limits::MAX_PATHS)]
    TooManyPaths,
}

impl ResolveError {
    /// What a client may read: nothing about files that it only guesses.
    #[must_use]
    pub fn for_client(&self) -> String {
        match self {
            Self::TooManyLinks { path }
            | Self::ProcessLink { path, .. }
            | Self::NotADirectory { path, .. }
            | Self::Denied { path, .. }
            | Self::Io { path, .. } => format!(
                "what `{}` leads to cannot be seen; use another path, or ask the operator, whose record of this \
                 decision says why",
                shown(path)
            ),
            Self::TooLong | Self::Timeout | Self::Overloaded | Self::TooManyPaths => self.to_string(),
        }
    }

    /// The rule by which a request is refused.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        if self.is_temporary() { Self::BUSY } else { Self::UNKNOWN }
    }

    /// The rule for what the same request may pass later.
    pub const BUSY: &str = "host:real-path-timeout";
    /// The rule for the other reasons.
    pub const UNKNOWN: &str = "host:real-path";

    /// Whether the same request may pass later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Timeout | Self::Overloaded)
    }
}

/// A path as a reason holds it: a long one is cut.
fn shown(path: &str) -> Cow<'_, str> {
    const SHOWN: usize = 200;
    if path.chars().count() <= SHOWN {
        return path.into();
    }
    path.chars().take(SHOWN).chain(['…']).collect::<String>().into()
}
