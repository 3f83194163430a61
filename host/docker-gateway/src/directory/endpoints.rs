//! Endpoints, and which users may use them.

use portcullis_store::seal::Sealer;
use portcullis_store::{Row, Sql, StoreError, Transaction, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Directory, DirectoryError, Refusal, seal, unseal};
use crate::endpoint::{Endpoint, EngineTls, EngineUrl};

const TABLE: &str = "gateway_endpoints";

/// `$1` is a user. The last column is whether the user was granted the endpoint.
macro_rules! select {
    ($where:literal) => {
        Sql::same(concat!(
            "SELECT e.id, e.name, e.url, e.sealed,
                CAST(CASE WHEN EXISTS (SELECT 1 FROM gateway_endpoint_users g
                    WHERE g.endpoint_id = e.id AND g.user_id = $1) THEN 1 ELSE 0 END AS BIGINT)
               FROM gateway_endpoints e ",
            $where
        ))
    };
}

const BY_ID: Sql = select!("WHERE e.id = $2");
const BY_NAME: Sql = select!("WHERE e.name = $2");
const ALL: Sql = select!("ORDER BY e.id");
const CREATE: Sql = Sql::same(
    "INSERT INTO gateway_endpoints (name, url) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id",
);
const SEAL: Sql = Sql::same("UPDATE gateway_endpoints SET key_id = $2, sealed = $3 WHERE id = $1");
const EXISTS: Sql = Sql::same("SELECT 1 FROM gateway_endpoints WHERE id = $1");
const NAME_OF_OTHER: Sql = Sql::same("SELECT 1 FROM gateway_endpoints WHERE name = $1 AND id <> $2");
const UPDATE: Sql = Sql::same(
    "UPDATE gateway_endpoints SET name = COALESCE(CAST($2 AS TEXT), name), url = COALESCE(CAST($3 AS TEXT), url)
      WHERE id = $1",
);
const DELETE: Sql = Sql::same("DELETE FROM gateway_endpoints WHERE id = $1");
const GRANTS: Sql = Sql::same(
    "SELECT endpoint_id, user_id, role_id FROM gateway_endpoint_users ORDER BY endpoint_id, user_id",
);
/// Administrators need no grant, and lose nothing with one.
const GRANTS_OF: Sql = Sql::same(
    "SELECT g.user_id FROM gateway_endpoint_users g JOIN gateway_users u ON u.id = g.user_id
      WHERE g.endpoint_id = $1 AND u.role <> 1 ORDER BY g.user_id",
);
const CLEAR_GRANTS: Sql = Sql::same("DELETE FROM gateway_endpoint_users WHERE endpoint_id = $1");
const GRANT: Sql = Sql::same(
    "INSERT INTO gateway_endpoint_users (endpoint_id, user_id, role_id)
     SELECT $1, id, CAST($3 AS BIGINT) FROM gateway_users WHERE id = $2",
);

/// Grants: the user's id, and the `RoleId` that Portainer's clients send and get back. It has no effect here.
pub type Grants = BTreeMap<i64, i64>;

/// What is changed of an endpoint.
#[derive(Debug, Clone, Default)]
pub struct EndpointUpdate {
    /// Another name.
    pub name: Option<String>,
    /// Another address.
    pub engine: Option<EngineUrl>,
    /// What becomes of the certificates.
    pub tls: TlsChange,
    /// Replaces all grants.
    pub grants: Option<Grants>,
}

/// What becomes of the certificates of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TlsChange {
    /// They stay.
    #[default]
    Keep,
    /// Connections are made without TLS.
    Remove,
    /// Others take their place.
    Replace(EngineTls),
}

impl TlsChange {
    /// What an endpoint has after the change.
    pub(crate) fn apply(&self, before: Option<EngineTls>) -> Option<EngineTls> {
        match self {
            Self::Keep => before,
            Self::Remove => None,
            Self::Replace(tls) => Some(tls.clone()),
        }
    }
}

/// The certificates, as they are sealed.
#[derive(Serialize, Deserialize)]
struct SealedTls {
    ca: Option<String>,
    identity: Option<(String, String)>,
    skip_verify: bool,
}

impl Directory {
    /// The endpoint with this id, and whether this user was granted it.
    pub(crate) async fn endpoint(&self, id: i64, user: i64) -> Result<Option<(Endpoint, bool)>, StoreError> {
        self.find_endpoint(BY_ID, id.into(), user).await
    }

    /// The endpoint with this name, and whether this user was granted it.
    pub(crate) async fn endpoint_by_name(
        &self,
        name: &str,
        user: i64,
    ) -> Result<Option<(Endpoint, bool)>, StoreError> {
        self.find_endpoint(BY_NAME, name.into(), user).await
    }

    async fn find_endpoint(
        &self,
        sql: Sql,
        value: Value,
        user: i64,
    ) -> Result<Option<(Endpoint, bool)>, StoreError> {
        let rows = self.store.read(sql, &[user.into(), value]).await?;
        rows.first().map(|row| endpoint_of(&self.sealer, row)).transpose()
    }

    /// All endpoints, each with whether this user was granted it.
    pub(crate) async fn endpoints(&self, user: i64) -> Result<Vec<(Endpoint, bool)>, StoreError> {
        let rows = self.store.read(ALL, &[user.into()]).await?;
        rows.iter().map(|row| endpoint_of(&self.sealer, row)).collect()
    }

    /// The grants of all endpoints, by the endpoint's id.
    pub(crate) async fn endpoint_grants(&self) -> Result<BTreeMap<i64, Grants>, StoreError> {
        let mut all = BTreeMap::<i64, Grants>::new();
        for row in self.store.read(GRANTS, &[]).await? {
            all.entry(row.integer(0)?).or_default().insert(row.integer(1)?, row.integer(2)?);
        }
        Ok(all)
    }

    /// Makes an endpoint.
    pub(crate) async fn create_endpoint(
        &self,
        name: &str,
        engine: EngineUrl,
        tls: Option<EngineTls>,
    ) -> Result<Endpoint, DirectoryError> {
        let sealer = self.sealer.clone();
        let new = Arc::new(Endpoint { id: 0, name: name.into(), engine, tls });
        self.write(move |to| {
            let (sealer, new) = (sealer.clone(), Arc::clone(&new));
            Box::pin(async move {
                let rows =
                    to.read(CREATE, &[new.name.as_str().into(), new.engine.to_string().into()]).await?;
                let Some(row) = rows.first() else { return Ok(Err(Refusal::NameTaken)) };
                let id = row.integer(0)?;
                put_tls(to, &sealer, id, new.tls.as_ref()).await?;
                Ok(Ok(Endpoint { id, ..Endpoint::clone(&new) }))
            })
        })
        .await
    }

    /// Changes an endpoint. Returns the users who lost it.
    pub(crate) async fn update_endpoint(
        &self,
        id: i64,
        update: EndpointUpdate,
    ) -> Result<Vec<i64>, DirectoryError> {
        let (sealer, update) = (self.sealer.clone(), Arc::new(update));
        self.write(move |to| {
            let (sealer, update) = (sealer.clone(), Arc::clone(&update));
            Box::pin(async move {
                if to.read(EXISTS, &[id.into()]).await?.is_empty() {
                    return Ok(Err(Refusal::NotFound));
                }
                if let Some(name) = &update.name
                    && !to.read(NAME_OF_OTHER, &[name.as_str().into(), id.into()]).await?.is_empty()
                {
                    return Ok(Err(Refusal::NameTaken));
                }
                let url = update.engine.as_ref().map(ToString::to_string);
                to.execute(UPDATE, &[id.into(), update.name.clone().into(), url.into()]).await?;
                if update.tls != TlsChange::Keep {
                    put_tls(to, &sealer, id, update.tls.apply(None).as_ref()).await?;
                }
                match &update.grants {
                    Some(grants) => put_grants(to, id, grants).await,
                    None => Ok(Ok(Vec::new())),
                }
            })
        })
        .await
    }

    /// Deletes an endpoint, with its grants.
    pub(crate) async fn delete_endpoint(&self, id: i64) -> Result<(), DirectoryError> {
        self.write(move |to| {
            Box::pin(async move {
                let deleted = to.execute(DELETE, &[id.into()]).await?;
                Ok(if deleted == 1 { Ok(()) } else { Err(Refusal::NotFound) })
            })
        })
        .await
    }
}

/// Replaces the grants of an endpoint. Returns the users who had one and have none now.
async fn put_grants(
    to: &mut Transaction,
    endpoint: i64,
    grants: &Grants,
) -> Result<Result<Vec<i64>, Refusal>, StoreError> {
    let before = to.read(GRANTS_OF, &[endpoint.into()]).await?;
    let before = before.iter().map(|row| row.integer(0)).collect::<Result<Vec<_>, _>>()?;
    for user in grants.keys() {
        if to.read(super::users::EXISTS, &[(*user).into()]).await?.is_empty() {
            return Ok(Err(Refusal::UnknownUser(*user)));
        }
    }
    to.execute(CLEAR_GRANTS, &[endpoint.into()]).await?;
    for (user, role) in grants {
        to.execute(GRANT, &[endpoint.into(), (*user).into(), (*role).into()]).await?;
    }
    Ok(Ok(before.into_iter().filter(|user| !grants.contains_key(user)).collect()))
}

async fn put_tls(
    to: &mut Transaction,
    sealer: &Sealer,
    id: i64,
    tls: Option<&EngineTls>,
) -> Result<(), StoreError> {
    let plain = tls.map(|tls| {
        let EngineTls { ca, identity, skip_verify } = tls.clone();
        serde_json::to_vec(&SealedTls { ca, identity, skip_verify }).map(zeroize::Zeroizing::new)
    });
    let plain = plain.transpose().map_err(|error| StoreError::Damaged(error.to_string()))?;
    let [key, value] = seal(sealer, TABLE, id, plain.as_ref().map(|plain| plain.as_slice()))?;
    to.execute(SEAL, &[id.into(), key, value]).await?;
    Ok(())
}

fn endpoint_of(sealer: &Sealer, row: &Row) -> Result<(Endpoint, bool), StoreError> {
    let id = row.integer(0)?;
    let engine = row.text(2)?.parse::<EngineUrl>();
    let engine = engine.map_err(|error| StoreError::Damaged(error.to_string()))?;
    let tls = unseal(sealer, TABLE, id, row.optional_bytes(3)?)?.map(|plain| {
        let SealedTls { ca, identity, skip_verify } = serde_json::from_slice(&plain)?;
        Ok::<_, serde_json::Error>(EngineTls { ca, identity, skip_verify })
    });
    // The text of the error is left out: it may quote a key.
    let tls = tls
        .transpose()
        .map_err(|_| StoreError::Damaged("an endpoint's certificates are malformed".into()))?;
    Ok((Endpoint { id, name: row.text(1)?, engine, tls }, row.integer(4)? != 0))
}
