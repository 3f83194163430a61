//! The key that signs tokens, and the id that `/status` shows: made once, and shared by all processes on the database.

use portcullis_store::seal::SealError;
use portcullis_store::{Sql, StoreError};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Directory, seal, unseal};

const TABLE: &str = "gateway_instance";
const CREATE: Sql = Sql::same(
    "INSERT INTO gateway_instance (one, instance_id, key_id, sealed) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING",
);
const READ: Sql = Sql::same("SELECT instance_id, sealed FROM gateway_instance");

/// What the database has once. `Debug` does not show the key.
pub struct Instance {
    /// A UUID.
    pub id: String,
    /// Signs tokens.
    pub signing_key: Zeroizing<[u8; 32]>,
}

impl Directory {
    /// Reads it; makes it where there is none.
    pub(crate) async fn instance(&self) -> Result<Instance, StoreError> {
        if let Some(instance) = self.read_instance().await? {
            return Ok(instance);
        }
        let mut key = Zeroizing::new([0; 32]);
        SystemRandom::new().fill(&mut *key).map_err(|_| SealError::Random)?;
        let [key_id, sealed] = seal(&self.sealer, TABLE, 1, Some(&*key))?;
        let values = Arc::new([Uuid::new_v4().to_string().into(), key_id, sealed]);
        self.store
            .write(move |to| {
                let values = Arc::clone(&values);
                Box::pin(async move { to.execute(CREATE, &*values).await })
            })
            .await?;
        // Of several processes that start at once one has written it.
        self.read_instance().await?.ok_or_else(|| StoreError::Damaged("the signing key is missing".into()))
    }

    async fn read_instance(&self) -> Result<Option<Instance>, StoreError> {
        let rows = self.store.read(READ, &[]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let plain = unseal(&self.sealer, TABLE, 1, Some(row.bytes(1)?))?.unwrap_or_default();
        let key = <[u8; 32]>::try_from(plain.as_slice())
            .map_err(|_| StoreError::Damaged("the signing key does not have 32 bytes".into()))?;
        Ok(Some(Instance { id: row.text(0)?, signing_key: Zeroizing::new(key) }))
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("id", &self.id).finish_non_exhaustive()
    }
}
