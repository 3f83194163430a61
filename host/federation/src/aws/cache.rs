//! Cache of credentials, with single-flight requests to STS.
//!
//! Credentials are kept in memory only, by everything that went into their session. Those who need the same ones at
//! the same time share one request to STS, which goes on when they hang up. Credentials are replaced in the
//! background before a request must wait for it, and only if they are requested at all.
//!
//! A cache entry is no permission: every caller has asked the policies before, each time.
//!
//! * `entry`: the entry of one session
//! * `flight`: one question to STS

mod entry;
mod single_flight;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::credentials::{Credentials, Moment};
use super::error::AwsError;
use super::session::Session;
use super::stats::{Counters, Stats};
use entry::{CacheDecision, CacheEntry};
use single_flight::Waiter;

/// Interval of the sweep that removes expired entries, which would stay in memory without a request for them.
const SWEEP: Duration = Duration::from_mins(1);

/// How long anybody waits for new credentials while there are some that work: SDKs give metadata a second.
const PATIENCE: Duration = Duration::from_millis(500);

/// Cached sessions of one user of one mount: each token of a user with another end is a session of its own, and must not
/// push out those of others. 500 roles with several tokens fit.
const MAX_OF_USER: usize = 2000;

/// Where credentials come from, and what time it is there.
pub(super) trait CredentialSource: Send + Sync + 'static {
    fn fetch(&self, session: Arc<Session>) -> impl Future<Output = Result<Credentials, AwsError>> + Send;
    fn now(&self) -> Moment;
}

pub(super) struct Cache<S> {
    source: S,
    entries: Mutex<HashMap<Arc<Session>, CacheEntry>>,
    max_entries: usize,
    max_of_user: usize,
    counters: Counters,
}

impl<S: CredentialSource> Cache<S> {
    pub(super) fn new(source: S, max_entries: usize) -> Arc<Self> {
        let max_of_user = MAX_OF_USER.min(max_entries.div_ceil(2));
        Arc::new(Self {
            source,
            entries: Mutex::default(),
            max_entries,
            max_of_user,
            counters: Counters::default(),
        })
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
        let (held, waiter) = match self.decide(session, least_left)? {
            CacheDecision::Serve(held) => {
                self.counters.hits.count();
                return Ok(held);
            }
            CacheDecision::ServeWhileAway(held) => {
                self.counters.away.count();
                return Ok(held);
            }
            CacheDecision::Wait { held, waiter } => (held, waiter),
        };
        self.counters.misses.count();
        let Some(held) = held else { return waiter.wait().await };
        match tokio::time::timeout(PATIENCE, waiter.clone().wait()).await {
            Ok(Ok(new)) => Ok(new),
            Ok(Err(error)) if error.is_denial() => Err(error),
            _ if entry::works(&held, self.source.now()) => {
                self.counters.away.count();
                Ok(held)
            }
            Ok(Err(error)) => Err(error),
            // Those that were there have come to their end meanwhile.
            Err(_) => waiter.wait().await,
        }
    }

    /// What to do, decided at one moment for all.
    fn decide(self: &Arc<Self>, session: &Session, least_left: Duration) -> Result<CacheDecision, AwsError> {
        let now = self.source.now();
        let mut starting = None;
        let decision = {
            let mut entries = self.entries();
            let session = if let Some((session, _)) = entries.get_key_value(session) {
                Arc::clone(session)
            } else {
                evict_of_user(&mut entries, session, self.max_of_user, now)?;
                evict(&mut entries, self.max_entries, now)?;
                Arc::new(session.clone())
            };
            let shared = shared(&mut entries, &session, now, least_left);
            let entry = entries.entry(Arc::clone(&session)).or_default();
            if let Some(shared) = shared {
                entry.adopt(shared);
            }
            entry.decide(now, least_left, || {
                let (flight, waiter) = single_flight::new(Arc::clone(self), session);
                starting = Some(flight);
                waiter
            })
        };
        // A task of its own, so that no caller who hangs up ends it. Spawned without the lock: a runtime that is
        // stopping drops the task at once, and then it stores its result.
        if let Some(flight) = starting {
            self.counters.sts_requests.count();
            tokio::spawn(flight.run());
        }
        decision
    }

    /// Drops the credentials of some sessions, and those that are being fetched for them. Returns the sessions.
    pub(super) fn forget(&self, is_meant: impl Fn(&Session) -> bool) -> Vec<Arc<Session>> {
        let is_meant = |session: &Arc<Session>, _: &mut CacheEntry| is_meant(session);
        self.entries().extract_if(is_meant).map(|(session, _)| session).collect()
    }

    /// What STS said, kept or remembered. A denial leaves nothing behind. What was revoked in the meantime is not kept: the
    /// entry is gone, or is of a later request. Says whether it is still wanted.
    fn store_result(
        &self,
        session: &Arc<Session>,
        waiter: &Waiter,
        result: Result<&Arc<Credentials>, &AwsError>,
    ) -> bool {
        let now = self.source.now();
        let mut entries = self.entries();
        if !entries.get(session).is_some_and(|entry| entry.awaits(waiter)) {
            return false;
        }
        match result {
            Ok(credentials) => {
                let replaced =
                    entries.entry(Arc::clone(session)).or_default().succeeded(Arc::clone(credentials));
                if replaced {
                    self.counters.refreshed.count();
                }
            }
            Err(error) => {
                self.counters.failures.count();
                if error.is_denial() {
                    entries.remove(session);
                } else if let Some(entry) = entries.get_mut(session) {
                    entry.failed_with(now, error.clone());
                }
            }
        }
        true
    }

    fn sweep(&self) {
        let now = self.source.now();
        self.entries().retain(|_, entry| entry.is_of_use(now));
    }

    /// No panic happens while it is held; if one did, what is inside would still be right.
    fn entries(&self) -> MutexGuard<'_, HashMap<Arc<Session>, CacheEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what has expired, for as long as there is a cache.
pub(super) async fn sweep<S: CredentialSource>(cache: Weak<Cache<S>>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(cache) = cache.upgrade() else { return };
        cache.sweep();
    }
}

/// Credentials of the same session by another token of the user, where they end no later than this token: each new
/// token would else mean a request to STS. Looked for once, when a token is new.
fn shared(
    entries: &mut HashMap<Arc<Session>, CacheEntry>,
    session: &Session,
    now: Moment,
    least_left: Duration,
) -> Option<Arc<Credentials>> {
    let until = session.until().filter(|_| !entries.contains_key(session))?;
    entries
        .iter_mut()
        .filter(|(other, _)| other.is_same_but_for_its_end(session))
        .filter_map(|(_, entry)| entry.enough(now, least_left))
        .filter(|held| held.expiration() <= until)
        .max_by_key(|held| held.expiration())
}

/// Room for one more of the same user, of whom no more than so many are kept: what expires soonest goes first.
fn evict_of_user(
    entries: &mut HashMap<Arc<Session>, CacheEntry>,
    session: &Session,
    max_of_user: usize,
    now: Moment,
) -> Result<(), AwsError> {
    let is_of_user = |other: &Session| other.is_of_same_user(session);
    if entries.keys().filter(|other| is_of_user(other)).count() < max_of_user {
        return Ok(());
    }
    let idle = entries.iter().filter(|(other, entry)| is_of_user(other) && entry.is_idle());
    let first = idle.min_by_key(|(_, entry)| entry.left(now)).map(|(session, _)| Arc::clone(session));
    entries.remove(&first.ok_or(AwsError::Overloaded)?);
    Ok(())
}

/// Room for one more. What expires soonest goes first; a question under way never does.
fn evict(
    entries: &mut HashMap<Arc<Session>, CacheEntry>,
    max_entries: usize,
    now: Moment,
) -> Result<(), AwsError> {
    if entries.len() < max_entries {
        return Ok(());
    }
    entries.retain(|_, entry| entry.is_of_use(now));
    if entries.len() < max_entries {
        return Ok(());
    }
    let idle = entries.iter().filter(|(_, entry)| entry.is_idle());
    let first = idle.min_by_key(|(_, entry)| entry.left(now)).map(|(session, _)| Arc::clone(session));
    let first = first.ok_or(AwsError::Overloaded)?;
    entries.remove(&first);
    Ok(())
}
