//! Limits failed logins, per name and per address (NIST SP 800-63B, 5.2.2).
//!
//! Each failure is charged to three counters: the name as tried from one address, the address, and the name from all
//! addresses. A counter allows a burst of failures and recovers one of them each interval. So a flood on a name from one
//! address soon stops that address alone: what it may still try is less than what the name's own counter recovers, and
//! the name stays usable from other addresses. Other names from that address are stopped only by the higher limit of
//! the address. A login that succeeds is not charged, and clears the counter of its name and address.
//!
//! Where all clients have one address, on a unix socket and behind a proxy, the counter of the address is left out: one
//! client could lock out all others with it.
//!
//! An attempt is charged before its password is checked, so that many at the same time do not pass the limit together.
//!
//! Memory is bounded: a counter is a moment in time under a keyed hash. A full table first forgets counters that have
//! recovered, then the half that is nearest to it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One record stands for the failures of a name and address in this time.
pub const RECORD_WINDOW: Duration = Duration::from_mins(1);

/// How many failures in a row a counter allows, and how long it takes to recover one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Failures in a row.
    pub burst: u32,
    /// After this time one more is allowed.
    pub recovery: Duration,
}

/// The limits of the three counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// Of one name from one address.
    pub name_and_address: Limit,
    /// Of one address, for all names. Absent where clients may share an address that is not known as a proxy's.
    pub address: Option<Limit>,
    /// Of one name, from all addresses. Must recover faster than `name_and_address`, or one address could lock it out.
    pub name: Limit,
    /// Counters in memory, for each of the three.
    pub entries: usize,
}

/// 100 failures of one name are the most that NIST SP 800-63B allows in a row.
impl Default for AttemptLimits {
    fn default() -> Self {
        Self {
            name_and_address: Limit { burst: 5, recovery: Duration::from_mins(1) },
            address: Some(Limit { burst: 50, recovery: Duration::from_secs(10) }),
            name: Limit { burst: 100, recovery: Duration::from_secs(30) },
            entries: 20_000,
        }
    }
}

/// The limiter. Clones share the counters.
#[derive(Debug, Clone)]
pub struct Attempts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: AttemptLimits,
    hasher: RandomState,
    counters: Mutex<Counters>,
    refused: AtomicU64,
}

/// When each counter will have recovered, by hash.
#[derive(Debug, Default)]
struct Counters {
    name_and_address: HashMap<u64, Instant>,
    address: HashMap<u64, Instant>,
    name: HashMap<u64, Instant>,
    /// Until when the failures of a name and address are recorded already.
    recorded: HashMap<u64, Instant>,
}

/// Of the counters that an attempt is charged to.
type Keys = [Option<u64>; 3];

/// Too many failures. The password was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed attempts; try again in {} s", .retry_after.as_secs())]
pub struct TooManyAttempts {
    /// When the next attempt is allowed, in whole seconds.
    pub retry_after: Duration,
}

/// An attempt that is under way. It counts as failed unless one of its methods says otherwise.
#[derive(Debug)]
#[must_use = "an attempt that is dropped counts as failed"]
pub struct Attempt {
    attempts: Attempts,
    keys: Keys,
}

impl Attempts {
    /// A limiter that has counted nothing yet.
    pub fn new(limits: AttemptLimits) -> Self {
        let (counters, refused) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Inner { limits, hasher: RandomState::new(), counters, refused }))
    }

    /// Charges an attempt. `address` is none where many clients have the same one: on a unix socket, behind a proxy.
    ///
    /// # Errors
    /// Too many failures came before. Nothing is charged.
    pub fn begin(&self, name: &str, address: Option<IpAddr>) -> Result<Attempt, TooManyAttempts> {
        let address = address.map(network);
        let of_address = address.filter(|_| self.0.limits.address.is_some()).map(|address| self.key(address));
        let keys = [Some(self.key((name, address))), of_address, Some(self.key(name))];
        let now = Instant::now();
        let mut counters = self.0.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let all = counters.each(&self.0.limits);
        let wait = all
            .iter()
            .zip(keys)
            .filter_map(|((counter, limit), key)| Some(wait(counter.get(&key?), *limit, now)));
        if let Some(wait) = wait.max().filter(|wait| !wait.is_zero()) {
            // Rounded up: a client that waits as long as it is told is let through.
            let retry_after = Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            return Err(TooManyAttempts { retry_after });
        }
        for ((counter, limit), key) in all.into_iter().zip(keys) {
            let Some(key) = key else { continue };
            if counter.len() >= self.0.limits.entries && !counter.contains_key(&key) {
                make_room(counter, self.0.limits.entries, now);
            }
            let recovered = counter.entry(key).or_insert(now);
            *recovered = (*recovered).max(now) + limit.recovery;
        }
        drop(counters);
        Ok(Attempt { attempts: self.clone(), keys })
    }

    /// Whether a failure is the first one of this name and address within [`RECORD_WINDOW`]: one record is written for all
    /// of them. All names that are unknown count as one.
    pub fn is_first_failure(&self, name: Option<&str>, address: Option<IpAddr>) -> bool {
        let key = self.key((name, address.map(network)));
        let now = Instant::now();
        let mut counters = self.0.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = &mut counters.recorded;
        if recorded.get(&key).is_some_and(|until| *until > now) {
            return false;
        }
        if recorded.len() >= self.0.limits.entries {
            make_room(recorded, self.0.limits.entries, now);
        }
        recorded.insert(key, now + RECORD_WINDOW);
        true
    }

    /// Attempts that were refused, since the limiter was made. For metrics.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    fn key(&self, of: impl Hash) -> u64 {
        self.0.hasher.hash_one(of)
    }

    /// Takes the charge back.
    fn refund(&self, keys: Keys) {
        let mut counters = self.0.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        for ((counter, limit), key) in counters.each(&self.0.limits).into_iter().zip(keys) {
            let Some(key) = key else { continue };
            let Some(recovered) = counter.get_mut(&key) else { continue };
            match recovered.checked_sub(limit.recovery).filter(|recovered| *recovered > now) {
                Some(earlier) => *recovered = earlier,
                None => drop(counter.remove(&key)),
            }
        }
    }
}

impl Counters {
    fn each(&mut self, limits: &AttemptLimits) -> [(&mut HashMap<u64, Instant>, Limit); 3] {
        [
            (&mut self.name_and_address, limits.name_and_address),
            // Without a limit no attempt has a key here.
            (&mut self.address, limits.address.unwrap_or(limits.name)),
            (&mut self.name, limits.name),
        ]
    }
}

impl Attempt {
    /// The password was right.
    pub fn succeeded(self) {
        self.attempts.refund(self.keys);
        let mut counters = self.attempts.0.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = self.keys[0] {
            counters.name_and_address.remove(&key);
        }
    }

    /// The password was wrong.
    pub fn failed(self) {}

    /// The password could not be checked, e.g. since the database does not respond.
    pub fn cancelled(self) {
        self.attempts.refund(self.keys);
    }
}

/// How long until one more failure is allowed.
fn wait(recovered: Option<&Instant>, limit: Limit, now: Instant) -> Duration {
    let used = recovered.map_or(Duration::ZERO, |recovered| recovered.saturating_duration_since(now));
    (used + limit.recovery).saturating_sub(limit.recovery * limit.burst)
}

/// Forgets counters that have recovered; if that is not enough, the half that recovers first.
fn make_room(counter: &mut HashMap<u64, Instant>, entries: usize, now: Instant) {
    counter.retain(|_, recovered| *recovered > now);
    if counter.len() >= entries {
        let mut all: Vec<_> = counter.values().copied().collect();
        let middle = all.len() / 2;
        let (_, median, _) = all.select_nth_unstable(middle);
        let median = *median;
        counter.retain(|_, recovered| *recovered > median);
    }
}

/// One host usually has a whole /64 of IPv6 to choose from (RFC 7421).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(attempts: &Attempts, name: &str, address: &str) -> bool {
        attempts.begin(name, address.parse().ok()).map(Attempt::failed).is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_on_one_name_from_one_address_stops_that_address_alone() {
        let attempts = Attempts::new(AttemptLimits::default());
        let mut allowed = 0;
        for _ in 0..24 * 60 {
            allowed += (0..20).filter(|_| fails(&attempts, "admin", "192.0.2.1")).count();
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        // The burst, and one a minute.
        assert_eq!(allowed, 5 + 24 * 60 - 1);
        let retry = attempts.begin("admin", "192.0.2.1".parse().ok());
        retry.unwrap().failed();
        let error = attempts.begin("admin", "192.0.2.1".parse().ok()).unwrap_err();
        assert_eq!(error.retry_after, Duration::from_mins(1));
        assert_eq!(attempts.refused(), 24 * 60 * 20 - allowed as u64 + 1);
        // The same name from another address, and another name from the same one.
        assert!(fails(&attempts, "admin", "192.0.2.2"));
        assert!(fails(&attempts, "alice", "192.0.2.1"));
        tokio::time::advance(error.retry_after).await;
        assert!(fails(&attempts, "admin", "192.0.2.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_failure_of_a_name_and_address_in_a_window_is_recorded() {
        let attempts = Attempts::new(AttemptLimits { entries: 4, ..AttemptLimits::default() });
        let first = |name: Option<&str>, address: &str| attempts.is_first_failure(name, address.parse().ok());
        let alice = Some("alice");
        assert!(first(alice, "192.0.2.1") && !first(alice, "192.0.2.1"));
        assert!(first(alice, "192.0.2.2") && first(Some("bob"), "192.0.2.1"));
        assert!(first(None, "192.0.2.1") && !first(None, "192.0.2.1"));
        tokio::time::advance(RECORD_WINDOW).await;
        assert!(first(alice, "192.0.2.1") && !first(alice, "192.0.2.1"));
        for n in 0..100 {
            assert!(first(Some(&format!("user{n}")), "192.0.2.1"));
        }
        assert!(attempts.0.counters.lock().unwrap().recorded.len() <= 4);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_tries_many_names_is_stopped_and_recovers() {
        let attempts = Attempts::new(AttemptLimits::default());
        let allowed = (0..200).filter(|n| fails(&attempts, &format!("user{n}"), "2001:db8::1")).count();
        assert_eq!(allowed, 50);
        assert!(!fails(&attempts, "alice", "2001:db8::ffff"), "the same /64");
        assert!(fails(&attempts, "alice", "2001:db8:0:1::1"), "another /64");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(fails(&attempts, "bob", "2001:db8::1"));
        assert!(!fails(&attempts, "carol", "2001:db8::1"));
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_share_an_address_do_not_stop_each_other() {
        let attempts = Attempts::new(AttemptLimits::default());
        let fails = |name: &str| attempts.begin(name, None).map(Attempt::failed).is_ok();
        assert_eq!((0..500).filter(|n| fails(&format!("user{n}"))).count(), 500);
        assert_eq!((0..500).filter(|_| fails("admin")).count(), 5);
        assert!(fails("alice"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_tried_from_many_addresses_is_stopped_and_recovers() {
        let attempts = Attempts::new(AttemptLimits::default());
        let allowed = (0..250).filter(|n| fails(&attempts, "admin", &format!("198.51.100.{n}"))).count();
        assert_eq!(allowed, 100);
        assert!(fails(&attempts, "alice", "198.51.100.1"));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(fails(&attempts, "admin", "203.0.113.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn success_is_not_charged_and_clears_the_counter() {
        let attempts = Attempts::new(AttemptLimits::default());
        let address = "192.0.2.1".parse().ok();
        for _ in 0..1000 {
            attempts.begin("alice", address).unwrap().succeeded();
            attempts.begin("alice", address).unwrap().cancelled();
        }
        for _ in 0..4 {
            attempts.begin("alice", address).unwrap().failed();
        }
        attempts.begin("alice", address).unwrap().succeeded();
        assert_eq!((0..9).filter(|_| fails(&attempts, "alice", "192.0.2.1")).count(), 5);
        // Attempts under way are charged.
        let under_way: Vec<_> = (0..9).filter_map(|_| attempts.begin("bob", address).ok()).collect();
        assert_eq!(under_way.len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_most_charged_counters_stay() {
        let attempts = Attempts::new(AttemptLimits { entries: 100, ..AttemptLimits::default() });
        while fails(&attempts, "admin", "192.0.2.1") {}
        for n in 0..10_000_u32 {
            let address = Ipv6Addr::from_bits(u128::from(n) << 64).to_string();
            fails(&attempts, &format!("user{n}"), &address);
        }
        let counters = attempts.0.counters.lock().unwrap();
        for counter in [&counters.name_and_address, &counters.address, &counters.name] {
            assert!(counter.len() <= 100, "{}", counter.len());
        }
        drop(counters);
        assert!(!fails(&attempts, "admin", "192.0.2.1"));
    }
}
