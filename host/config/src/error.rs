//! Errors of the configuration: one line each, which says where.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use crate::{Location, SourceFile};

/// An error of the configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file does not exist, or cannot be read.
    #[error("cannot read `{}`: {error}", file.display())]
    Read {
        /// Its path.
        file: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A value is wrong.
    #[error("{location}: {message}")]
    Wrong {
        /// Where it is.
        location: Location,
        /// What is wrong, and what to write instead.
        message: String,
    },
    /// An environment variable is wrong.
    #[error("the environment variable `{name}`: {message}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wrong, and what to write instead.
        message: String,
    },
}

impl ConfigError {
    /// The same error, caused by an environment variable.
    #[must_use]
    pub fn of_variable(self, name: &str) -> Self {
        match self {
            Self::Wrong { message, .. } => Self::Variable { name: name.to_owned(), message },
            other => other,
        }
    }
}

impl Location {
    /// An error about this location.
    pub fn wrong(&self, message: impl fmt::Display) -> ConfigError {
        ConfigError::Wrong { location: self.clone(), message: message.to_string() }
    }
}

impl SourceFile<'_> {
    /// An error about a span.
    pub fn wrong(&self, span: &Range<usize>, message: impl fmt::Display) -> ConfigError {
        self.at(span).wrong(message)
    }
}
