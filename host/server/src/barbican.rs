//! The Barbican API from its configuration: store and identity.

use portcullis_authorization::Authorizer;
use portcullis_barbican::api::BarbicanApi;
use portcullis_barbican::vault::{Purged, Vault};
use portcullis_config::ConfigError;
use portcullis_errors::chain;
use portcullis_files::FileWatcher;
use portcullis_identity::Tokens;
use std::path::Path;

use crate::config::{Barbican, Identity, Key};
use crate::shared_store::SharedStore;
use crate::{Config, ServeError};

/// Opens what the API needs.
pub(crate) async fn open(
    barbican: &Barbican,
    store: &SharedStore<'_>,
    authorizer: Authorizer,
    watcher: &FileWatcher,
) -> Result<BarbicanApi, ConfigError> {
    let tokens =
        tokens(&barbican.identity, watcher).map_err(|error| barbican.location.wrong(chain(&error)))?;
    let vault = store.open(Vault::open).await?;
    Ok(BarbicanApi::new(authorizer, vault, tokens, barbican.options.clone()))
}

/// Deletes what belongs to a project, in the database of the configuration; gives the database's name, without a
/// password, and what was deleted. A host that serves it may go on: nothing of the database is cached.
///
/// # Errors
/// The API is not configured, its database or key is not there or cannot be used, or holds nothing of the project.
pub async fn purge_barbican(config: &Config, project: &str) -> Result<(String, Purged), ServeError> {
    if config.barbican.is_none() {
        return Err(ServeError::Usage(
            "the configuration has no `[barbican]`, so there is nothing to purge".into(),
        ));
    }
    let (database, key) = (&config.store.database, &config.store.key);
    if let Some(file) = database.file() {
        must_be_there(file, "the database")?;
    }
    if let Key::File(file) = key {
        must_be_there(file, "the master key")?;
    }
    let store = SharedStore::new(&config.store);
    let purged = store.open(|store, sealer| async { Vault::open(store, sealer).await?.purge(project).await });
    let purged = purged.await?;
    if purged == Purged::default() {
        return Err(ServeError::Usage(format!(
            "`{database}` holds nothing of project `{project}`; was it purged before, or is its id or `[store]` wrong?"
        )));
    }
    Ok((database.to_string(), purged))
}

/// A start makes what is not there; with a database or a key made now, a purge would delete nothing and look as if it had.
fn must_be_there(file: &Path, what: &str) -> Result<(), ServeError> {
    std::fs::metadata(file).map(drop).map_err(|error| {
        ServeError::Usage(format!(
            "{what} `{}` is not there or not readable ({error}); run this with the host's configuration, as the user of the host",
            file.display()
        ))
    })
}

/// Reads what validates tokens, as a start does: a file of tokens, or Keystone's options.
pub(crate) fn check(barbican: &Barbican) -> Result<(), ConfigError> {
    let tokens = tokens(&barbican.identity, &FileWatcher::idle());
    tokens.map(drop).map_err(|error| barbican.location.wrong(chain(&error)))
}

fn tokens(identity: &Identity, watcher: &FileWatcher) -> Result<Tokens, portcullis_identity::IdentityError> {
    match identity {
        Identity::Keystone(options) => Tokens::keystone((**options).clone()),
        Identity::File { path, max_stale } => Tokens::file(path, *max_stale, watcher),
        Identity::Unconfigured => Ok(Tokens::unconfigured()),
    }
}
