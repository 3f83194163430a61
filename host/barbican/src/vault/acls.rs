//! ACLs: put in force, and taken out of it. What PUT and PATCH make of a request is decided before; here an ACL is
//! replaced as a whole (barbican/model/repositories.py, `SecretACLRepo.create_or_replace_from`).

use portcullis_store::{Sql, StoreError, Transaction, Value};
use std::sync::Arc;
use uuid::Uuid;

use super::{AclValue, Commit, Kind, Timestamp, Vault, Version, statements};

impl Vault {
    /// Puts an ACL in force. The ACL's `updated` moves, and its entity's; its `created` stays where there was one.
    pub async fn set_acl(
        &self,
        kind: Kind,
        id: Uuid,
        expect: Version,
        acl: &AclValue,
    ) -> Result<Commit, StoreError> {
        let acl = Arc::new(acl.clone());
        self.store
            .write_rows(move |to| {
                let acl = Arc::clone(&acl);
                Box::pin(async move {
                    let now = Timestamp::now();
                    let done = commit(to, kind, id, expect, now, statements::of(kind).touch).await?;
                    if done == Commit::Done {
                        step_held(to, kind, id).await?;
                        put_acl(to, kind, id, &acl, now).await?;
                    }
                    Ok(done)
                })
            })
            .await
    }

    /// Takes an ACL away; [`Commit::Done`] also where there is none. Its entity's `updated` does not move.
    pub async fn delete_acl(&self, kind: Kind, id: Uuid, expect: Version) -> Result<Commit, StoreError> {
        self.store
            .write_rows(move |to| {
                Box::pin(async move {
                    let now = Timestamp::now();
                    let done = commit(to, kind, id, expect, now, statements::of(kind).step).await?;
                    if done == Commit::Done {
                        step_held(to, kind, id).await?;
                        let values = [kind.as_str().into(), id.to_string().into()];
                        to.execute(statements::DELETE_ACL, &values).await?;
                    }
                    Ok(done)
                })
            })
            .await
    }
}

/// Runs a statement that changes the entity if it is in the state that was decided upon, and says why if not.
pub(super) async fn commit(
    to: &mut Transaction,
    kind: Kind,
    id: Uuid,
    expect: Version,
    now: Timestamp,
    sql: Sql,
) -> Result<Commit, StoreError> {
    let id = id.to_string();
    if to.execute(sql, &[id.as_str().into(), expect.0.into(), now.0.into()]).await? == 1 {
        return Ok(Commit::Done);
    }
    let found = to.read(statements::of(kind).is_there, &[id.into(), now.0.into()]).await?;
    Ok(if found.is_empty() { Commit::Gone } else { Commit::Changed })
}

/// Moves the versions of what a container holds: it was decided upon with the container's ACL in mind.
pub(super) async fn step_held(to: &mut Transaction, kind: Kind, id: Uuid) -> Result<(), StoreError> {
    if kind == Kind::Container {
        let id = [id.to_string().into()];
        to.read(statements::LOCK_HELD, &id).await?;
        to.execute(statements::STEP_HELD, &id).await?;
    }
    Ok(())
}

/// Writes an ACL over the one that is there.
pub(super) async fn put_acl(
    to: &mut Transaction,
    kind: Kind,
    id: Uuid,
    acl: &AclValue,
    now: Timestamp,
) -> Result<(), StoreError> {
    let entity = [kind.as_str().into(), id.to_string().into()];
    let [kind, id] = entity.clone();
    to.execute(statements::PUT_ACL, &[kind, id, acl.project_access.into(), now.0.into()]).await?;
    to.execute(statements::CLEAR_ACL_USERS, &entity).await?;
    add_users(to, entity, &acl.users).await
}

/// Adds users to an ACL that has none; `entity` is its kind and its id.
pub(super) async fn add_users(
    to: &mut Transaction,
    entity: [Value; 2],
    users: &[String],
) -> Result<(), StoreError> {
    let mut users: Vec<&str> = users.iter().map(String::as_str).collect();
    users.sort_unstable();
    users.dedup();
    // In JSON it would be an escape, which the databases take for what it stands for, each in its own way.
    if users.iter().any(|user| user.contains('\0')) {
        return Err(StoreError::Nul);
    }
    if !users.is_empty() {
        let users = serde_json::Value::from(users).to_string();
        let [kind, id] = entity;
        to.execute(statements::ADD_ACL_USERS, &[kind, id, users.into()]).await?;
    }
    Ok(())
}
