//! What is wrong with a configuration, in one line that says where.

use std::io;
use std::path::PathBuf;

use super::place::Origin;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file is not there, or not readable.
    #[error("cannot read `{}`: {error}", file.display())]
    Read { file: PathBuf, error: io::Error },
    /// Something in it is wrong.
    #[error("{origin}: {message}")]
    Wrong { origin: Origin, message: String },
    /// A variable is wrong.
    #[error("the environment variable `{name}`: {message}")]
    Variable { name: String, message: String },
}

impl ConfigError {
    /// The same, where it is a variable that is to blame.
    pub(super) fn of_variable(self, name: &str) -> Self {
        match self {
            Self::Wrong { message, .. } => Self::Variable { name: name.to_owned(), message },
            other => other,
        }
    }
}
