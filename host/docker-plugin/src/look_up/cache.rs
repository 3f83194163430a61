//! Containers and execs that were looked up, bounded in bytes and time. Whether a container is still what it was, the
//! changes say; here it is only kept.

use moka::future::Cache;
use portcullis_docker_api::inspect::{Container, Exec, may_be_id};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bytes of all containers.
const MAX_CONTAINERS: u64 = 32 << 20;
/// Bytes of all names, and of all execs.
const MAX_OTHERS: u64 = 4 << 20;
/// What an entry takes beside its content, about.
const ENTRY: usize = 256;
/// How long an entry is kept.
const KEPT: Duration = Duration::from_mins(10);

/// A container that was looked up.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) container: Container,
    /// The number of the latest change that was seen not to concern it.
    checked: AtomicU64,
}

impl Entry {
    /// `since` is the number of the latest change before it was asked for.
    pub(super) fn new(container: Container, since: u64) -> Arc<Self> {
        Arc::new(Self { container, checked: AtomicU64::new(since) })
    }

    pub(super) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Acquire)
    }

    pub(super) fn set_checked(&self, number: u64) {
        self.checked.fetch_max(number, Ordering::Release);
    }
}

/// What was looked up.
#[derive(Debug)]
pub(super) struct Memory {
    /// By full id.
    containers: Cache<String, Arc<Entry>>,
    /// Full ids, by name.
    names: Cache<String, String>,
    /// By id. An exec does not change.
    execs: Cache<String, Arc<Exec>>,
}

impl Memory {
    pub(super) fn new() -> Self {
        let weight = |bytes: usize| u32::try_from(bytes.saturating_add(ENTRY)).unwrap_or(u32::MAX);
        Self {
            containers: Cache::builder()
                .max_capacity(MAX_CONTAINERS)
                .weigher(move |_: &String, entry: &Arc<Entry>| weight(entry.container.size()))
                .time_to_live(KEPT)
                .build(),
            names: Cache::builder()
                .max_capacity(MAX_OTHERS)
                .weigher(move |name: &String, id: &String| weight(name.len() + id.len()))
                .time_to_live(KEPT)
                .build(),
            execs: Cache::builder()
                .max_capacity(MAX_OTHERS)
                .weigher(move |id: &String, exec: &Arc<Exec>| {
                    let command: usize = exec.command.iter().map(String::len).sum();
                    weight(id.len() + exec.container.len() + command)
                })
                .time_to_idle(KEPT)
                .build(),
        }
    }

    /// The container with that full id, or that name. A name that may be an id, or the beginning of one, stands for another
    /// container as soon as this one is gone: it counts only where it is the beginning of the container's own id.
    pub(super) async fn container(&self, name: &str) -> Option<Arc<Entry>> {
        if let Some(entry) = self.containers.get(name).await {
            return Some(entry);
        }
        let id = self.names.get(name).await?;
        let entry = self.containers.get(&id).await?;
        let is_certain = !may_be_id(name) || entry.container.id.starts_with(name);
        (entry.container.name == name && is_certain).then_some(entry)
    }

    /// Keeps a container. One that removes itself is not found by its name: the daemon gives the name away before it says
    /// that the container is gone.
    pub(super) async fn keep(&self, entry: &Arc<Entry>) {
        let Container { id, name, auto_remove, .. } = &entry.container;
        if !auto_remove {
            self.names.insert(name.clone(), id.clone()).await;
        }
        self.containers.insert(id.clone(), Arc::clone(entry)).await;
    }

    pub(super) async fn exec(&self, id: &str) -> Option<Arc<Exec>> {
        self.execs.get(id).await
    }

    pub(super) async fn keep_exec(&self, id: &str, exec: Arc<Exec>) {
        self.execs.insert(id.to_owned(), exec).await;
    }

    pub(super) async fn forget_exec(&self, id: &str) {
        self.execs.invalidate(id).await;
    }
}
