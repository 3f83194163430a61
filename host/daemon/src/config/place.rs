//! Where something stands in the configuration, for messages.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::ConfigError;

/// Where values come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a Path,
    /// Absent where spans would not be those of the file.
    pub(super) text: Option<&'a str>,
    /// What relative paths are relative to.
    pub(super) folder: &'a Path,
}

/// Where one value comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    file: PathBuf,
    /// Counted from 1; absent where the value has none.
    line: Option<usize>,
}

impl Place<'_> {
    pub(super) fn at(&self, span: &Range<usize>) -> Origin {
        let line = self.text.map(|text| line_of(text, span.start));
        Origin { file: self.file.to_owned(), line }
    }

    /// For what stands nowhere: a default.
    pub(super) fn whole(&self) -> Origin {
        Origin { file: self.file.to_owned(), line: None }
    }

    pub(super) fn wrong(&self, span: &Range<usize>, message: impl fmt::Display) -> ConfigError {
        self.at(span).wrong(message)
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

impl Origin {
    /// What is wrong there.
    pub(crate) fn wrong(&self, message: impl fmt::Display) -> ConfigError {
        ConfigError::Wrong { origin: self.clone(), message: message.to_string() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file.display()),
            None => self.file.display().fmt(f),
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}
