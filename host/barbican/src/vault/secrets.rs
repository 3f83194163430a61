//! Secrets: made, given a payload, read, and deleted.

use portcullis_store::seal::{KeyId, Place, SealError, key_of};
use portcullis_store::{StoreError, Transaction, Value};
use std::slice;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::acls::{self, put_acl};
use super::{
    AclValue, Commit, CreateSecret, Kind, Limited, NewSecret, PutPayload, Secret, Timestamp, Vault, Version,
    quotas, statements,
};

/// The table that a sealed payload is bound to. It stays, even if the table is ever called otherwise.
pub(super) const PAYLOADS: &str = "barbican_payloads";

impl Vault {
    /// Makes a secret, with its payload and its ACL if there are any, as one.
    pub async fn create_secret(&self, new: NewSecret) -> Result<CreateSecret, StoreError> {
        let rows = Arc::new(self.rows_of(new, Timestamp::now())?);
        let made = Arc::clone(&rows);
        let done = self
            .store
            .write_rows(move |to| {
                let rows = Arc::clone(&rows);
                Box::pin(async move {
                    if quotas::is_reached(to, Limited::Secrets, &rows.secret.project).await? {
                        return Ok(false);
                    }
                    rows.write(to).await?;
                    Ok(true)
                })
            })
            .await?;
        let secret = || Box::new(made.secret.clone());
        Ok(if done { CreateSecret::Done(secret()) } else { CreateSecret::QuotaReached })
    }

    /// A secret to be made `now`, as it is written; its payload is sealed.
    pub(super) fn rows_of(&self, new: NewSecret, now: Timestamp) -> Result<SecretRows, StoreError> {
        let secret = Secret {
            id: Uuid::new_v4(),
            name: new.name,
            project: new.project,
            creator: new.creator,
            secret_type: new.secret_type,
            algorithm: new.algorithm,
            bit_length: new.bit_length,
            mode: new.mode,
            status: "ACTIVE".into(),
            content_type: new.payload.as_ref().map(|payload| payload.content_type.clone()),
            expiration: new.expiration,
            created: now,
            updated: now,
        };
        let payload = new.payload.map(|payload| self.sealed_row(secret.id, &payload.bytes)).transpose()?;
        Ok(SecretRows { secret, payload, acl: new.acl })
    }

    /// A secret's payload. Nothing, where there is none or no such secret.
    pub async fn payload(&self, id: Uuid) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let row = id.to_string();
        let values = [row.as_str().into(), Timestamp::now().0.into()];
        let found = self.store.read(statements::PAYLOAD, &values).await?;
        let Some(found) = found.first() else { return Ok(None) };
        let place = Place { table: PAYLOADS, row: &row };
        Ok(Some(self.sealer.open(place, &found.bytes(0)?)?))
    }

    /// Gives a secret that has none its payload; `updated` moves.
    pub async fn put_payload(
        &self,
        id: Uuid,
        expect: Version,
        content_type: &str,
        payload: &[u8],
    ) -> Result<PutPayload, StoreError> {
        let sealed = Arc::new(self.sealed_row(id, payload)?);
        let content_type: Arc<str> = content_type.into();
        self.store
            .write_rows(move |to| {
                let (sealed, content_type) = (Arc::clone(&sealed), Arc::clone(&content_type));
                Box::pin(async move {
                    let now = Timestamp::now().0;
                    let id: Value = id.to_string().into();
                    let values = [id.clone(), expect.0.into(), now.into(), (&*content_type).into()];
                    if to.execute(statements::PUT_CONTENT_TYPE, &values).await? == 1 {
                        to.execute(statements::ADD_PAYLOAD, &*sealed).await?;
                        return Ok(PutPayload::Done);
                    }
                    let found = to.read(statements::CONTENT_TYPE, &[id, now.into()]).await?;
                    let Some(row) = found.first() else { return Ok(PutPayload::Gone) };
                    let has_payload = row.optional_text(0)?.is_some();
                    Ok(if has_payload { PutPayload::AlreadyThere } else { PutPayload::Changed })
                })
            })
            .await
    }

    /// Deletes an entity, with its payload, its ACL and its consumers. A secret goes from the containers that hold it; a container
    /// goes alone.
    pub async fn delete(&self, kind: Kind, id: Uuid, expect: Version) -> Result<Commit, StoreError> {
        self.store
            .write_rows(move |to| {
                Box::pin(async move {
                    let now = Timestamp::now();
                    if kind == Kind::Secret {
                        to.read(statements::LOCK_HOLDERS, &[id.to_string().into()]).await?;
                    }
                    let done = acls::commit(to, kind, id, expect, now, statements::of(kind).step).await?;
                    if done == Commit::Done {
                        acls::step_held(to, kind, id).await?;
                        let id: Value = id.to_string().into();
                        let entity = [kind.as_str().into(), id.clone()];
                        to.execute(statements::DELETE_ACL, &entity).await?;
                        to.execute(statements::CLEAR_CONSUMERS, &entity).await?;
                        if kind == Kind::Secret {
                            to.execute(statements::STEP_HOLDERS, slice::from_ref(&id)).await?;
                        }
                        to.execute(statements::of(kind).delete, &[id]).await?;
                    }
                    Ok(done)
                })
            })
            .await
    }

    /// No payload may be there that would be found unreadable only when it is asked for.
    pub(super) async fn check_keys(&self) -> Result<(), StoreError> {
        for row in self.store.read(statements::KEYS_IN_USE, &[]).await? {
            let key: KeyId = row.text(0)?.parse()?;
            if !self.sealer.has(key) {
                return Err(SealError::UnknownKey(key).into());
            }
        }
        Ok(())
    }

    pub(super) fn sealed_row(&self, id: Uuid, payload: &[u8]) -> Result<[Value; 3], StoreError> {
        let row = id.to_string();
        let sealed = self.sealer.seal(Place { table: PAYLOADS, row: &row }, payload)?;
        let key = key_of(&sealed)?.to_string();
        Ok([row.into(), key.into(), sealed.into()])
    }
}

/// A secret that is not written yet.
pub(super) struct SecretRows {
    pub(super) secret: Secret,
    payload: Option<[Value; 3]>,
    acl: Option<AclValue>,
}

impl SecretRows {
    pub(super) async fn write(&self, to: &mut Transaction) -> Result<(), StoreError> {
        to.execute(statements::CREATE_SECRET, &row_of(&self.secret)).await?;
        if let Some(payload) = &self.payload {
            to.execute(statements::ADD_PAYLOAD, payload).await?;
        }
        if let Some(acl) = &self.acl {
            put_acl(to, Kind::Secret, self.secret.id, acl, self.secret.created).await?;
        }
        Ok(())
    }
}

pub(super) fn row_of(secret: &Secret) -> [Value; 13] {
    [
        secret.id.to_string().into(),
        secret.name.clone().into(),
        secret.project.clone().into(),
        secret.creator.clone().into(),
        secret.secret_type.clone().into(),
        secret.algorithm.clone().into(),
        secret.bit_length.into(),
        secret.mode.clone().into(),
        secret.status.clone().into(),
        secret.content_type.clone().into(),
        secret.expiration.map(|time| time.0).into(),
        secret.created.0.into(),
        secret.updated.0.into(),
    ]
}
