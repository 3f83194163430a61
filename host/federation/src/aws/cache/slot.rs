//! What is known of one session, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use super::flight::Landing;
use crate::aws::credentials::{Credentials, Moment};
use crate::aws::error::AwsError;
use crate::aws::sts::TOO_LITTLE;

/// How long a failure is remembered while there are no credentials: long enough that a crowd does not ask STS one
/// after the other, and no longer, since each of them might get some.
const PAUSE: Duration = Duration::from_secs(2);
/// The same while there are some that still work, and nobody needs to wait.
const PAUSE_WHILE_HELD: Duration = Duration::from_secs(15);

#[derive(Default)]
pub(super) struct Slot {
    held: Option<Arc<Credentials>>,
    pub(super) flight: Option<Landing>,
    failed: Option<(Moment, AwsError)>,
}

/// What to do for whoever asks.
pub(super) enum Step {
    Serve(Arc<Credentials>),
    /// They should have been replaced, and STS gave none a moment ago.
    ServeWhileAway(Arc<Credentials>),
    Wait {
        /// Those will do if STS gives none.
        held: Option<Arc<Credentials>>,
        landing: Landing,
    },
}

/// Whether they are good for anything.
pub(super) fn works(credentials: &Credentials, now: Moment) -> bool {
    credentials.left(now) > TOO_LITTLE
}

/// How much must be left so that nobody waits, and how much so that nothing is done at all.
///
/// No more is asked for than credentials ever have, or each request would mean a question. SDKs begin to want new
/// ones when 15 minutes are left (botocore, AWS SDK for Java), and are served with a lot more than that.
fn enough(life: Duration, least_left: Duration) -> (Duration, Duration) {
    let enough = least_left.min(life * 3 / 4);
    (enough, (life / 2).max(enough + life / 8))
}

impl Slot {
    /// What to do now. `depart` asks STS; it is not called while a question is under way.
    pub(super) fn step(
        &mut self,
        now: Moment,
        least_left: Duration,
        depart: impl FnOnce() -> Landing,
    ) -> Result<Step, AwsError> {
        let Some(held) = self.held(now) else {
            if let Some(error) = self.failed(now, PAUSE) {
                return Err(error);
            }
            return Ok(Step::Wait { held: None, landing: self.flight(depart) });
        };
        let left = held.left(now);
        let (enough, plenty) = enough(held.life(), least_left);
        let paused = self.failed(now, PAUSE_WHILE_HELD).is_some();
        if left >= enough {
            if left < plenty && !paused {
                self.flight(depart);
            }
            Ok(Step::Serve(held))
        } else if paused {
            Ok(Step::ServeWhileAway(held))
        } else {
            Ok(Step::Wait { held: Some(held), landing: self.flight(depart) })
        }
    }

    /// The new credentials. Says whether there were some already.
    pub(super) fn keep(&mut self, credentials: Arc<Credentials>) -> bool {
        self.flight = None;
        self.failed = None;
        self.held.replace(credentials).is_some()
    }

    pub(super) fn fail(&mut self, now: Moment, error: AwsError) {
        self.flight = None;
        self.failed = Some((now, error));
    }

    /// Whether it has to stay: something works, or is under way, or must be remembered.
    pub(super) fn is_of_use(&mut self, now: Moment) -> bool {
        self.held(now).is_some() || self.flight.is_some() || self.failed(now, PAUSE).is_some()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.flight.is_none()
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

    fn flight(&mut self, depart: impl FnOnce() -> Landing) -> Landing {
        self.flight.get_or_insert_with(depart).clone()
    }
}
