//! Where connections are served: threads that keep theirs for life.
//!
//! On a runtime with several threads a connection goes from one to the other with each request: the thread that
//! hears of it wakes the next one, which takes it over with cold caches. One runtime per thread saves that, at
//! the price that a connection cannot leave a busy thread; so what is long must not be done there.

use std::io;
use std::sync::Arc;
use std::thread;
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

/// Threads that serve connections. They end when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Workers(Arc<Crew>);

#[derive(Debug)]
struct Crew {
    workers: Vec<Worker>,
    /// Never sent to: its end is theirs.
    _ending: watch::Sender<()>,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    /// One clone per connection.
    connections: Arc<()>,
}

/// A connection's place with a worker.
pub(crate) struct Seat {
    pub(crate) runtime: Handle,
    /// Counts as long as it lives.
    pub(crate) _taken: Arc<()>,
}

impl Workers {
    /// That many threads, at least one.
    ///
    /// # Errors
    /// The system has no thread or no descriptor left.
    pub fn start(count: usize) -> io::Result<Self> {
        let ending = watch::Sender::new(());
        let workers = (0..count.max(1)).map(|_| start(ending.subscribe())).collect::<io::Result<_>>()?;
        Ok(Self(Arc::new(Crew { workers, _ending: ending })))
    }

    /// One per processor.
    ///
    /// # Errors
    /// The system has no thread or no descriptor left.
    pub fn per_processor() -> io::Result<Self> {
        Self::start(thread::available_parallelism().map_or(1, usize::from))
    }

    /// No threads of their own: the runtime that this is called on.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn here() -> Self {
        let worker = Worker { runtime: Handle::current(), connections: Arc::new(()) };
        Self(Arc::new(Crew { workers: vec![worker], _ending: watch::Sender::new(()) }))
    }

    /// A place with the worker that has the fewest connections.
    pub(crate) fn seat(&self) -> Option<Seat> {
        let freest = self.0.workers.iter().min_by_key(|worker| Arc::strong_count(&worker.connections));
        freest.map(|worker| Seat { runtime: worker.runtime.clone(), _taken: Arc::clone(&worker.connections) })
    }
}

fn start(mut ending: watch::Receiver<()>) -> io::Result<Worker> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("worker".into()).spawn(move || {
        // An error is the sender's end.
        let _ = runtime.block_on(ending.changed());
    })?;
    Ok(Worker { runtime: handle, connections: Arc::new(()) })
}
