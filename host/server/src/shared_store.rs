//! The database that APIs share, opened once, and the key that seals what is secret in it.

use portcullis_config::ConfigError;
use portcullis_store::seal::{KeyFile, MasterKey, SealError, Sealer};
use portcullis_store::{Store, StoreError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::OnceCell;

use crate::config::{self, Key};

/// The database of the configuration, opened when the first API needs it.
pub(crate) struct SharedStore<'c> {
    config: &'c config::Store,
    opened: OnceCell<Opened>,
}

struct Opened {
    store: Store,
    sealer: Sealer,
    /// The file of a key that was made now.
    made: Option<PathBuf>,
    /// Whether the operator was told of it: once, and only of a key that opens what is there.
    is_told: AtomicBool,
}

impl<'c> SharedStore<'c> {
    pub(crate) fn new(config: &'c config::Store) -> Self {
        Self { config, opened: OnceCell::new() }
    }

    /// Opens an API's part of the database.
    ///
    /// # Errors
    /// The database or the key cannot be used.
    pub(crate) async fn open<T, F>(&self, part: impl FnOnce(Store, Sealer) -> F) -> Result<T, ConfigError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let opened = self.opened.get_or_try_init(|| self.open_store()).await?;
        let result = part(opened.store.clone(), opened.sealer.clone()).await;
        if let (Some(file), Ok(_)) = (&opened.made, &result)
            && !opened.is_told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                "a master key was made in `{}`: keep a copy elsewhere, since nothing that it seals can be read without \
                 it; `[store] key` names another file",
                file.display()
            );
        }
        result.map_err(|error| {
            // A key that opens nothing must not stand where the right one is looked for. After any other failure it
            // stays: another process may have begun to seal with it.
            if let (Some(file), StoreError::Seal(SealError::UnknownKey(_))) = (&opened.made, &error) {
                let _ = std::fs::remove_file(file);
            }
            self.config.location.wrong(error)
        })
    }

    async fn open_store(&self) -> Result<Opened, ConfigError> {
        let wrong = |error: StoreError| self.config.location.wrong(error);
        let (sealer, made) = sealer(&self.config.key).map_err(|error| self.config.location.wrong(error))?;
        let store = Store::open(&self.config.database, &self.config.options).await.map_err(wrong)?;
        Ok(Opened { store, sealer, made: made.map(Path::to_owned), is_told: AtomicBool::new(false) })
    }
}

/// The key, and its file if it was made now.
fn sealer(key: &Key) -> Result<(Sealer, Option<&Path>), SealError> {
    match key {
        Key::Given(text) => Ok((Sealer::new(&MasterKey::parse(text.expose().as_bytes())?, &[]), None)),
        Key::File(file) => {
            let KeyFile { key, made } = KeyFile::open_or_make(file)?;
            Ok((Sealer::new(&key, &[]), made.then_some(file)))
        }
    }
}
