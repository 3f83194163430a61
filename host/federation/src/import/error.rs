//! What is wrong with AFP's configuration, or only worth knowing.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why nothing could be imported. No text here holds a value that could be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file or folder is not readable.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing to read.
    #[error("`{}` is no file, no folder that holds `*.yaml`, and no pattern that finds a file", path.display())]
    Nothing {
        /// What was given.
        path: PathBuf,
    },
    /// Places of the configuration, each with what is wrong there, one a line.
    #[error("{}", problems.join("\n"))]
    Wrong {
        /// At least one.
        problems: Vec<String>,
    },
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<Path>,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Place {
    /// Nothing can be read on from here.
    pub(super) fn wrong(&self, what: impl fmt::Display) -> ImportError {
        ImportError::Wrong { problems: vec![one_line(&format!("{self}: {what}"))] }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// What is found on the way, all of it before anything is said.
#[derive(Debug, Default)]
pub(super) struct Findings {
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    pub(super) fn refuse(&mut self, place: &Place, what: impl fmt::Display) {
        self.problems.push(one_line(&format!("{place}: {what}")));
    }

    pub(super) fn warn(&mut self, what: impl fmt::Display) {
        self.warnings.push(one_line(&what.to_string()));
    }

    pub(super) fn warn_at(&mut self, place: &Place, what: impl fmt::Display) {
        self.warn(format_args!("{place}: {what}"));
    }

    /// The warnings, if nothing is refused.
    pub(super) fn warnings(self) -> Result<Vec<String>, ImportError> {
        if self.problems.is_empty() {
            Ok(self.warnings)
        } else {
            Err(ImportError::Wrong { problems: self.problems })
        }
    }
}

/// Names from the files stand in texts and comments, which must stay the lines they are.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || "\u{2028}\u{2029}".contains(c) { '\u{fffd}' } else { c })
        .collect()
}
