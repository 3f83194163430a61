//! `[store]`: the database that doors share, and the key that seals what is secret in it.

use portcullis_store::Location;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::place::Place;
use super::secret::{self, SecretText, secret, text_or_secret};
use super::{Origin, raw};

/// The database and its key.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) location: Location,
    pub(crate) key: Key,
    pub(crate) origin: Origin,
    /// As it was written, a password in it included; to tell whether it has changed.
    url: Option<SecretText>,
}

/// Wherever they stand.
impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url && self.location.file() == other.location.file() && self.key == other.key
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
pub(super) fn store(raw: &raw::Store, state: Option<&Path>, place: &Place<'_>) -> Result<Store, ConfigError> {
    let folder = state.unwrap_or(place.folder);
    let mut origin = place.whole();
    let mut url = None;
    let location = match &raw.url {
        None => Location::sqlite(folder.join("portcullis.db")),
        Some(written) => {
            origin = place.at(&written.span());
            let text = text_or_secret(written, place)?;
            let location: Location = text.expose().parse().map_err(|error| origin.wrong(error))?;
            url = Some(text);
            location.in_folder(place.folder)
        }
    };
    let key = match &raw.key {
        None if location.file().is_none() => {
            return Err(origin.wrong(
                "a database that several hosts may share wants one key for all of them: give `[store] key`",
            ));
        }
        None => Key::File(folder.join("store.key")),
        Some(key) => match secret::file(key, place) {
            Some(file) => Key::File(file),
            None => Key::Given(secret(key, place)?),
        },
    };
    Ok(Store { location, key, origin, url })
}
