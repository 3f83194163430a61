//! What is wrong with a configuration, in one line that says where.

use std::io;
use std::path::PathBuf;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file is not there, or not readable.
    #[error("cannot read `{}`: {error}", file.display())]
    Read { file: PathBuf, error: io::Error },
    /// A line is wrong.
    #[error("{}:{line}: {message}", file.display())]
    At { file: PathBuf, line: usize, message: String },
    /// Something is wrong that has no line.
    #[error("{}: {message}", file.display())]
    In { file: PathBuf, message: String },
    /// A variable is wrong.
    #[error("the environment variable `{name}`: {message}")]
    Variable { name: String, message: String },
}

/// The line, counted from 1, of a place in `text`.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}
