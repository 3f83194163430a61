//! One write to an entity at a time, so that writers who meet all get their turn.
//!
//! The vault alone keeps writes apart, also from other processes; here it is only seen to that those of this process
//! do not keep making each other decide again.

use std::hash::BuildHasher;
use std::hash::RandomState;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Entities share turns by their hash. A prime, and more than there are ever decisions at once.
const LOCKS: usize = 1021;

pub(super) struct EntityLocks {
    locks: Vec<Mutex<()>>,
    hash: RandomState,
}

impl EntityLocks {
    pub(super) fn new() -> Self {
        Self { locks: (0..LOCKS).map(|_| Mutex::new(())).collect(), hash: RandomState::new() }
    }

    /// Waits for the entity's turn.
    pub(super) async fn lock(&self, id: Uuid) -> MutexGuard<'_, ()> {
        let hash = self.hash.hash_one(id) % LOCKS as u64;
        self.locks[usize::try_from(hash).unwrap_or_default()].lock().await
    }
}
