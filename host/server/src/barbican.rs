//! The Barbican API from its configuration: store and identity.

use portcullis_authorization::Authorizer;
use portcullis_barbican::api::BarbicanApi;
use portcullis_barbican::vault::{Purged, Vault};
use portcullis_config::ConfigError;
use portcullis_errors::chain;
use portcullis_files::FileWatcher;
use portcullis_identity::Tokens;

use crate::config::{Barbican, Identity};
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

/// Deletes what belongs to a project, in the database of the configuration. A host that serves it may go on: nothing of
/// the database is cached.
///
/// # Errors
/// The API is not configured, or the database cannot be used.
pub async fn purge_barbican(config: &Config, project: &str) -> Result<Purged, ServeError> {
    if config.barbican.is_none() {
        return Err(ServeError::Usage(
            "the configuration has no `[barbican]`, so there is nothing to purge".into(),
        ));
    }
    let store = SharedStore::new(&config.store);
    let purged = store.open(|store, sealer| async { Vault::open(store, sealer).await?.purge(project).await });
    Ok(purged.await?)
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
