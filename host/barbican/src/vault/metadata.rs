//! User metadata of secrets (barbican/model/repositories.py, `SecretUserMetadatumRepo`). The secret's `updated` does not
//! move, as in Barbican; its version does. A key that gets another value goes to the end.

use portcullis_store::{StoreError, Transaction, Value};
use std::slice;
use std::sync::Arc;
use uuid::Uuid;

use super::acls::commit;
use super::{ChangeMetadata, Commit, Kind, MetadataChange, Timestamp, Vault, Version, statements};

/// How many keys a secret may have when one is added. A request that replaces all of them is bounded by its size.
pub const MOST_METADATA: usize = 1024;

impl Vault {
    /// The user metadata of a secret, in their order.
    pub async fn metadata(&self, id: Uuid) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.store.read(statements::METADATA, &[id.to_string().into()]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// Changes the user metadata of a secret.
    pub async fn change_metadata(
        &self,
        id: Uuid,
        expect: Version,
        change: MetadataChange,
    ) -> Result<ChangeMetadata, StoreError> {
        let change = Arc::new(change);
        self.store
            .write_rows(move |to| {
                let change = Arc::clone(&change);
                Box::pin(async move {
                    let step = statements::of(Kind::Secret).step;
                    match commit(to, Kind::Secret, id, expect, Timestamp::now(), step).await? {
                        Commit::Done => apply(to, &id.to_string().into(), &change).await,
                        Commit::Changed => Ok(ChangeMetadata::Changed),
                        Commit::Gone => Ok(ChangeMetadata::Gone),
                    }
                })
            })
            .await
    }
}

async fn apply(
    to: &mut Transaction,
    id: &Value,
    change: &MetadataChange,
) -> Result<ChangeMetadata, StoreError> {
    let rows = to.read(statements::METADATA, slice::from_ref(id)).await?;
    let (mut next, mut keys) = (0, Vec::with_capacity(rows.len()));
    for row in &rows {
        next = next.max(row.integer(2)? + 1);
        keys.push(row.text(0)?);
    }
    let has = |key: &String| keys.contains(key);
    match change {
        MetadataChange::Add(key, _) if has(key) => return Ok(ChangeMetadata::AlreadyThere),
        MetadataChange::Add(..) if keys.len() >= MOST_METADATA => return Ok(ChangeMetadata::Full),
        MetadataChange::Set(key, _) if !has(key) => return Ok(ChangeMetadata::NotThere),
        MetadataChange::Replace(pairs) => {
            to.execute(statements::CLEAR_METADATA, slice::from_ref(id)).await?;
            for ((key, value), position) in pairs.iter().zip(0_i64..) {
                let values = [id.clone(), key.as_str().into(), value.as_str().into(), position.into()];
                to.execute(statements::ADD_METADATUM, &values).await?;
            }
        }
        MetadataChange::Remove(key) => {
            to.execute(statements::REMOVE_METADATUM, &[id.clone(), key.as_str().into()]).await?;
        }
        MetadataChange::Add(key, value) | MetadataChange::Set(key, value) => {
            to.execute(statements::REMOVE_METADATUM, &[id.clone(), key.as_str().into()]).await?;
            let values = [id.clone(), key.as_str().into(), value.as_str().into(), next.into()];
            to.execute(statements::ADD_METADATUM, &values).await?;
        }
    }
    Ok(ChangeMetadata::Done)
}
