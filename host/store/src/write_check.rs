//! The write that a readiness probe tries. A read does not tell whether the disk is full or the server is a standby.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

use crate::{Sql, Store, StoreError};

/// How long a result is used again, so that frequent probes cost one write a second.
const TTL: Duration = Duration::from_secs(1);
/// How long one probe waits for the write.
const TIMEOUT: Duration = Duration::from_secs(2);

/// In SQLite 64 KiB are written, more than a request of an API writes: a disk with room for one page would pass
/// otherwise. Random bytes need their room on a file system that compresses, too.
const WRITE: Sql = Sql::each(
    "INSERT INTO portcullis_write_check (id, writes, filler) VALUES (1, 1, randomblob(65536))
     ON CONFLICT (id) DO UPDATE SET writes = portcullis_write_check.writes + 1, filler = excluded.filler",
    "INSERT INTO portcullis_write_check (id, writes) VALUES (1, 1)
     ON CONFLICT (id) DO UPDATE SET writes = portcullis_write_check.writes + 1",
);

impl Store {
    /// Whether the database can be read and written, for a readiness probe. After [`Store::migrate`].
    pub async fn check(&self) -> Result<(), Arc<StoreError>> {
        let checked = timeout(TIMEOUT, async {
            let mut last = Arc::clone(&self.last_check).lock_owned().await;
            if let Some((at, result)) = &*last
                && at.elapsed() < TTL
            {
                return result.clone();
            }
            let store = self.clone();
            // A task: a probe that goes away or times out must not interrupt the write.
            let task = tokio::spawn(async move {
                let result = store.read_and_write().await.map_err(Arc::new);
                *last = Some((Instant::now(), result.clone()));
                result
            });
            task.await.unwrap_or_else(|_| Err(Arc::new(StoreError::Statement("the check broke off".into()))))
        });
        checked.await.unwrap_or_else(|_| {
            let text = format!("a test write did not end within {} s", TIMEOUT.as_secs());
            Err(Arc::new(StoreError::Unavailable(text)))
        })
    }

    async fn read_and_write(&self) -> Result<(), StoreError> {
        self.read(Sql::same("SELECT 1"), &[]).await?;
        self.write(|to| Box::pin(async { to.execute(WRITE, &[]).await.map(drop) })).await
    }
}
