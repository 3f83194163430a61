//! `[store]`: the database that APIs share, and the key that seals what is secret in it.

use portcullis_config::{
    ConfigError, Location, SecretText, SourceFile, duration, secret, secret_file, text_or_secret,
};
use portcullis_store::{Location as Database, Options};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::raw;

/// The database and its key.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) database: Database,
    pub(crate) key: Key,
    pub(crate) options: Options,
    pub(crate) location: Location,
    /// As it was written, a password in it included; to tell whether it has changed.
    url: Option<SecretText>,
}

/// Equality ignores the source location.
impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
            && self.database.file() == other.database.file()
            && self.key == other.key
            && self.options == other.options
    }
}

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// Made there if there is none.
    File(PathBuf),
    Given(SecretText),
}

/// `state` is where database and key are kept if nothing else is said.
pub(super) fn store(
    raw: &raw::Store,
    state: Option<&Path>,
    source_file: &SourceFile<'_>,
) -> Result<Store, ConfigError> {
    let folder = state.unwrap_or(source_file.folder);
    let mut location = source_file.whole();
    let mut url = None;
    let database = match &raw.url {
        None => Database::sqlite(folder.join("portcullis.db")),
        Some(written) => {
            location = source_file.at(&written.span());
            let text = text_or_secret(written, source_file)?;
            let database: Database = text.expose().parse().map_err(|error| location.wrong(error))?;
            url = Some(text);
            database.in_folder(source_file.folder)
        }
    };
    let key = match &raw.key {
        None if database.file().is_none() => {
            return Err(location.wrong(
                "a database that several hosts may share wants one key for all of them: give `[store] key`",
            ));
        }
        None => Key::File(folder.join("store.key")),
        Some(key) => match secret_file(key, source_file) {
            Some(file) => Key::File(file),
            None => Key::Given(secret(key, source_file)?),
        },
    };
    let mut options = Options::default();
    if let Some(time) = &raw.read_timeout {
        let (least, most) = (Duration::from_millis(100), Duration::from_mins(1));
        options.read_timeout = duration(time, least, most, "read_timeout", source_file)?;
        // A read that waits for a connection gets one of a slow read.
        options.acquire_timeout = options.acquire_timeout.max(options.read_timeout + Duration::from_secs(1));
    }
    Ok(Store { database, key, options, location, url })
}
