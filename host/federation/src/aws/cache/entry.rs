//! The cache entry of one session, and what the cache does with a request for it.

use std::sync::Arc;
use std::time::Duration;

use super::single_flight::Waiter;
use crate::aws::credentials::{Credentials, Moment};
use crate::aws::error::AwsError;
use crate::aws::sts::TOO_LITTLE;

/// How long a failure is remembered while there are no credentials: long enough that a crowd does not ask STS one
/// after the other, and no longer, since each of them might get some.
const PAUSE: Duration = Duration::from_secs(2);
/// The same while there are credentials that still work, so that no request needs to wait.
const PAUSE_WHILE_HELD: Duration = Duration::from_secs(15);

#[derive(Default)]
pub(super) struct CacheEntry {
    held: Option<Arc<Credentials>>,
    pub(super) in_flight: Option<Waiter>,
    failed: Option<(Moment, AwsError)>,
}

/// What the cache does with a request.
pub(super) enum CacheDecision {
    Serve(Arc<Credentials>),
    /// They should have been replaced, and STS gave none a moment ago.
    ServeWhileAway(Arc<Credentials>),
    Wait {
        /// Those will do if STS gives none.
        held: Option<Arc<Credentials>>,
        waiter: Waiter,
    },
}

/// Whether they are good for anything.
pub(super) fn works(credentials: &Credentials, now: Moment) -> bool {
    credentials.left(now) > TOO_LITTLE
}

/// Remaining lifetime with which a request does not wait, and with which no refresh is started.
///
/// No more is asked for than credentials ever have, or each request would mean one to STS. SDKs begin to want new
/// ones when 15 minutes are left (botocore, AWS SDK for Java), and are served with a lot more than that.
fn enough(life: Duration, least_left: Duration) -> (Duration, Duration) {
    let enough = least_left.min(life * 3 / 4);
    (enough, (life / 2).max(enough + life / 8))
}

impl CacheEntry {
    /// What to do now. `start` asks STS; it is not called while a request is in flight.
    pub(super) fn decide(
        &mut self,
        now: Moment,
        least_left: Duration,
        start: impl FnOnce() -> Waiter,
    ) -> Result<CacheDecision, AwsError> {
        let Some(held) = self.held(now) else {
            if let Some(error) = self.failed(now, PAUSE) {
                return Err(error);
            }
            return Ok(CacheDecision::Wait { held: None, waiter: self.join(start) });
        };
        let left = held.left(now);
        let (enough, plenty) = enough(held.life(), least_left);
        let paused = self.failed(now, PAUSE_WHILE_HELD).is_some();
        if left >= enough {
            if left < plenty && !paused {
                self.join(start);
            }
            Ok(CacheDecision::Serve(held))
        } else if paused {
            Ok(CacheDecision::ServeWhileAway(held))
        } else {
            Ok(CacheDecision::Wait { held: Some(held), waiter: self.join(start) })
        }
    }

    /// Those that are held, if a request need not wait for others.
    pub(super) fn enough(&mut self, now: Moment, least_left: Duration) -> Option<Arc<Credentials>> {
        self.held(now).filter(|held| held.left(now) >= enough(held.life(), least_left).0)
    }

    /// Credentials of another entry that are as good for this one.
    pub(super) fn adopt(&mut self, credentials: Arc<Credentials>) {
        self.held = Some(credentials);
    }

    /// The new credentials. Says whether there were some already.
    pub(super) fn succeeded(&mut self, credentials: Arc<Credentials>) -> bool {
        self.in_flight = None;
        self.failed = None;
        self.held.replace(credentials).is_some()
    }

    pub(super) fn failed_with(&mut self, now: Moment, error: AwsError) {
        self.in_flight = None;
        self.failed = Some((now, error));
    }

    /// Whether it has to stay: something works, or is under way, or must be remembered.
    pub(super) fn is_of_use(&mut self, now: Moment) -> bool {
        self.held(now).is_some() || self.in_flight.is_some() || self.failed(now, PAUSE).is_some()
    }

    /// Whether it waits for that request, and not for a later one.
    pub(super) fn awaits(&self, waiter: &Waiter) -> bool {
        self.in_flight.as_ref().is_some_and(|in_flight| in_flight.is_same(waiter))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_none()
    }

    pub(super) fn left(&self, now: Moment) -> Duration {
        self.held.as_ref().map(|held| held.left(now)).unwrap_or_default()
    }

    /// Those that still work; others are dropped.
    fn held(&mut self, now: Moment) -> Option<Arc<Credentials>> {
        self.held = self.held.take().filter(|held| works(held, now));
        self.held.clone()
    }

    fn failed(&self, now: Moment, pause: Duration) -> Option<AwsError> {
        let (at, error) = self.failed.as_ref()?;
        (now.tick.saturating_duration_since(at.tick) < pause).then(|| error.clone())
    }

    fn join(&mut self, start: impl FnOnce() -> Waiter) -> Waiter {
        self.in_flight.get_or_insert_with(start).clone()
    }
}
