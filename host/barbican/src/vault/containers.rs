//! Containers: made of secrets that are there.

use portcullis_store::{StoreError, Transaction, Value};
use std::sync::Arc;
use uuid::Uuid;

use super::acls::put_acl;
use super::json_rows::json_rows;
use super::{Container, CreateContainer, Kind, Limited, NewContainer, Timestamp, Vault, quotas, statements};

/// How many containers of its creator's may hold one secret. Every decision about the secret is told of all of these, and
/// of no other user's: a user who may make containers could otherwise make a colleague's secret too large to decide about.
pub const MOST_HOLDERS: i64 = 64;

impl Vault {
    /// Makes a container, with its ACL if there is any, as one. Its secrets must be its project's, and be there.
    pub async fn create_container(&self, new: NewContainer) -> Result<CreateContainer, StoreError> {
        let now = Timestamp::now();
        let acl = new.acl.map(Arc::new);
        let container = Arc::new(Container {
            id: Uuid::new_v4(),
            name: new.name,
            project: new.project,
            creator: new.creator,
            container_type: new.container_type,
            secrets: new.secrets,
            status: "ACTIVE".into(),
            created: now,
            updated: now,
        });
        let made = Arc::clone(&container);
        let refused = self
            .store
            .write_rows(move |to| {
                let (container, acl) = (Arc::clone(&container), acl.clone());
                Box::pin(async move {
                    if quotas::is_reached(to, Limited::Containers, &container.project).await? {
                        return Ok(Some(CreateContainer::QuotaReached));
                    }
                    let id: Value = container.id.to_string().into();
                    let held = container.secrets.iter().map(|held| held.secret.to_string());
                    let held = held.collect::<serde_json::Value>().to_string();
                    to.read(statements::LOCK_SECRETS, &[held.into()]).await?;
                    // Before anything is written: what is found missing leaves nothing behind.
                    for held in &container.secrets {
                        let values =
                            [held.secret.to_string().into(), container.project.as_str().into(), now.0.into()];
                        if to.read(statements::SECRET_OF_PROJECT, &values).await?.is_empty() {
                            return Ok(Some(CreateContainer::UnknownSecret(held.clone())));
                        }
                        let holders = to.read(statements::COUNT_HOLDERS, &values[..1]).await?;
                        if holders.first().map_or(Ok(0), |row| row.integer(0))? >= MOST_HOLDERS {
                            return Ok(Some(CreateContainer::TooManyHolders(held.clone())));
                        }
                    }
                    write(to, &container).await?;
                    to.execute(statements::STEP_HELD, std::slice::from_ref(&id)).await?;
                    if let Some(acl) = acl {
                        put_acl(to, Kind::Container, container.id, &acl, now).await?;
                    }
                    Ok(None)
                })
            })
            .await?;
        Ok(refused.unwrap_or_else(|| CreateContainer::Done(Arc::unwrap_or_clone(made))))
    }
}

/// Writes a container with what it holds; its secrets are written before.
pub(super) async fn write(to: &mut Transaction, container: &Container) -> Result<(), StoreError> {
    to.execute(statements::CREATE_CONTAINER, &row_of(container)).await?;
    if container.secrets.is_empty() {
        return Ok(());
    }
    let held = container.secrets.iter();
    let held = json_rows(held.map(|held| vec![held.name.clone().into(), held.secret.to_string().into()]))?;
    to.execute(statements::ADD_ALL_TO_CONTAINER, &[container.id.to_string().into(), held]).await?;
    Ok(())
}

fn row_of(container: &Container) -> [Value; 8] {
    [
        container.id.to_string().into(),
        container.name.clone().into(),
        container.project.clone().into(),
        container.creator.clone().into(),
        container.container_type.clone().into(),
        container.status.clone().into(),
        container.created.0.into(),
        container.updated.0.into(),
    ]
}
