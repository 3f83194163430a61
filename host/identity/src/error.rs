//! Why a source of identity cannot be used at all.

use std::io;
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
    /// A value that cannot be worked with.
    #[error("`{key}` {reason}")]
    Value {
        /// The option's name.
        key: &'static str,
        /// What is wrong with it; follows the name.
        reason: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The CA file, or the system's own store of CAs.
    #[error("{0}")]
    Ca(String),
    /// The file of tokens says something that cannot be used.
    #[error("`{path}`{place}: {reason}", path = path.display(), place = line.map(|line| format!(" line {line}")).unwrap_or_default())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Where, counted from one.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}
