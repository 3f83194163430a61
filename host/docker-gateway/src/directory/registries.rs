//! Registries, and which users may use their credentials, on which endpoint.

use portcullis_store::seal::Sealer;
use portcullis_store::{Row, Sql, StoreError, Transaction, Value};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::sync::Arc;

use super::{Directory, DirectoryError, Grants, Refusal, seal, unseal};
use crate::registry::{Registry, RegistryCredentials, registry_host};

const TABLE: &str = "gateway_registries";

macro_rules! columns {
    ($rest:literal) => {
        concat!("SELECT r.id, r.name, r.type, r.url, r.authentication, r.username", $rest)
    };
}

const BY_ID: Sql = Sql::same(columns!(" FROM gateway_registries r WHERE r.id = $1"));
const ALL: Sql = Sql::same(columns!(" FROM gateway_registries r ORDER BY r.id"));
const GRANTED: Sql = Sql::same(columns!(
    " FROM gateway_registries r JOIN gateway_registry_users g ON g.registry_id = r.id
      WHERE g.endpoint_id = $1 AND g.user_id = $2 ORDER BY r.id"
));
/// A grant of the registry counts only beside one of the endpoint.
const CREDENTIALS: Sql = Sql::same(columns!(
    ", r.sealed,
        CAST(CASE WHEN EXISTS (SELECT 1 FROM gateway_registry_users g
                 JOIN gateway_endpoint_users e ON e.endpoint_id = g.endpoint_id AND e.user_id = g.user_id
                WHERE g.registry_id = r.id AND g.endpoint_id = $2 AND g.user_id = $3) THEN 1 ELSE 0 END AS BIGINT)
      FROM gateway_registries r WHERE r.id = $1"
));
const NAME_OF_OTHER: Sql = Sql::same("SELECT 1 FROM gateway_registries WHERE name = $1 AND id <> $2");
const SAME_OF_OTHER: Sql =
    Sql::same("SELECT 1 FROM gateway_registries WHERE url = $1 AND username = $2 AND id <> $3");
const CREATE: Sql = Sql::same(
    "INSERT INTO gateway_registries (name, type, url, authentication, username) VALUES ($1, $2, $3, $4, $5)
     RETURNING id",
);
const UPDATE: Sql = Sql::same(
    "UPDATE gateway_registries SET name = $2, url = $3, authentication = $4, username = $5 WHERE id = $1",
);
const SEAL: Sql = Sql::same("UPDATE gateway_registries SET key_id = $2, sealed = $3 WHERE id = $1");
const DELETE: Sql = Sql::same("DELETE FROM gateway_registries WHERE id = $1");
const EXISTS: Sql =
    Sql::same("SELECT 1 FROM gateway_registries r, gateway_endpoints e WHERE r.id = $1 AND e.id = $2");
const CLEAR_GRANTS: Sql =
    Sql::same("DELETE FROM gateway_registry_users WHERE registry_id = $1 AND endpoint_id = $2");
const GRANT: Sql = Sql::same(
    "INSERT INTO gateway_registry_users (registry_id, endpoint_id, user_id, role_id) VALUES ($1, $2, $3, $4)",
);

/// A registry to be made. `Debug` does not show the password.
#[derive(Clone)]
pub struct NewRegistry {
    /// Unique.
    pub name: String,
    /// Portainer's number of the kind.
    pub kind: i64,
    /// Host, port and path, without a scheme.
    pub url: String,
    /// The user name and the password; absent for anonymous access.
    pub login: Option<(String, SecretString)>,
}

/// What is changed of a registry. `Debug` does not show the password.
#[derive(Clone, Default)]
pub struct RegistryUpdate {
    /// Another name.
    pub name: Option<String>,
    /// Another URL.
    pub url: Option<String>,
    /// Whether to log in.
    pub authentication: Option<bool>,
    /// Another user name.
    pub username: Option<String>,
    /// Another password.
    pub password: Option<SecretString>,
}

impl Directory {
    /// All registries.
    pub(crate) async fn registries(&self) -> Result<Vec<Registry>, StoreError> {
        self.store.read(ALL, &[]).await?.iter().map(registry_of).collect()
    }

    /// The registries that a user was granted on an endpoint.
    pub(crate) async fn granted_registries(
        &self,
        endpoint: i64,
        user: i64,
    ) -> Result<Vec<Registry>, StoreError> {
        self.store.read(GRANTED, &[endpoint.into(), user.into()]).await?.iter().map(registry_of).collect()
    }

    /// The registry with this id.
    pub(crate) async fn registry(&self, id: i64) -> Result<Option<Registry>, StoreError> {
        self.store.read(BY_ID, &[id.into()]).await?.first().map(registry_of).transpose()
    }

    /// The credentials of a registry, and whether this user was granted them on this endpoint.
    pub(crate) async fn registry_credentials(
        &self,
        id: i64,
        endpoint: i64,
        user: i64,
    ) -> Result<Option<(RegistryCredentials, bool)>, StoreError> {
        let rows = self.store.read(CREDENTIALS, &[id.into(), endpoint.into(), user.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let registry = registry_of(row)?;
        let (username, password) = if registry.authentication {
            let plain = unseal(&self.sealer, TABLE, id, row.optional_bytes(6)?)?.unwrap_or_default();
            let password = std::str::from_utf8(&plain)
                .map_err(|_| StoreError::Damaged("a registry's password is not UTF-8".into()))?;
            (registry.username, SecretString::from(password.to_owned()))
        } else {
            (String::new(), SecretString::default())
        };
        let host = registry_host(&registry.url).to_owned();
        Ok(Some((RegistryCredentials { host, username, password }, row.integer(7)? != 0)))
    }

    /// Makes a registry.
    pub(crate) async fn create_registry(&self, new: NewRegistry) -> Result<Registry, DirectoryError> {
        let (sealer, new) = (self.sealer.clone(), Arc::new(new));
        self.write(move |to| {
            let (sealer, new) = (sealer.clone(), Arc::clone(&new));
            Box::pin(async move {
                let username = new.login.as_ref().map(|(username, _)| username.clone()).unwrap_or_default();
                let mut registry = Registry {
                    id: 0,
                    name: new.name.clone(),
                    kind: new.kind,
                    url: new.url.clone(),
                    authentication: new.login.is_some(),
                    username,
                };
                if let Some(refusal) = taken(to, &registry).await? {
                    return Ok(Err(refusal));
                }
                let values: [Value; 5] = [
                    registry.name.as_str().into(),
                    registry.kind.into(),
                    registry.url.as_str().into(),
                    registry.authentication.into(),
                    registry.username.as_str().into(),
                ];
                let rows = to.read(CREATE, &values).await?;
                let row = rows.first().ok_or_else(|| StoreError::Damaged("no id was returned".into()))?;
                registry.id = row.integer(0)?;
                put_password(to, &sealer, registry.id, new.login.as_ref().map(|(_, password)| password))
                    .await?;
                Ok(Ok(registry))
            })
        })
        .await
    }

    /// Changes a registry. A password is kept unless another one is given, or `authentication` ends.
    pub(crate) async fn update_registry(
        &self,
        id: i64,
        update: RegistryUpdate,
    ) -> Result<Registry, DirectoryError> {
        let (sealer, update) = (self.sealer.clone(), Arc::new(update));
        self.write(move |to| {
            let (sealer, update) = (sealer.clone(), Arc::clone(&update));
            Box::pin(async move {
                let rows = to.read(BY_ID, &[id.into()]).await?;
                let Some(before) = rows.first().map(registry_of).transpose()? else {
                    return Ok(Err(Refusal::NotFound));
                };
                let authentication = update.authentication.unwrap_or(before.authentication);
                let registry = Registry {
                    name: update.name.clone().unwrap_or(before.name),
                    url: update.url.clone().unwrap_or(before.url),
                    authentication,
                    username: if authentication {
                        update.username.clone().unwrap_or(before.username)
                    } else {
                        String::new()
                    },
                    ..before
                };
                if let Some(refusal) = taken(to, &registry).await? {
                    return Ok(Err(refusal));
                }
                let values: [Value; 5] = [
                    id.into(),
                    registry.name.as_str().into(),
                    registry.url.as_str().into(),
                    registry.authentication.into(),
                    registry.username.as_str().into(),
                ];
                to.execute(UPDATE, &values).await?;
                if !authentication || update.password.is_some() {
                    let password = update.password.as_ref().filter(|_| authentication);
                    put_password(to, &sealer, id, password).await?;
                }
                Ok(Ok(registry))
            })
        })
        .await
    }

    /// Deletes a registry, with its grants.
    pub(crate) async fn delete_registry(&self, id: i64) -> Result<(), DirectoryError> {
        self.write(move |to| {
            Box::pin(async move {
                let deleted = to.execute(DELETE, &[id.into()]).await?;
                Ok(if deleted == 1 { Ok(()) } else { Err(Refusal::NotFound) })
            })
        })
        .await
    }

    /// Replaces the grants of a registry on an endpoint.
    pub(crate) async fn grant_registry(
        &self,
        endpoint: i64,
        registry: i64,
        grants: Grants,
    ) -> Result<(), DirectoryError> {
        let grants = Arc::new(grants);
        self.write(move |to| {
            let grants = Arc::clone(&grants);
            Box::pin(async move {
                if to.read(EXISTS, &[registry.into(), endpoint.into()]).await?.is_empty() {
                    return Ok(Err(Refusal::NotFound));
                }
                for user in grants.keys() {
                    if to.read(super::users::EXISTS, &[(*user).into()]).await?.is_empty() {
                        return Ok(Err(Refusal::UnknownUser(*user)));
                    }
                }
                to.execute(CLEAR_GRANTS, &[registry.into(), endpoint.into()]).await?;
                for (user, role) in &*grants {
                    let values = [registry.into(), endpoint.into(), (*user).into(), (*role).into()];
                    to.execute(GRANT, &values).await?;
                }
                Ok(Ok(()))
            })
        })
        .await
    }
}

/// Whether another registry stands in the way.
async fn taken(to: &mut Transaction, registry: &Registry) -> Result<Option<Refusal>, StoreError> {
    let Registry { id, name, url, username, .. } = registry;
    if !to.read(NAME_OF_OTHER, &[name.as_str().into(), (*id).into()]).await?.is_empty() {
        return Ok(Some(Refusal::NameTaken));
    }
    let same = [url.as_str().into(), username.as_str().into(), (*id).into()];
    Ok(if to.read(SAME_OF_OTHER, &same).await?.is_empty() { None } else { Some(Refusal::RegistryTaken) })
}

async fn put_password(
    to: &mut Transaction,
    sealer: &Sealer,
    id: i64,
    password: Option<&SecretString>,
) -> Result<(), StoreError> {
    let plain = password.map(|password| password.expose_secret().as_bytes());
    let [key, value] = seal(sealer, TABLE, id, plain)?;
    to.execute(SEAL, &[id.into(), key, value]).await?;
    Ok(())
}

fn registry_of(row: &Row) -> Result<Registry, StoreError> {
    Ok(Registry {
        id: row.integer(0)?,
        name: row.text(1)?,
        kind: row.integer(2)?,
        url: row.text(3)?,
        authentication: row.integer(4)? != 0,
        username: row.text(5)?,
    })
}

impl fmt::Debug for NewRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewRegistry")
            .field("name", &self.name)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RegistryUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryUpdate")
            .field("name", &self.name)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
