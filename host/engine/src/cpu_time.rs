//! Processor time of guests: what a deadline counts, so that a machine that is busy elsewhere stops no policy.
//!
//! The clock is that of the thread (`CLOCK_THREAD_CPUTIME_ID`), read around every poll that runs the guest and summed,
//! since a guest changes threads. Reading it is a system call of about 0.3 us, so a decision that ends within its first
//! ticks is never measured: the first [`FIRST_TICKS`] count as they are.

use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use wasmtime::UpdateDeadline;

/// Ticks of the epoch that a decision has before it is measured.
pub(crate) const FIRST_TICKS: u64 = 2;
/// What they count as.
const FIRST_SLICE: Duration = Duration::from_millis(FIRST_TICKS);
/// Processor time after which a guest yields. Below a tick, so that a guest alone on a core yields at each.
const SLICE: Duration = Duration::from_micros(500);

thread_local! {
    /// Of the guest that this thread runs.
    static READING: Cell<Reading> = const {
        Cell::new(Reading { slice: Duration::ZERO, charged: Duration::ZERO })
    };
    /// Whether it has yielded in this slice, and is awake. Otherwise it waits in a host call.
    pub(crate) static HAS_YIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Readings of the thread's clock.
#[derive(Clone, Copy)]
struct Reading {
    /// When this slice began.
    slice: Duration,
    /// Up to when the guest has been charged.
    charged: Duration,
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(now.tv_sec), u32::try_from(now.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

/// Whether the guest whose slice on this thread has just ended has yielded. Otherwise it waits in a host call.
pub(crate) fn has_yielded() -> bool {
    HAS_YIELDED.get()
}

/// Begins a slice on this thread.
fn begin() {
    HAS_YIELDED.set(false);
    let now = now();
    READING.set(Reading { slice: now, charged: now });
}

/// The processor time of one guest.
#[derive(Debug, Clone, Default)]
pub(crate) struct CpuMeter(Arc<Meter>);

#[derive(Debug, Default)]
struct Meter {
    nanos: AtomicU64,
    is_measured: AtomicBool,
}

impl CpuMeter {
    /// Charged so far.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.0.nanos.load(Ordering::Relaxed))
    }

    /// Called on the guest's own thread when the epoch has advanced: the guest goes on, yields, or is stopped.
    pub(crate) fn tick(&self, deadline: Duration) -> UpdateDeadline {
        let yields = if self.0.is_measured.swap(true, Ordering::Relaxed) {
            let slice = self.charge();
            slice >= SLICE
        } else {
            begin();
            self.add(FIRST_SLICE);
            false
        };
        if self.spent() >= deadline {
            UpdateDeadline::Interrupt
        } else if yields {
            HAS_YIELDED.set(true);
            UpdateDeadline::Yield(1)
        } else {
            UpdateDeadline::Continue(1)
        }
    }

    /// Measures every poll of `guest`.
    pub(crate) fn measure<T>(&self, guest: GuestFuture<T>) -> Measured<T> {
        Measured { guest, meter: self.clone() }
    }

    /// Charges what this thread has worked since the last reading. Returns how long the slice has been.
    fn charge(&self) -> Duration {
        let (now, Reading { slice, charged }) = (now(), READING.get());
        READING.set(Reading { slice, charged: now });
        self.add(now.saturating_sub(charged));
        now.saturating_sub(slice)
    }

    fn add(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// A guest that is asked, from its instantiation to its answer.
pub(crate) type GuestFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A guest whose polls are measured.
pub(crate) struct Measured<T> {
    guest: GuestFuture<T>,
    meter: CpuMeter,
}

impl<T> Future for Measured<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.meter.0.is_measured.store(true, Ordering::Relaxed);
        begin();
        let polled = self.guest.as_mut().poll(context);
        self.meter.charge();
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::thread;

    /// Keeps this thread busy.
    fn work(time: Duration) {
        let until = now() + time;
        while now() < until {}
    }

    const WORK: Duration = Duration::from_millis(2);

    #[test]
    fn time_asleep_is_not_charged() {
        let meter = CpuMeter::default();
        let guest = meter.measure(Box::pin(async {
            work(WORK);
            thread::sleep(WORK * 50);
        }));
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(guest);
        assert!(meter.spent() >= WORK && meter.spent() < WORK * 25, "{:?}", meter.spent());
    }

    #[test]
    fn polls_on_several_threads_are_summed() {
        let meter = CpuMeter::default();
        let mut polls = 0;
        let mut guest = meter.measure(Box::pin(poll_fn(move |_| {
            work(WORK);
            polls += 1;
            if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
        })));
        for round in 1..=3 {
            guest = thread::spawn(move || {
                let mut context = Context::from_waker(std::task::Waker::noop());
                assert_eq!(Pin::new(&mut guest).poll(&mut context).is_ready(), round == 3);
                guest
            })
            .join()
            .unwrap();
            assert!(meter.spent() >= WORK * round, "{:?}", meter.spent());
        }
    }

    #[test]
    fn a_guest_yields_after_its_slice_and_is_stopped_at_its_deadline() {
        let (meter, deadline) = (CpuMeter::default(), Duration::from_millis(4));
        // The first ticks have a fixed price, and what this thread did before is not charged.
        work(WORK * 5);
        assert!(matches!(meter.tick(deadline), UpdateDeadline::Continue(1)));
        assert_eq!(meter.spent(), FIRST_SLICE);
        thread::sleep(WORK * 5);
        assert!(matches!(meter.tick(deadline), UpdateDeadline::Continue(1)));
        work(SLICE);
        assert!(matches!(meter.tick(deadline), UpdateDeadline::Yield(1)));
        work(WORK);
        assert!(matches!(meter.tick(deadline), UpdateDeadline::Interrupt));
    }
}
