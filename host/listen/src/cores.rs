//! One single-threaded runtime for each core, among which a listener deals out its connections in turn.
//!
//! For APIs whose requests are short and decided where they are read: on a runtime with several threads every request
//! wakes another thread, which costs more than reading it. A connection stays on its core for as long as it is open.
//! Work that waits or is long must leave the core: it would hold up the other connections there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// A runtime for each core. Clones are the same runtimes, which end with the last of them.
#[derive(Debug, Clone)]
pub struct Cores(Arc<Runtimes>);

#[derive(Debug)]
struct Runtimes {
    handles: Vec<Handle>,
    next: AtomicUsize,
    /// Dropped to end them.
    _running: watch::Sender<()>,
}

impl Cores {
    /// Starts a runtime with a thread of its own for each core.
    ///
    /// # Errors
    /// The system has no thread or descriptor left.
    pub fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let (running, is_running) = watch::channel(());
        let mut handles = Vec::with_capacity(count);
        for number in 0..count {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let mut is_running = is_running.clone();
            thread::Builder::new().name(format!("core-{number}")).spawn(move || {
                // Nothing is sent: it changes when the sender is gone.
                runtime.block_on(async { while is_running.changed().await.is_ok() {} });
            })?;
        }
        Ok(Self(Arc::new(Runtimes { handles, next: AtomicUsize::new(0), _running: running })))
    }

    /// The runtime whose turn it is.
    pub(crate) fn next(&self) -> &Handle {
        let turn = self.0.next.fetch_add(1, Ordering::Relaxed);
        &self.0.handles[turn % self.0.handles.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    async fn threads(cores: &Cores, count: usize) -> Vec<thread::ThreadId> {
        let mut threads = Vec::new();
        for _ in 0..count {
            threads.push(cores.next().spawn(async { thread::current().id() }).await.unwrap());
        }
        threads
    }

    #[tokio::test]
    async fn each_core_has_its_turn() {
        let cores = Cores::start().unwrap();
        let count = thread::available_parallelism().unwrap().get();
        let threads = threads(&cores, 2 * count).await;
        assert_eq!(threads[..count], threads[count..]);
        assert_eq!(threads.iter().collect::<HashSet<_>>().len(), count);
    }

    #[tokio::test]
    async fn they_end_with_the_last_clone() {
        let cores = Cores::start().unwrap();
        let handle = cores.next().clone();
        let (guard, mut is_dropped) = tokio::sync::mpsc::channel::<()>(1);
        handle.spawn(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
        drop(cores);
        assert_eq!(is_dropped.recv().await, None, "its tasks are gone");
    }
}
