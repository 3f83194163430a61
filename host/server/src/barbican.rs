//! The Barbican API from its configuration: store and identity.

use portcullis_authorization::Authorizer;
use portcullis_barbican::api::BarbicanApi;
use portcullis_barbican::import::{ImportError, Keks, Left, Report, import};
use portcullis_barbican::vault::{Purged, Vault};
use portcullis_config::ConfigError;
use portcullis_errors::chain;
use portcullis_files::{Access, FileWatcher};
use portcullis_identity::Tokens;
use portcullis_store::{Foreign, ForeignLocation};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

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

/// What is imported, and how it is opened.
#[derive(Debug)]
pub struct BarbicanImport {
    /// The URL of Barbican's database.
    pub from: String,
    /// The file of the password of the database's user.
    pub password_file: Option<PathBuf>,
    /// The file of the KEKs.
    pub kek_file: Option<PathBuf>,
    /// The environment variable of the KEKs, where there is no file.
    pub kek_env: Option<String>,
}

/// Imports what a Barbican has in its database into the one of the configuration; gives the names of both, without
/// passwords, and how many there were. A host that serves the database may go on: nothing of it is cached.
///
/// # Errors
/// The API is not configured, one of the databases cannot be used, or the KEKs are wrong.
pub async fn import_barbican(
    config: &Config,
    what: &BarbicanImport,
    left: &mut (dyn FnMut(&Left) + Send),
) -> Result<(String, String, Report), ServeError> {
    let usage = ServeError::Usage;
    if config.barbican.is_none() {
        return Err(usage(
            "the configuration has no `[barbican]`, so there is nothing to import into".into(),
        ));
    }
    let keks = keks(what)?;
    let mut location: ForeignLocation =
        what.from.parse().map_err(|error| usage(format!("`--from`: {}", chain(&error))))?;
    if let Some(file) = &what.password_file {
        location = location.with_password(secret_file(file)?.trim_end_matches(['\r', '\n']));
    }
    let source = location.to_string();
    let database = config.store.database.to_string();
    let mut foreign = Foreign::open(&location).await.map_err(|error| named(&source, &error))?;
    let store = SharedStore::new(&config.store);
    let vault = store.open(Vault::open).await?;
    let report = import(&vault, &mut foreign, &keks, left).await;
    let report = report.map_err(|error| named(failed(&error, &source, &database), &error))?;
    Ok((source, database, report))
}

/// The database that an import failed at.
fn failed<'d>(error: &ImportError, source: &'d str, database: &'d str) -> &'d str {
    if matches!(error, ImportError::Vault(_)) { database } else { source }
}

fn named(database: &str, error: &(dyn std::error::Error + 'static)) -> ServeError {
    ServeError::Usage(format!("`{database}`: {}", chain(error)))
}

fn keks(what: &BarbicanImport) -> Result<Keks, ServeError> {
    let (name, text) = match (&what.kek_file, &what.kek_env) {
        (Some(file), _) => (file.display().to_string(), secret_file(file)?),
        (None, Some(variable)) => {
            let text = std::env::var(variable).map_err(|_| {
                ServeError::Usage(format!("the environment variable `{variable}` is not set, or is no text"))
            })?;
            (variable.clone(), Zeroizing::new(text))
        }
        (None, None) => return Err(ServeError::Usage("the KEKs are missing: `--kek-file FILE`".into())),
    };
    Keks::parse(&text).map_err(|error| ServeError::Usage(format!("`{name}`: {error}")))
}

fn secret_file(file: &Path) -> Result<Zeroizing<String>, ServeError> {
    let bytes =
        portcullis_files::read(file, Access::Secret).map_err(|error| ServeError::Usage(chain(&error)))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| ServeError::Usage(format!("`{}` is no text", file.display())))?;
    Ok(Zeroizing::new(text.to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_store::StoreError;

    #[test]
    fn an_import_that_fails_names_the_database_that_failed() {
        let of = |error: &ImportError| failed(error, "source", "database").to_owned();
        assert_eq!(of(&ImportError::Vault(StoreError::Conflict)), "database");
        assert_eq!(of(&ImportError::Source(StoreError::Conflict)), "source");
        assert_eq!(of(&ImportError::Keks), "source");
    }
}
