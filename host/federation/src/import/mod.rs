//! AFP's own configuration, turned into ours.
//!
//! The AWS Federation Proxy (AFP) reads two places of YAML: its configuration (`CONFIG_PATH`) and its accounts
//! (`ACCOUNT_CONFIG_PATH`), each a folder, a file or a pattern. What they say becomes TOML for `portcullis.toml`: the
//! policy, the mount and its accounts. Nothing is dropped in silence: what cannot be carried over is refused by its
//! name and place, or named in a warning where AFP's answer does not depend on it. Secrets are read past: they stand
//! in no output, no warning and no error, and the warnings say into which file to put them.
//!
//! * `files`: which files a path means
//! * `yaml`: YAML with the place of everything, as `PyYAML` reads it
//! * `merge`: several files as one, as yamlreader merges them
//! * `fields`: the keys of a table, none of them left over
//! * `accounts`: the accounts
//! * `identity`: the source of the user's name
//! * `settings`: everything of the configuration but the provider
//! * `provider`: who may what
//! * `output`: the TOML
//! * [`ImportError`]: why there is none

mod accounts;
mod error;
mod fields;
mod files;
mod identity;
mod merge;
mod output;
mod provider;
mod settings;
mod yaml;

#[cfg(test)]
mod tests;

use std::path::Path;

use error::Findings;
pub use error::ImportError;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The configuration; its comments hold the warnings too.
    pub toml: String,
    /// What could not be carried over, and what is left to do: one line each, for a person.
    pub warnings: Vec<String>,
}

/// Reads AFP's `CONFIG_PATH` and `ACCOUNT_CONFIG_PATH` and says the same in our words.
///
/// # Errors
/// Where a file cannot be read, is no YAML, or says what has no equivalent here; then everything that is wrong is
/// said at once, with file and line.
pub fn import(config: &Path, accounts: &Path) -> Result<Imported, ImportError> {
    let mut findings = Findings::default();
    let (place, config) = merge::read(config, &mut findings)?;
    let (_, accounts) = merge::read(accounts, &mut findings)?;
    let accounts = accounts::read(accounts, &mut findings);
    let settings = settings::read(place, config, &accounts, &mut findings);
    let warnings = findings.warnings()?;
    let toml = output::toml(&settings, &accounts, &warnings);
    Ok(Imported { toml, warnings })
}
