//! Users, API keys, endpoints, registries and grants, in the store.
//!
//! Everything is read from the database for each request: a change is in force at once, also for other processes that
//! share a PostgreSQL. A write that was acknowledged is durable. Passwords of registries, certificates of engines and the
//! key that signs tokens are sealed; passwords of users are hashed; API keys are stored as digests.
//!
//! The gateway calls it; it knows no HTTP.
//!
//! * `schema`: the tables
//! * `users`, `api_keys`, `revoked`: users and what they authenticate with
//! * `endpoints`, `registries`: what users are granted
//! * `instance`: the key that signs tokens

mod api_keys;
mod endpoints;
mod instance;
mod registries;
mod revoked;
mod schema;
mod users;

use portcullis_store::seal::{KeyId, Place, SealError, Sealer, key_of};
use portcullis_store::{Act, Sql, Store, StoreError, Value};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

pub use api_keys::ApiKey;
pub use endpoints::{EndpointUpdate, Grants, TlsChange};
pub use instance::Instance;
pub use registries::{NewRegistry, RegistryUpdate};
pub use users::{Login, SessionState, UserUpdate};

/// Users, endpoints and registries of one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory {
    store: Store,
    sealer: Sealer,
}

/// Why something was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The database failed, or cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a write was refused. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// What was to be changed does not exist.
    #[error("object not found inside the database")]
    NotFound,
    /// Another one has the name.
    #[error("the name is not unique")]
    NameTaken,
    /// Another registry has the same URL and user name.
    #[error("a registry with this URL and user name exists already")]
    RegistryTaken,
    /// No administrator would be left.
    #[error("the last administrator cannot be removed: make another user administrator first")]
    LastAdministrator,
    /// An administrator exists already.
    #[error("an administrator user already exists")]
    HasAdministrator,
    /// A grant names a user who does not exist.
    #[error("there is no user with the id {0}")]
    UnknownUser(i64),
    /// It was changed since it was read.
    #[error("the user was changed meanwhile; try again")]
    Changed,
    /// A user has as many API keys as one may have.
    #[error("a user may have {0} access tokens; delete one first")]
    TooManyApiKeys(i64),
}

impl Directory {
    /// Opens it and brings its tables up to date.
    ///
    /// # Errors
    /// The database cannot be used, or holds values that were sealed with a key that `sealer` does not have.
    pub async fn open(store: Store, sealer: Sealer) -> Result<Self, StoreError> {
        store.migrate("docker-gateway", schema::MIGRATIONS).await?;
        let directory = Self { store, sealer };
        directory.check_keys().await?;
        Ok(directory)
    }

    /// Whether the database can be read and written, for a readiness probe.
    ///
    /// # Errors
    /// It cannot.
    pub async fn check(&self) -> Result<(), Arc<StoreError>> {
        self.store.check().await
    }

    /// A lost key is found at the start, not when a value is needed.
    async fn check_keys(&self) -> Result<(), StoreError> {
        const KEYS_IN_USE: Sql = Sql::same(
            "SELECT key_id FROM gateway_instance
             UNION SELECT key_id FROM gateway_endpoints WHERE key_id IS NOT NULL
             UNION SELECT key_id FROM gateway_registries WHERE key_id IS NOT NULL",
        );
        for row in self.store.read(KEYS_IN_USE, &[]).await? {
            let key: KeyId = row.text(0)?.parse()?;
            if !self.sealer.has(key) {
                return Err(SealError::UnknownKey(key).into());
            }
        }
        Ok(())
    }

    /// Runs a transaction that may refuse.
    async fn write<T, F>(&self, act: F) -> Result<T, DirectoryError>
    where
        T: Send + 'static,
        F: Act<Result<T, Refusal>> + Send + Sync + 'static,
    {
        Ok(self.store.write(act).await??)
    }
}

/// Seals a value for a row. Returns the columns `key_id` and `sealed`.
fn seal(sealer: &Sealer, table: &str, row: i64, plain: Option<&[u8]>) -> Result<[Value; 2], StoreError> {
    let Some(plain) = plain else { return Ok([Value::Text(None), Value::Bytes(None)]) };
    let value = sealer.seal(Place { table, row: &row.to_string() }, plain)?;
    Ok([key_of(&value)?.to_string().into(), value.into()])
}

/// Opens a sealed value of a row.
fn unseal(
    sealer: &Sealer,
    table: &str,
    row: i64,
    value: Option<Vec<u8>>,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let open = |value: Vec<u8>| sealer.open(Place { table, row: &row.to_string() }, &value);
    Ok(value.map(open).transpose()?)
}

/// Seconds since 1970 UTC.
pub(crate) fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
