//! Turns at lists, which may read everything that a project has: of each project's lists as many run at once as half of the
//! connections that read, and the others wait in order. One project with slow lists leaves connections to the other projects.

use portcullis_store::{Store, StoreError};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Projects share these by their hash, which no user can know. A prime.
const SHARDS: usize = 1021;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Turns {
    shards: Arc<[Arc<Semaphore>]>,
    hash: RandomState,
    within: Duration,
}

impl Turns {
    /// A list waits for its turn as long as a request waits for a connection.
    pub(super) fn of(store: &Store) -> Self {
        Self::new((store.max_readers() / 2).max(1), store.acquire_timeout())
    }

    fn new(at_once: usize, within: Duration) -> Self {
        let shards = (0..SHARDS).map(|_| Arc::new(Semaphore::new(at_once))).collect();
        Self { shards, hash: RandomState::new(), within }
    }

    /// Reads a list when it is the project's turn. The turn lasts until the read has ended, also where the caller goes away:
    /// SQLite's connection runs the statement until then.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        project: &str,
        read: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.turn(project).await?;
        let task = tokio::spawn(async move {
            let done = read.await;
            drop(turn);
            done
        });
        task.await.unwrap_or_else(|_| Err(StoreError::Statement("the read of a list broke off".into())))
    }

    async fn turn(&self, project: &str) -> Result<OwnedSemaphorePermit, StoreError> {
        let busy = || StoreError::Unavailable("other lists of the same project are being read".into());
        let shard = self.hash.hash_one(project) % SHARDS as u64;
        let shard = self.shards.get(usize::try_from(shard).unwrap_or_default()).ok_or_else(busy)?;
        let turn = timeout(self.within, Arc::clone(shard).acquire_owned()).await;
        turn.map_err(|_| busy())?.map_err(|_| busy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test(start_paused = true)]
    async fn a_project_waits_for_its_own_lists_alone() {
        let turns = Turns::new(2, Duration::from_secs(3));
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

    #[tokio::test(start_paused = true)]
    async fn a_turn_lasts_as_long_as_its_read_also_without_a_caller() {
        let turns = Turns::new(1, Duration::from_secs(3));
        let (started, is_started) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let read = async move {
            let _ = started.send(());
            ended.await.map_err(|_| StoreError::Nul)
        };
        let caller = tokio::spawn({
            let turns = turns.clone();
            async move { turns.read("a", read).await }
        });
        is_started.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert!(turns.turn("a").await.unwrap_err().is_unavailable());
        end.send(()).unwrap();
        assert!(turns.turn("a").await.is_ok());
    }
}
