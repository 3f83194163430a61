//! What a session gives: keys that work for a while.

use secrecy::SecretString;
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// When something is looked at, by both clocks: AWS tells expiry on the wall clock; the monotonic clock cannot be set back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) time: SystemTime,
    pub(super) tick: Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { time: SystemTime::now(), tick: Instant::now() }
    }
}

/// Credentials of one session. They are wiped from memory when the last one who holds them lets go.
///
/// What the SDK read them from is not wiped: it has no means for that.
pub struct Credentials {
    access_key_id: String,
    secret_access_key: SecretString,
    session_token: SecretString,
    expiration: SystemTime,
    fetched: Moment,
    long_term_keys: bool,
}

impl Credentials {
    /// `expiration` is in whole seconds; `long_term_keys` says with what they were got.
    pub(super) fn new(
        access_key_id: String,
        secret_access_key: SecretString,
        session_token: SecretString,
        expiration: SystemTime,
        fetched: Moment,
        long_term_keys: bool,
    ) -> Self {
        Self { access_key_id, secret_access_key, session_token, expiration, fetched, long_term_keys }
    }

    /// `AccessKeyId`: no secret by itself, though it belongs into no log.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// `SecretAccessKey`.
    pub fn secret_access_key(&self) -> &SecretString {
        &self.secret_access_key
    }

    /// `SessionToken`, which the instance metadata call `Token`.
    pub fn session_token(&self) -> &SecretString {
        &self.session_token
    }

    /// When they cease to work, in whole seconds.
    pub fn expiration(&self) -> SystemTime {
        self.expiration
    }

    /// When AWS gave them, by our clock.
    pub fn fetched_at(&self) -> SystemTime {
        self.fetched.time
    }

    /// Whether they were got with keys that do not expire, which decides how long a console session may last.
    pub(super) fn by_long_term_keys(&self) -> bool {
        self.long_term_keys
    }

    /// How long they work altogether.
    pub(super) fn life(&self) -> Duration {
        self.expiration.duration_since(self.fetched.time).unwrap_or_default()
    }

    /// How long they still work; if the clocks disagree, the shorter.
    pub(super) fn left(&self, now: Moment) -> Duration {
        let by_time = self.expiration.duration_since(now.time).unwrap_or_default();
        let by_tick = self.life().saturating_sub(now.tick.saturating_duration_since(self.fetched.tick));
        by_time.min(by_tick)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expiration = humantime::format_rfc3339_seconds(self.expiration).to_string();
        f.debug_struct("Credentials").field("expiration", &expiration).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_both_clocks_leave() {
        let fetched = Moment::now();
        let hour = Duration::from_hours(1);
        let credentials = Credentials::new(
            "ASIASECRET".into(),
            "topsecret".into(),
            "topsecret".into(),
            fetched.time + hour,
            fetched,
            true,
        );
        assert_eq!(credentials.life(), hour);
        let minutes = Duration::from_mins;
        for (time, tick, left) in
            [(0, 0, 60), (10, 10, 50), (10, 20, 40), (20, 10, 40), (60, 1, 0), (1, 70, 0)]
        {
            let now = Moment { time: fetched.time + minutes(time), tick: fetched.tick + minutes(tick) };
            assert_eq!(credentials.left(now), minutes(left), "{time} {tick}");
        }
        // The clock was turned back: what has been used up is still used up.
        let now = Moment { time: fetched.time - hour, tick: fetched.tick + minutes(59) };
        assert_eq!(credentials.left(now), minutes(1));
        let debug = format!("{credentials:?}");
        assert!(!debug.to_lowercase().contains("secret"), "{debug}");
    }
}
