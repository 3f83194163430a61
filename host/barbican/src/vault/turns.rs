//! Turns at lists, which may read everything that a project has: of each project's lists two run at once, and the others wait
//! in order. One project with slow lists leaves connections to the other projects.

use portcullis_store::StoreError;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How many of a project's lists run at once: half of the connections by which SQLite is read.
const AT_ONCE: usize = 2;
/// Projects share these by their hash, which no user can know. A prime.
const SHARDS: usize = 1021;
/// As long as a request waits for a connection.
const WITHIN: Duration = Duration::from_secs(3);

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Turns {
    shards: Arc<[Semaphore]>,
    hash: RandomState,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Semaphore::new(AT_ONCE)).collect(), hash: RandomState::new() }
    }

    /// Waits for the turn of one of the project's lists.
    pub(super) async fn turn(&self, project: &str) -> Result<SemaphorePermit<'_>, StoreError> {
        let busy = || StoreError::Unavailable("other lists of the same project are being read".into());
        let shard = self.hash.hash_one(project) % SHARDS as u64;
        let shard = self.shards.get(usize::try_from(shard).unwrap_or_default()).ok_or_else(busy)?;
        timeout(WITHIN, shard.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_project_waits_for_its_own_lists_alone() {
        let turns = Turns::new();
        // One that shares no semaphore with it.
        let shard = |project: &str| turns.hash.hash_one(project) % SHARDS as u64;
        let other =
            (0..1000_u64).map(|number| number.to_string()).find(|other| shard(other) != shard("a")).unwrap();
        let first = turns.turn("a").await.unwrap();
        let _second = turns.turn("a").await.unwrap();
        assert!(turns.turn(&other).await.is_ok());
        assert!(turns.turn("a").await.unwrap_err().is_unavailable());
        drop(first);
        assert!(turns.turn("a").await.is_ok());
    }
}
