//! The queue for key pairs. A few are made at once, on threads of their own; each project is making one at a time, and has
//! one place in the queue for the next, so that no project keeps the others waiting with many orders. None waits for long:
//! its client and its token may be gone by then.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::pair::{KeyPair, generate};

/// How many orders of one project may be on their way at once.
const MOST_OF_PROJECT: usize = 4;
/// How many of all projects.
const MOST: usize = 256;
/// How long one waits until it is being made.
const TURN_WITHIN: Duration = Duration::from_secs(20);

/// Why there is no key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyPairError {
    /// Too many are asked for at once, or others took too long.
    #[error("too many key pairs are being made")]
    Busy,
    /// The system has no randomness, or the thread ended before its time.
    #[error("the key pair could not be made")]
    Failed,
}

/// The queue.
pub(crate) struct KeyPairs {
    running: Arc<Semaphore>,
    projects: Mutex<HashMap<String, Project>>,
}

#[derive(Default)]
struct Project {
    /// Its orders that are on their way.
    orders: usize,
    /// Held by the one that is next or under way. Fair: the others follow in order.
    turn: Arc<AsyncMutex<()>>,
}

impl KeyPairs {
    /// A queue that makes one pair on every second processor.
    pub(crate) fn new() -> Arc<Self> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self::with(processors.div_ceil(2))
    }

    fn with(at_once: usize) -> Arc<Self> {
        Arc::new(Self { running: Arc::new(Semaphore::new(at_once)), projects: Mutex::new(HashMap::new()) })
    }

    /// A place in the queue for an order of the project; [`KeyPairError::Busy`] where it, or all, have as many as they may.
    pub(crate) fn enter(self: &Arc<Self>, project: &str) -> Result<Place, KeyPairError> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = projects.values().map(|project| project.orders).sum();
        let of_project = projects.get(project).map_or(0, |project| project.orders);
        if all >= MOST || of_project >= MOST_OF_PROJECT {
            return Err(KeyPairError::Busy);
        }
        let entry = projects.entry(project.to_owned()).or_default();
        entry.orders += 1;
        let turn = Arc::clone(&entry.turn);
        Ok(Place { queue: Arc::clone(self), project: project.to_owned(), turn })
    }
}

/// The place of an order that is on its way. It is given up on drop.
pub(crate) struct Place {
    queue: Arc<KeyPairs>,
    project: String,
    turn: Arc<AsyncMutex<()>>,
}

impl Place {
    /// Makes a key pair of RSA. If the future is dropped, the place is given up, and a pair that is being made keeps its own
    /// until it is done.
    pub(crate) async fn make(
        self,
        bits: u32,
        passphrase: Option<Zeroizing<String>>,
    ) -> Result<KeyPair, KeyPairError> {
        self.run(move || generate(bits, passphrase.as_ref().map(|text| text.as_str()))).await
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<T, KeyPairError> {
        let both = async {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            Arc::clone(&self.queue.running).acquire_owned().await.map(|permit| (turn, permit))
        };
        let both = timeout(TURN_WITHIN, both).await.map_err(|_| KeyPairError::Busy)?;
        let (turn, permit) = both.map_err(|_| KeyPairError::Failed)?;
        let work = move || {
            let made = work();
            drop((permit, turn, self));
            made
        };
        let made = tokio::task::spawn_blocking(work).await;
        made.ok().flatten().ok_or(KeyPairError::Failed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut projects = self.queue.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(project) = projects.get_mut(&self.project) {
            project.orders -= 1;
            if project.orders == 0 {
                projects.remove(&self.project);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::sync::mpsc::unbounded_channel;

    async fn run<T: Send + 'static>(
        queue: &Arc<KeyPairs>,
        project: &str,
        work: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<T, KeyPairError> {
        queue.enter(project)?.run(work).await
    }

    #[tokio::test(start_paused = true)]
    async fn none_waits_longer_than_it_may() {
        let queue = KeyPairs::with(1);
        let begun = tokio::time::Instant::now();
        let permit = queue.running.acquire().await.unwrap();
        // The second waits for the turn of its project and not for the permit.
        let (first, second) = tokio::join!(run(&queue, "a", || Some(1)), run(&queue, "a", || Some(2)));
        assert_eq!((first, second), (Err(KeyPairError::Busy), Err(KeyPairError::Busy)));
        assert_eq!(begun.elapsed(), TURN_WITHIN);
        assert!(queue.projects.lock().unwrap().is_empty(), "who gives up leaves nothing behind");
        drop(permit);
        assert_eq!(run(&queue, "a", || Some(3)).await, Ok(3));
    }

    #[tokio::test]
    async fn projects_take_turns_and_one_has_so_many_orders_at_most() {
        let queue = KeyPairs::with(1);
        let (begun, mut order) = unbounded_channel();
        let (go, wait) = mpsc::channel::<()>();
        let held = {
            let (queue, begun) = (Arc::clone(&queue), begun.clone());
            tokio::spawn(async move {
                let work = move || {
                    begun.send("a first").ok()?;
                    wait.recv().ok()
                };
                run(&queue, "a", work).await
            })
        };
        assert_eq!(order.recv().await, Some("a first"));
        let place = |project: &'static str| {
            let (queue, begun) = (Arc::clone(&queue), begun.clone());
            Box::pin(async move { run(&queue, project, move || begun.send(project).ok()).await })
        };
        // All wait: those of `a` for the first of `a`, and the one of `b` for the only place.
        let mut placed: Vec<_> = (1..MOST_OF_PROJECT).map(|_| place("a")).collect();
        placed.push(place("b"));
        for future in &mut placed {
            assert!(futures_poll(future).await, "nothing is made while the first one is");
        }
        assert_eq!(place("a").await, Err(KeyPairError::Busy));
        go.send(()).unwrap();
        let all: Vec<_> = placed.into_iter().map(tokio::spawn).collect();
        for done in all {
            assert_eq!(done.await.unwrap(), Ok(()));
        }
        assert_eq!(held.await.unwrap(), Ok(()));
        let mut begun_by = Vec::new();
        for _ in 0..MOST_OF_PROJECT {
            begun_by.push(order.recv().await.unwrap());
        }
        let of_b = begun_by.iter().position(|project| *project == "b").unwrap();
        assert!(of_b <= 1, "b waits for one order of a at most: {begun_by:?}");
        assert!(queue.projects.lock().unwrap().is_empty(), "what has ended leaves nothing behind");
    }

    /// Polls once; whether it is pending.
    async fn futures_poll<T>(future: &mut std::pin::Pin<Box<impl Future<Output = T>>>) -> bool {
        std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_pending()))
            .await
    }

    #[tokio::test]
    async fn an_order_that_is_given_up_leaves_the_queue() {
        let queue = KeyPairs::with(1);
        let (go, wait) = mpsc::channel::<()>();
        let (begun, started) = tokio::sync::oneshot::channel();
        let work = move || {
            begun.send(()).ok()?;
            wait.recv().ok()
        };
        let mut first = Box::pin(run(&queue, "a", work));
        assert!(futures_poll(&mut first).await);
        started.await.unwrap();
        let mut second = Box::pin(run(&queue, "a", || Some(())));
        assert!(futures_poll(&mut second).await);
        drop(second);
        assert_eq!(queue.projects.lock().unwrap()["a"].orders, 1);
        // What is being made keeps its place though its client has gone.
        drop(first);
        assert_eq!(queue.running.available_permits(), 0);
        go.send(()).unwrap();
        assert_eq!(run(&queue, "a", || Some(7)).await, Ok(7));
        assert_eq!(run(&queue, "a", || None::<u8>).await, Err(KeyPairError::Failed));
    }
}
