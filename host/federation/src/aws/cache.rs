//! What was got already, and who waits for what.
//!
//! Credentials are kept in memory only, by everything that went into their session. Those who need the same ones at
//! the same time share one question to STS, which goes on when they hang up. Credentials are replaced in the
//! background before anybody must wait for it, and only if somebody asks for them at all.
//!
//! That something is in here is no permission: whoever asks the cache has asked the policies before, each time.
//!
//! * `slot`: what is known of one session, and what follows from it
//! * `flight`: one question to STS

mod flight;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::credentials::{Credentials, Moment};
use super::error::AwsError;
use super::session::Session;
use super::stats::{Counters, Stats};
use slot::{Slot, Step};

/// How often what has expired is looked for, so that it does not stay in memory because nobody asks for it.
const SWEEP: Duration = Duration::from_mins(1);

/// How long anybody waits for new credentials while there are some that work: SDKs give metadata a second.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where credentials come from, and what time it is there.
pub(super) trait Source: Send + Sync + 'static {
    fn fetch(&self, session: Arc<Session>) -> impl Future<Output = Result<Credentials, AwsError>> + Send;
    fn now(&self) -> Moment;
}

pub(super) struct Cache<S> {
    source: S,
    slots: Mutex<HashMap<Arc<Session>, Slot>>,
    entries: usize,
    counters: Counters,
}

impl<S: Source> Cache<S> {
    pub(super) fn new(source: S, entries: usize) -> Arc<Self> {
        Arc::new(Self { source, slots: Mutex::default(), entries, counters: Counters::default() })
    }

    #[cfg(test)]
    pub(super) fn source(&self) -> &S {
        &self.source
    }

    pub(super) fn stats(&self) -> Stats {
        self.counters.stats()
    }

    /// Credentials of a session that work for `least_left` still, or for three quarters of their life where that is
    /// shorter. If STS gives none now, or takes its time, those that are there will do while they work at all.
    pub(super) async fn get(
        self: &Arc<Self>,
        session: &Session,
        least_left: Duration,
    ) -> Result<Arc<Credentials>, AwsError> {
        let (held, landing) = match self.step(session, least_left)? {
            Step::Serve(held) => {
                self.counters.hits.count();
                return Ok(held);
            }
            Step::ServeWhileAway(held) => {
                self.counters.away.count();
                return Ok(held);
            }
            Step::Wait { held, landing } => (held, landing),
        };
        self.counters.misses.count();
        let Some(held) = held else { return landing.wait().await };
        match tokio::time::timeout(PATIENCE, landing.clone().wait()).await {
            Ok(Ok(new)) => Ok(new),
            Ok(Err(error)) if error.is_denial() => Err(error),
            _ if slot::works(&held, self.source.now()) => {
                self.counters.away.count();
                Ok(held)
            }
            Ok(Err(error)) => Err(error),
            // Those that were there have come to their end meanwhile.
            Err(_) => landing.wait().await,
        }
    }

    /// What to do, decided at one moment for all.
    fn step(self: &Arc<Self>, session: &Session, least_left: Duration) -> Result<Step, AwsError> {
        let now = self.source.now();
        let mut departing = None;
        let step = {
            let mut slots = self.slots();
            let session = if let Some((session, _)) = slots.get_key_value(session) {
                Arc::clone(session)
            } else {
                make_room(&mut slots, self.entries, now)?;
                Arc::new(session.clone())
            };
            let slot = slots.entry(Arc::clone(&session)).or_default();
            slot.step(now, least_left, || {
                let (flight, landing) = flight::new(Arc::clone(self), session);
                departing = Some(flight);
                landing
            })
        };
        // A task of its own: nobody's hanging up ends it. Only now, since a runtime that is stopping drops it here
        // and at once, and then it lands.
        if let Some(flight) = departing {
            self.counters.questions.count();
            tokio::spawn(flight.fly());
        }
        step
    }

    /// What STS said, kept or remembered. A denial leaves nothing behind.
    fn land(&self, session: &Arc<Session>, result: Result<&Arc<Credentials>, &AwsError>) {
        let now = self.source.now();
        let mut slots = self.slots();
        match result {
            Ok(credentials) => {
                let replaced = slots.entry(Arc::clone(session)).or_default().keep(Arc::clone(credentials));
                if replaced {
                    self.counters.refreshed.count();
                }
            }
            Err(error) => {
                self.counters.failures.count();
                if error.is_denial() {
                    slots.remove(session);
                } else if let Some(slot) = slots.get_mut(session) {
                    slot.fail(now, error.clone());
                }
            }
        }
    }

    fn sweep(&self) {
        let now = self.source.now();
        self.slots().retain(|_, slot| slot.is_of_use(now));
    }

    /// No panic happens while it is held; if one did, what is inside would still be right.
    fn slots(&self) -> MutexGuard<'_, HashMap<Arc<Session>, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what has expired, for as long as there is a cache.
pub(super) async fn sweep<S: Source>(cache: Weak<Cache<S>>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(cache) = cache.upgrade() else { return };
        cache.sweep();
    }
}

/// Room for one more. What expires soonest goes first; a question under way never does.
fn make_room(slots: &mut HashMap<Arc<Session>, Slot>, entries: usize, now: Moment) -> Result<(), AwsError> {
    if slots.len() < entries {
        return Ok(());
    }
    slots.retain(|_, slot| slot.is_of_use(now));
    if slots.len() < entries {
        return Ok(());
    }
    let idle = slots.iter().filter(|(_, slot)| slot.is_idle());
    let first = idle.min_by_key(|(_, slot)| slot.left(now)).map(|(session, _)| Arc::clone(session));
    let first = first.ok_or(AwsError::Overloaded)?;
    slots.remove(&first);
    Ok(())
}
