//! Which files a path means, as yamlreader sees it: a folder is every `*.yaml` in it, anything else a pattern, in the
//! order of the names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::ImportError;

/// At least one file, in the order in which they are merged.
pub(super) fn find(path: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let failed = |source: io::Error| ImportError::Read { path: path.into(), source };
    let mut files = if path.is_dir() {
        let entries = fs::read_dir(path).map_err(failed)?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let all: Vec<_> = paths.collect::<Result<_, _>>().map_err(failed)?;
        all.into_iter().filter(|path| is_yaml(path)).collect()
    } else if path.exists() {
        vec![path.to_owned()]
    } else {
        matching(path).map_err(failed)?
    };
    if files.is_empty() {
        return Err(ImportError::Nothing { path: path.into() });
    }
    files.sort_unstable();
    Ok(files)
}

/// Hidden files are not meant by `*` in Python either.
fn is_yaml(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".yaml") && !name.starts_with('.')
}

fn matching(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let found = glob::glob_with(&pattern.to_string_lossy(), options)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.msg))?;
    found.map(|path| path.map_err(io::Error::from)).collect()
}
