//! A project's end: everything that belongs to it goes (`delete_all_project_resources` in
//! barbican/model/repositories.py). It goes in batches, so that other writers wait for one batch at most: a purge that is
//! cut short has deleted a part, and the next one goes on.

use portcullis_store::{Sql, StoreError};
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

/// Rows of a table that one transaction deletes, with what belongs to them.
const BATCH: i64 = 500;

/// What one batch has deleted: consumers, and rows of the table itself.
type Deleted = (u64, u64);

impl Vault {
    /// Deletes the secrets, containers, orders and quotas of a project, with all that belongs to these, and the consumers
    /// that it has registered elsewhere. The project must have no valid tokens: what it makes meanwhile may stay.
    pub async fn purge(&self, project: &str) -> Result<Purged, StoreError> {
        let (_, own) = self.purge_table(project, None, statements::PURGE_CONSUMERS).await?;
        let (_, orders) = self.purge_table(project, None, statements::PURGE_ORDERS).await?;
        // Before the secrets that they hold.
        let held = Some(statements::PURGE_OF_CONTAINERS);
        let (of_containers, containers) =
            self.purge_table(project, held, statements::PURGE_CONTAINERS).await?;
        let held = Some(statements::PURGE_OF_SECRETS);
        let (of_secrets, secrets) = self.purge_table(project, held, statements::PURGE_SECRETS).await?;
        let quotas = self.delete_quotas(project).await?;
        Ok(Purged { secrets, containers, orders, consumers: own + of_containers + of_secrets, quotas })
    }

    /// Deletes the project's rows of one table. `attached` deletes the ACLs and the consumers of the same rows: these have
    /// no foreign key.
    async fn purge_table(
        &self,
        project: &str,
        attached: Option<[Sql; 2]>,
        delete: Sql,
    ) -> Result<Deleted, StoreError> {
        let project = Arc::<str>::from(project);
        let (mut consumers, mut deleted) = (0, 0);
        loop {
            let project = Arc::clone(&project);
            let batch = self.store.write(move |to| {
                let values = [(&*project).into(), BATCH.into()];
                Box::pin(async move {
                    let mut consumers = 0;
                    if let Some([acls, of_entities]) = attached {
                        to.execute(acls, &values).await?;
                        consumers = to.execute(of_entities, &values).await?;
                    }
                    Ok((consumers, to.execute(delete, &values).await?))
                })
            });
            let (of_batch, rows) = batch.await?;
            consumers += of_batch;
            deleted += rows;
            if rows == 0 {
                return Ok((consumers, deleted));
            }
        }
    }
}
