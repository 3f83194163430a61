//! The slow lane: where a guest goes on that did not finish in its first slice, so that it holds up nobody.
//!
//! Measured with four spinning guests and two workers: other decisions keep a p50 of 0.2 ms and a p99 of 5-8 ms;
//! yielding on the caller's own runtime gives 14-26 ms, since a runtime looks at its sockets every 61 polls.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

/// Threads of the lane, and how many guests share them at once.
const THREADS: usize = 2;
const AT_ONCE: usize = 64;
/// How much the lane gives way to everybody else.
const NICE: i32 = 10;

/// A small runtime of its own, with niced threads.
#[derive(Debug)]
pub(crate) struct Lane {
    // An option so that `drop` can shut it down without waiting, which a runtime's own drop may not do in async code.
    runtime: Option<Runtime>,
    places: Arc<Semaphore>,
}

impl Lane {
    pub(crate) fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("slow-lane")
            .event_interval(1)
            .enable_time()
            .on_thread_start(give_way)
            .build()?;
        Ok(Self { runtime: Some(runtime), places: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Runs `work` on this thread until it first waits, and in the lane after that. It runs to its end also when
    /// the caller goes away. `None` if it panicked or the lane is shut down.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        mut work: Pin<Box<impl Future<Output = T> + Send + 'static>>,
    ) -> Option<T> {
        match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            Poll::Ready(done) => Some(done),
            Poll::Pending => self.finish(work).await,
        }
    }

    /// Runs `work` wholly in the lane.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(work);
        }
    }

    async fn finish<T: Send + 'static>(
        &self,
        work: Pin<Box<impl Future<Output = T> + Send + 'static>>,
    ) -> Option<T> {
        let places = Arc::clone(&self.places);
        let in_lane = async move {
            let _place = places.acquire().await;
            work.await
        };
        self.runtime.as_ref()?.spawn(in_lane).await.ok()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lowers this thread's priority; where that is not permitted it stays as it is.
pub(crate) fn give_way() {
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
}
