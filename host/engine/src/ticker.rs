//! The thread that advances the epoch of engines once a millisecond while a guest runs, so that a guest that does not
//! return is interrupted.
//!
//! An idle host must not wake up a thousand times a second: the thread parks once no guest has run for a while.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use wasmtime::{Engine, EngineWeak};

/// How often the epoch of an engine advances. A running guest then looks at its deadline.
const TICK: Duration = Duration::from_millis(1);

/// Ticks without a guest after which the thread parks. Unparking costs a system call, which a decision under traffic
/// must not pay.
const TICKS_BEFORE_PARKING: u32 = 50;

/// Advances the epoch of its engines while a guest runs. The thread ends with the ticker.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    engines: Mutex<Vec<EngineWeak>>,
    /// Guests that run now.
    running: AtomicUsize,
    /// Set by the thread before it parks, cleared when it is woken.
    is_parked: AtomicBool,
    is_stopped: AtomicBool,
    ticks: AtomicUsize,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { running, is_parked, .. } = self;
        f.debug_struct("Shared")
            .field("running", running)
            .field("is_parked", is_parked)
            .finish_non_exhaustive()
    }
}

/// While this is held, epochs advance.
pub(crate) struct Running<'a>(&'a Ticker);

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start() -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let thread = thread::Builder::new().name("ticker".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run()
        })?;
        Ok(Self { shared, thread })
    }

    /// Advances the epoch of `engine` too, until it is dropped.
    pub(crate) fn add(&self, engine: &Engine) {
        self.shared.engines().push(engine.weak());
    }

    /// To be called before a guest runs, and dropped when it has returned.
    pub(crate) fn run(&self) -> Running<'_> {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        // The thread sets `is_parked` before it reads `running`; this adds to `running` before it reads `is_parked`. With
        // sequential consistency at least one of the two sees the other's write.
        if self.shared.is_parked.load(Ordering::SeqCst) {
            self.thread.thread().unpark();
        }
        Running(self)
    }

    #[cfg(test)]
    fn ticks(&self) -> usize {
        self.shared.ticks.load(Ordering::SeqCst)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.shared.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
    }
}

impl Shared {
    fn run(&self) {
        let mut idle = 0;
        while !self.is_stopped.load(Ordering::SeqCst) {
            if idle >= TICKS_BEFORE_PARKING {
                self.park();
                idle = 0;
                continue;
            }
            thread::sleep(TICK);
            self.tick();
            idle = if self.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
        }
    }

    /// Returns once a guest runs, or the ticker is dropped.
    fn park(&self) {
        self.is_parked.store(true, Ordering::SeqCst);
        while self.running.load(Ordering::SeqCst) == 0 && !self.is_stopped.load(Ordering::SeqCst) {
            thread::park();
        }
        self.is_parked.store(false, Ordering::SeqCst);
    }

    fn tick(&self) {
        self.ticks.fetch_add(1, Ordering::SeqCst);
        self.engines().retain(|engine| {
            engine.upgrade().is_some_and(|engine| {
                engine.increment_epoch();
                true
            })
        });
    }

    fn engines(&self) -> MutexGuard<'_, Vec<EngineWeak>> {
        self.engines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// How long anything may take on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[track_caller]
    fn until(what: &str, is_so: impl Fn() -> bool) {
        let late = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < late, "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn it_ticks_while_a_guest_runs_and_parks_after() {
        let ticker = Ticker::start().unwrap();
        for _ in 0..3 {
            until("it parks", || ticker.shared.is_parked.load(Ordering::SeqCst));
            let parked = ticker.ticks();
            let running = ticker.run();
            until("it ticks", || ticker.ticks() > parked + 3);
            drop(running);
        }
    }

    #[test]
    fn it_ticks_for_the_longest_of_several_guests() {
        let ticker = Ticker::start().unwrap();
        let long = ticker.run();
        drop(ticker.run());
        let ticks = ticker.ticks() + 3 * TICKS_BEFORE_PARKING as usize;
        until("it goes on", || ticker.ticks() > ticks);
        drop(long);
    }

    #[test]
    fn guests_that_start_as_it_parks_are_never_without_ticks() {
        let ticker = Ticker::start().unwrap();
        // As short as the thread's own idle time, so that starts fall on its way to parking.
        for round in 0..40 {
            let pause = Instant::now() + TICK * (TICKS_BEFORE_PARKING - 5 + round % 10);
            while Instant::now() < pause {
                thread::yield_now();
            }
            let running = ticker.run();
            let ticks = ticker.ticks();
            until("it ticks", || ticker.ticks() > ticks);
            drop(running);
        }
    }

    #[test]
    fn its_thread_ends_with_it() {
        let ticker = Ticker::start().unwrap();
        let shared = Arc::downgrade(&ticker.shared);
        until("it parks", || ticker.shared.is_parked.load(Ordering::SeqCst));
        drop(ticker);
        until("the thread has ended", || shared.strong_count() == 0);
    }
}
