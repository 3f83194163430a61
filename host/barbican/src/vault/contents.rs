//! What a container holds: a secret is added to it, or removed from it. The container's `updated` does not move, as in
//! Barbican; its version does, and that of the secret.

use portcullis_store::{Row, StoreError, Transaction, Value};
use uuid::Uuid;

use super::acls::{commit, step_held};
use super::{ChangeContents, Commit, Kind, MOST_HOLDERS, SecretRef, Timestamp, Vault, Version, statements};

/// How many secrets a container may hold when one is added. A container that is made holds as many as its request names.
pub const MOST_SECRETS: usize = 1024;

impl Vault {
    /// Adds a secret of `project` to the container, under a name that the secret does not have there yet.
    pub async fn add_to_container(
        &self,
        id: Uuid,
        expect: Version,
        project: &str,
        add: SecretRef,
    ) -> Result<ChangeContents, StoreError> {
        let project = project.to_owned();
        self.store
            .write_rows(move |to| {
                let (project, add) = (project.clone(), add.clone());
                Box::pin(async move {
                    let rows = match contents(to, id, expect, &project, &add).await? {
                        Ok(rows) => rows,
                        Err(refused) => return Ok(refused),
                    };
                    let (mut next, secret) = (0, Value::from(add.secret.to_string()));
                    for row in &rows {
                        if is(row, &add)? {
                            return Ok(ChangeContents::AlreadyThere);
                        }
                        next = next.max(row.integer(0)? + 1);
                    }
                    if rows.len() >= MOST_SECRETS {
                        return Ok(ChangeContents::Full);
                    }
                    let holders = to.read(statements::COUNT_HOLDERS, std::slice::from_ref(&secret)).await?;
                    if holders.first().map_or(Ok(0), |row| row.integer(0))? >= MOST_HOLDERS {
                        return Ok(ChangeContents::TooManyHolders);
                    }
                    let values = [id.to_string().into(), next.into(), add.name.into(), secret];
                    to.execute(statements::ADD_TO_CONTAINER, &values).await?;
                    step_held(to, Kind::Container, id).await?;
                    Ok(ChangeContents::Done)
                })
            })
            .await
    }

    /// Removes a secret of `project` from the container, where it is under that name.
    pub async fn remove_from_container(
        &self,
        id: Uuid,
        expect: Version,
        project: &str,
        remove: SecretRef,
    ) -> Result<ChangeContents, StoreError> {
        let project = project.to_owned();
        self.store
            .write_rows(move |to| {
                let (project, remove) = (project.clone(), remove.clone());
                Box::pin(async move {
                    let rows = match contents(to, id, expect, &project, &remove).await? {
                        Ok(rows) => rows,
                        Err(refused) => return Ok(refused),
                    };
                    step_held(to, Kind::Container, id).await?;
                    let mut outcome = ChangeContents::NotThere;
                    for row in rows {
                        if is(&row, &remove)? {
                            let values = [id.to_string().into(), row.integer(0)?.into()];
                            to.execute(statements::REMOVE_FROM_CONTAINER, &values).await?;
                            outcome = ChangeContents::Done;
                        }
                    }
                    Ok(outcome)
                })
            })
            .await
    }
}

/// Locks the container, and then the secret with those that the container holds, in the one order of all writers; the rows
/// of the container's secrets, or why nothing is to be changed.
async fn contents(
    to: &mut Transaction,
    id: Uuid,
    expect: Version,
    project: &str,
    secret: &SecretRef,
) -> Result<Result<Vec<Row>, ChangeContents>, StoreError> {
    let now = Timestamp::now();
    match commit(to, Kind::Container, id, expect, now, statements::of(Kind::Container).step).await? {
        Commit::Done => {}
        Commit::Changed => return Ok(Err(ChangeContents::Changed)),
        Commit::Gone => return Ok(Err(ChangeContents::Gone)),
    }
    let secret = secret.secret.to_string();
    let held = to.read(statements::CONTENTS, &[id.to_string().into()]).await?;
    let mut secrets = vec![secret.clone()];
    for row in &held {
        secrets.push(row.text(2)?.clone());
    }
    to.read(statements::LOCK_SECRETS, &[serde_json::Value::from(secrets).to_string().into()]).await?;
    let values = [secret.into(), project.into(), now.0.into()];
    if to.read(statements::SECRET_OF_PROJECT, &values).await?.is_empty() {
        return Ok(Err(ChangeContents::UnknownSecret));
    }
    Ok(Ok(to.read(statements::CONTENTS, &[id.to_string().into()]).await?))
}

/// Whether a row is the secret under that name.
fn is(row: &Row, reference: &SecretRef) -> Result<bool, StoreError> {
    Ok(row.text(2)? == reference.secret.to_string() && row.optional_text(1)? == reference.name)
}
