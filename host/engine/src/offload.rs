//! Where a guest goes on that did not finish in its first slice, so that it holds up no other request.
//!
//! A runtime with as many threads as there are cores. Its guests run in slices of a millisecond, in turns by principal
//! ([`FairQueue`]): a guest that spins, or a principal with many long decisions, leaves every other principal its share.
//! The threads have nearly the priority of those that serve connections, and give way by yielding after each slice.
//! Beside other programs that keep all cores busy, nice 10 would leave a decision a hundredth of a core (the kernel's
//! weights are 1024 for nice 0, 820 for nice 1 and 110 for nice 10).

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::thread;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::cpu_time::{CpuMeter, GuestFuture, has_yielded};
use crate::fair_queue::{Bounds, FairQueue, Position, QueueKey};

/// How much its threads give way to those that serve connections.
const NICE: i32 = 1;
/// How much a build gives way: no request waits for it.
pub(crate) const BUILD_NICE: i32 = 10;
/// Slices that a guest has before other guests of its principal. Decisions of a few milliseconds then end one after the
/// other, and each frees its place among the policy's `concurrency` early; in slices by turns all of them end late.
const UNBROKEN: u32 = 5;
/// How many pieces of background work, e.g. asking monitoring policies, may wait or run. Further ones are dropped.
const BACKGROUND: usize = 1024;
/// Concurrency limits of policies bound what can wait for a core.
const UNBOUNDED: Bounds = Bounds { entries: usize::MAX, bytes: usize::MAX };

/// Runs guests in fair slices, and background work.
#[derive(Debug)]
pub(crate) struct OffloadRuntime {
    // An option so that `drop` can shut it down without waiting, which a runtime's own drop may not do in async code.
    runtime: Option<Runtime>,
    cores: Arc<FairQueue>,
    background: Arc<Semaphore>,
    dropped: AtomicU64,
}

impl OffloadRuntime {
    pub(crate) fn new() -> std::io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("offload")
            .event_interval(1)
            .enable_time()
            .on_thread_start(|| lower_priority(NICE))
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            cores: FairQueue::new(threads, 0, UNBOUNDED),
            background: Arc::new(Semaphore::new(BACKGROUND)),
            dropped: AtomicU64::new(0),
        })
    }

    /// Runs `guest` to its end, on behalf of `key`. `None` if it panicked or the runtime is shut down. The guest is
    /// dropped with the returned future.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        key: QueueKey,
        meter: &CpuMeter,
        guest: GuestFuture<T>,
    ) -> Option<T> {
        let cores = Arc::clone(&self.cores);
        let mut guest = meter.measure(guest);
        let slices = async move {
            let mut core = cores.acquire(key, 0, None).await;
            let mut slices = 0;
            loop {
                let slice = poll_fn(|context| {
                    let polled = Pin::new(&mut guest).poll(context);
                    Poll::Ready((polled, has_yielded()))
                });
                match slice.await {
                    (Poll::Ready(result), _) => return result,
                    (Poll::Pending, true) => {
                        // In the queue again before the core is free: the next in turn takes its successor from there.
                        slices += 1;
                        let position = if slices < UNBROKEN { Position::Front } else { Position::Back };
                        let mut next = pin!(cores.acquire_at(position, key, 0, None));
                        let entered = poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await;
                        drop(core);
                        thread::yield_now();
                        woken().await;
                        core = match entered {
                            Poll::Ready(core) => core,
                            Poll::Pending => next.await,
                        };
                    }
                    (Poll::Pending, false) => {
                        drop(core);
                        woken().await;
                        core = cores.acquire(key, 0, None).await;
                    }
                }
            }
        };
        let mut tasks = JoinSet::new();
        tasks.spawn_on(slices, self.runtime.as_ref()?.handle());
        tasks.join_next().await?.ok()
    }

    /// Runs `work` beside everything else. Dropped and counted where too much of it is waiting.
    pub(crate) fn spawn_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (Some(runtime), Ok(permit)) = (&self.runtime, Arc::clone(&self.background).try_acquire_owned())
        else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        runtime.spawn(async move {
            work.await;
            drop(permit);
        });
    }

    /// Pieces of background work that were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for OffloadRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Returns to the runtime until this task is woken.
async fn woken() {
    let mut is_first = true;
    poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// Lowers this thread's priority; where that is not permitted it stays as it is.
pub(crate) fn lower_priority(nice: i32) {
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu_time::HAS_YIELDED;
    use std::sync::Mutex;
    use tokio::sync::oneshot;

    /// A guest that yields `slices` times, and writes down each of them.
    fn guest(name: char, slices: usize, order: &Arc<Mutex<String>>) -> GuestFuture<()> {
        let order = Arc::clone(order);
        Box::pin(async move {
            for _ in 0..slices {
                order.lock().unwrap().push(name);
                yield_as_guests_do().await;
            }
        })
    }

    async fn yield_as_guests_do() {
        let mut is_first = true;
        poll_fn(|context| {
            if std::mem::take(&mut is_first) {
                // As a tick of the epoch after half a millisecond.
                HAS_YIELDED.set(true);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn principals_share_the_cores() {
        let mut offload = OffloadRuntime::new().unwrap();
        offload.cores = FairQueue::new(1, 0, UNBOUNDED);
        let order = Arc::<Mutex<String>>::default();
        // Nothing runs until the core is free.
        let core = offload.cores.try_acquire(QueueKey::BACKGROUND);
        let meters = [(); 5].map(|()| CpuMeter::default());
        let (big, small) = (QueueKey::of("principal", "big"), QueueKey::of("principal", "small"));
        let all = async {
            tokio::join!(
                offload.run(big, &meters[0], guest('a', 50, &order)),
                offload.run(big, &meters[1], guest('a', 50, &order)),
                offload.run(big, &meters[2], guest('a', 50, &order)),
                offload.run(big, &meters[3], guest('a', 50, &order)),
                offload.run(small, &meters[4], guest('b', 20, &order)),
            )
        };
        let release = async {
            while offload.cores.depth() < 5 {
                tokio::task::yield_now().await;
            }
            drop(core);
        };
        tokio::join!(all, release);
        let order = order.lock().unwrap();
        let others = order.chars().take_while(|name| *name == 'a').count();
        let until_done = order.rfind('b').unwrap() + 1;
        assert!(others <= 2 && until_done <= 45, "the other principal has half of the slices: {order}");
    }

    #[tokio::test]
    async fn too_much_background_work_is_dropped_and_counted() {
        let offload = OffloadRuntime::new().unwrap();
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..BACKGROUND).map(|_| oneshot::channel::<()>()).unzip();
        for receiver in receivers {
            offload.spawn_background(async move { drop(receiver.await) });
        }
        offload.spawn_background(async {});
        assert_eq!(offload.dropped(), 1);
        drop(senders);
        while offload.background.available_permits() < BACKGROUND {
            tokio::task::yield_now().await;
        }
        let (done, is_done) = oneshot::channel();
        offload.spawn_background(async move { done.send(()).unwrap() });
        is_done.await.unwrap();
    }

    #[tokio::test]
    async fn a_guest_that_panics_is_no_answer() {
        let offload = OffloadRuntime::new().unwrap();
        let guest: GuestFuture<()> = Box::pin(async { panic!("as the test wants") });
        assert_eq!(offload.run(QueueKey::BACKGROUND, &CpuMeter::default(), guest).await, None);
    }
}
