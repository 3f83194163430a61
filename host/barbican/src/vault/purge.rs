//! A project's end: everything that belongs to it goes, as one (`delete_all_project_resources` in
//! barbican/model/repositories.py).

use portcullis_store::StoreError;
use std::sync::Arc;

use super::{Vault, statements};

/// How much went with a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Secrets, also those that had expired.
    pub secrets: u64,
    /// Containers.
    pub containers: u64,
    /// Orders.
    pub orders: u64,
    /// Consumers that the project had registered, or its entities had.
    pub consumers: u64,
    /// Whether quotas were set for it.
    pub quotas: bool,
}

impl Vault {
    /// Deletes the secrets, containers, orders and quotas of a project, with all that belongs to these, and the consumers
    /// that it has registered elsewhere.
    pub async fn purge(&self, project: &str) -> Result<Purged, StoreError> {
        let project = Arc::<str>::from(project);
        self.store
            .write(move |to| {
                let of_project = [(&*project).into()];
                Box::pin(async move {
                    // What has no foreign key first, while its entities are there.
                    to.execute(statements::PURGE_ACLS, &of_project).await?;
                    Ok(Purged {
                        consumers: to.execute(statements::PURGE_CONSUMERS, &of_project).await?,
                        orders: to.execute(statements::PURGE_ORDERS, &of_project).await?,
                        containers: to.execute(statements::PURGE_CONTAINERS, &of_project).await?,
                        secrets: to.execute(statements::PURGE_SECRETS, &of_project).await?,
                        quotas: to.execute(statements::DELETE_QUOTAS, &of_project).await? > 0,
                    })
                })
            })
            .await
    }
}
