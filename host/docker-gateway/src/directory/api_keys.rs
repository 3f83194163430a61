//! API keys (`X-API-KEY`; Portainer also calls them access tokens). Only a digest is stored: a key is 32 random bytes, so
//! that SHA-256 without salt and stretching cannot be searched.

use portcullis_store::{Row, Sql, StoreError};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use super::{Directory, DirectoryError, Refusal, now};

/// Keys of one user.
const MAX_KEYS: i64 = 100;

const CREATE: Sql = Sql::same(
    "INSERT INTO gateway_api_keys (user_id, digest, prefix, description, created_at) VALUES ($1, $2, $3, $4, $5)
     RETURNING id",
);
const COUNT: Sql = Sql::same("SELECT COUNT(*) FROM gateway_api_keys WHERE user_id = $1");
const FIND: Sql = Sql::same("SELECT id, user_id FROM gateway_api_keys WHERE digest = $1");
const OF_USER: Sql = Sql::same(
    "SELECT id, user_id, prefix, description, created_at FROM gateway_api_keys WHERE user_id = $1 ORDER BY id",
);
const DELETE: Sql = Sql::same("DELETE FROM gateway_api_keys WHERE id = $1 AND user_id = $2");

/// An API key, without what is secret of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The number in paths.
    pub id: i64,
    /// The user it stands for.
    pub user: i64,
    /// Its first characters, by which a person recognizes it.
    pub prefix: String,
    /// In the user's words.
    pub description: String,
    /// Seconds since 1970 UTC.
    pub created: i64,
}

fn digest(raw: &str) -> Vec<u8> {
    Sha256::digest(raw.as_bytes()).to_vec()
}

impl Directory {
    /// Stores the digest of a key.
    pub(crate) async fn create_api_key(
        &self,
        user: i64,
        raw: &str,
        prefix: &str,
        description: &str,
    ) -> Result<ApiKey, DirectoryError> {
        let digest: Arc<[u8]> = digest(raw).into();
        let (prefix, description): (Arc<str>, Arc<str>) = (prefix.into(), description.into());
        self.write(move |to| {
            let (digest, prefix) = (Arc::clone(&digest), Arc::clone(&prefix));
            let description = Arc::clone(&description);
            Box::pin(async move {
                if to.read(super::users::EXISTS, &[user.into()]).await?.is_empty() {
                    return Ok(Err(Refusal::NotFound));
                }
                let count = to.read(COUNT, &[user.into()]).await?;
                if count.first().map_or(Ok(0), |row| row.integer(0))? >= MAX_KEYS {
                    return Ok(Err(Refusal::TooManyApiKeys(MAX_KEYS)));
                }
                let created = now();
                let values = [
                    user.into(),
                    digest.to_vec().into(),
                    (*prefix).into(),
                    (*description).into(),
                    created.into(),
                ];
                let rows = to.read(CREATE, &values).await?;
                let id = rows.first().ok_or_else(|| StoreError::Damaged("no id was returned".into()))?;
                Ok(Ok(ApiKey {
                    id: id.integer(0)?,
                    user,
                    prefix: prefix.to_string(),
                    description: description.to_string(),
                    created,
                }))
            })
        })
        .await
    }

    /// The ids of a key and of its user.
    pub(crate) async fn find_api_key(&self, raw: &str) -> Result<Option<(i64, i64)>, StoreError> {
        let rows = self.store.read(FIND, &[digest(raw).into()]).await?;
        rows.first().map(|row| Ok((row.integer(0)?, row.integer(1)?))).transpose()
    }

    /// The keys of a user.
    pub(crate) async fn api_keys(&self, user: i64) -> Result<Vec<ApiKey>, StoreError> {
        let read = |row: &Row| {
            Ok(ApiKey {
                id: row.integer(0)?,
                user: row.integer(1)?,
                prefix: row.text(2)?,
                description: row.text(3)?,
                created: row.integer(4)?,
            })
        };
        self.store.read(OF_USER, &[user.into()]).await?.iter().map(read).collect()
    }

    /// Deletes a key of a user.
    pub(crate) async fn delete_api_key(&self, user: i64, id: i64) -> Result<(), DirectoryError> {
        self.write(move |to| {
            Box::pin(async move {
                let deleted = to.execute(DELETE, &[id.into(), user.into()]).await?;
                Ok(if deleted == 1 { Ok(()) } else { Err(Refusal::NotFound) })
            })
        })
        .await
    }
}
