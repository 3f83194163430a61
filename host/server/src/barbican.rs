//! The Barbican API from its configuration: store, key, identity.

use portcullis_audit::Log;
use portcullis_barbican::api::BarbicanApi;
use portcullis_barbican::vault::Vault;
use portcullis_config::ConfigError;
use portcullis_engine::Host;
use portcullis_errors::chain;
use portcullis_files::FileWatcher;
use portcullis_identity::Tokens;
use portcullis_store::seal::{KeyFile, MasterKey, SealError, Sealer};
use portcullis_store::{Options, Store, StoreError};
use std::path::Path;
use std::sync::Arc;

use crate::config::{self, Barbican, Identity, Key};

/// Opens what the API needs.
pub(crate) async fn open(
    barbican: &Barbican,
    store: &config::Store,
    host: Arc<Host>,
    log: Log,
    watcher: &FileWatcher,
) -> Result<BarbicanApi, ConfigError> {
    let tokens =
        tokens(&barbican.identity, watcher).map_err(|error| barbican.location.wrong(chain(&error)))?;
    let (sealer, made) = sealer(&store.key).map_err(|error| store.location.wrong(error))?;
    let vault = vault(store, sealer).await.map_err(|error| {
        // A key that opens nothing must not stand where the right one is looked for. After any other failure it stays:
        // another process may have begun to seal with it.
        if let (Some(file), StoreError::Seal(SealError::UnknownKey(_))) = (made, &error) {
            let _ = std::fs::remove_file(file);
        }
        store.location.wrong(error)
    })?;
    if let Some(file) = made {
        tracing::warn!(
            "a master key was made in `{}`: keep a copy elsewhere, since nothing that it seals can be read without it; \
             `[store] key` names another source_file",
            file.display()
        );
    }
    Ok(BarbicanApi::new(host, log, vault, tokens, barbican.options.clone()))
}

fn tokens(identity: &Identity, watcher: &FileWatcher) -> Result<Tokens, portcullis_identity::IdentityError> {
    match identity {
        Identity::Keystone(options) => Tokens::keystone((**options).clone()),
        Identity::File { path, max_stale } => Tokens::file(path, *max_stale, watcher),
        Identity::Unconfigured => Ok(Tokens::unconfigured()),
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

async fn vault(store: &config::Store, sealer: Sealer) -> Result<Vault, StoreError> {
    let opened = Store::open(&store.database, &Options::default()).await?;
    Vault::open(opened, sealer).await
}
