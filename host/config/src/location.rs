//! The file and line that a value comes from, for error messages.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file that values are read from.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'a> {
    /// Its path.
    pub file: &'a Path,
    /// Its text. Absent where spans would not be those of the file.
    pub text: Option<&'a str>,
    /// The folder that relative paths are relative to.
    pub folder: &'a Path,
}

/// The file and line that one value comes from.
#[derive(Debug, Clone, Default)]
pub struct Location {
    file: PathBuf,
    /// Counted from 1; absent where the value has none.
    line: Option<usize>,
}

impl SourceFile<'_> {
    /// The location of a span.
    pub fn at(&self, span: &Range<usize>) -> Location {
        let line = self.text.map(|text| line_of(text, span.start));
        Location { file: self.file.to_owned(), line }
    }

    /// The file as a whole, e.g. for a default.
    pub fn whole(&self) -> Location {
        Location { file: self.file.to_owned(), line: None }
    }

    /// A path of the configuration, relative to its folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

impl fmt::Display for Location {
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
