//! Why a source of identity cannot be used at all.

use portcullis_files::{FileError, ReloadError};
use portcullis_http_client::RootsError;
use std::path::PathBuf;

/// Why a source of identity cannot be used at all. Every one of them is the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The URL of Keystone, or one that clients are sent to.
    #[error("`{url}` cannot be the URL of Keystone: {reason}")]
    Url {
        /// As it was configured.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The URL of a server other than Keystone.
    #[error("`{url}` cannot be used as `{key}`: {reason}")]
    Server {
        /// The option's name.
        key: &'static str,
        /// As it was configured.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text of the operator's, such as a header's name or a filter, that cannot be used.
    #[error("`{text}` cannot be used as `{key}`: {reason}")]
    Text {
        /// The option's name.
        key: &'static str,
        /// As it was configured.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value that cannot be worked with.
    #[error("`{key}` {reason}")]
    Value {
        /// The option's name.
        key: &'static str,
        /// What is wrong with it; follows the name.
        reason: &'static str,
    },
    /// A file cannot be read, or others may have had a hand in it.
    #[error(transparent)]
    Access(#[from] FileError),
    /// A file that was in use cannot be used any more.
    #[error(transparent)]
    Reload(#[from] ReloadError),
    /// The trusted certificate authorities of a server.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// A file says something that cannot be used.
    #[error("`{path}`{place}: {reason}", path = path.display(), place = line.map(|line| format!(" line {line}")).unwrap_or_default())]
    File {
        /// The file.
        path: PathBuf,
        /// Where, counted from one.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// The system's resolver of names cannot be set up.
    #[error("names cannot be looked up: {0}")]
    Resolver(String),
    /// Reading what is configured came to an end of itself.
    #[error("a source of identity could not be opened: {0}")]
    Interrupted(String),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}
