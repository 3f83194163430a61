//! One lock for each entity, so that concurrent writers of one entity all succeed in order.
//!
//! The vault detects conflicting writes, also of other processes. The locks only keep the writers of this process from
//! making each other decide again.

use std::hash::BuildHasher;
use std::hash::RandomState;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Number of locks, which entities share by their hash. A prime, and more than there are ever decisions at once.
const LOCKS: usize = 1021;

pub(super) struct EntityLocks {
    locks: Vec<Mutex<()>>,
    hash: RandomState,
}

impl EntityLocks {
    pub(super) fn new() -> Self {
        Self { locks: (0..LOCKS).map(|_| Mutex::new(())).collect(), hash: RandomState::new() }
    }

    /// Waits for the entity's lock.
    pub(super) async fn lock(&self, id: Uuid) -> MutexGuard<'_, ()> {
        let hash = self.hash.hash_one(id) % LOCKS as u64;
        self.locks[usize::try_from(hash).unwrap_or_default()].lock().await
    }
}
