//! The device flow (RFC 8628) of `aws sso login`: a program gets a code to poll with, and a user code that a signed-in user
//! allows on the page. The program then gets the token of that user's session.
//!
//! What an anonymous program begins is sealed in its own device code, and takes no memory. What a user allows is kept for 10
//! minutes, 5 for each user at most, and is handed out once.

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::sessions::Session;

const MAX_OF_USER: usize = 5;
const MAX: usize = 10_000;
/// Letters that make no words, and that no reader takes for others (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const CODE: usize = 8;

/// What a device code says.
#[derive(Serialize, Deserialize)]
pub(super) struct Device {
    pub(super) user_code: String,
    /// In seconds since 1970.
    pub(super) until: u64,
}

/// What users have allowed, by user code.
#[derive(Default)]
pub(super) struct Devices(Mutex<HashMap<String, Allowed>>);

struct Allowed {
    session: Arc<Session>,
    until: u64,
}

impl Devices {
    /// Allows the program that has this code. Of one user the oldest makes room for a sixth; false if all users together have
    /// too many.
    pub(super) fn allow(&self, user_code: &str, session: Arc<Session>, until: u64, now: u64) -> bool {
        let mut allowed = self.lock();
        allowed.retain(|_, allowed| allowed.until > now);
        let of_user = |allowed: &Allowed| allowed.session.user() == session.user();
        while allowed.values().filter(|one| of_user(one)).count() >= MAX_OF_USER {
            let oldest = allowed.iter().filter(|(_, one)| of_user(one)).min_by_key(|(_, one)| one.until);
            let Some(oldest) = oldest.map(|(code, _)| code.clone()) else { break };
            allowed.remove(&oldest);
        }
        if allowed.len() >= MAX {
            return false;
        }
        allowed.insert(user_code.to_owned(), Allowed { session, until });
        true
    }

    /// The session that a user has allowed for this code, once.
    pub(super) fn take(&self, user_code: &str, now: u64) -> Option<Arc<Session>> {
        let mut allowed = self.lock();
        allowed.remove(user_code).filter(|allowed| allowed.until > now).map(|allowed| allowed.session)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Allowed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new user code, e.g. `BCDF-GHJK`: one of 20^8. None if the system has no random numbers.
pub(super) fn new_user_code() -> Option<String> {
    let random = SystemRandom::new();
    let mut code = String::with_capacity(CODE + 1);
    while code.len() <= CODE {
        let mut byte = [0];
        random.fill(&mut byte).ok()?;
        // 240 is a multiple of 20: each letter is as likely as another.
        let Some(letter) = (byte[0] < 240).then(|| LETTERS[usize::from(byte[0]) % LETTERS.len()]) else {
            continue;
        };
        code.push(char::from(letter));
        if code.len() == CODE / 2 {
            code.push('-');
        }
    }
    Some(code)
}

/// A user code as people type it, in the spelling of [`new_user_code`].
pub(super) fn user_code(text: &str) -> Option<String> {
    let letters: String = text.chars().filter(|one| !matches!(one, ' ' | '-')).collect();
    let letters = letters.to_ascii_uppercase();
    let is_code = letters.len() == CODE && letters.bytes().all(|letter| LETTERS.contains(&letter));
    is_code.then(|| format!("{}-{}", &letters[..CODE / 2], &letters[CODE / 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn session(user: &str) -> Arc<Session> {
        let sessions = super::super::sessions::Sessions::default();
        let ends = SystemTime::UNIX_EPOCH + Duration::from_mins(1);
        let secret = sessions.start(user, "token".into(), ends, SystemTime::UNIX_EPOCH).unwrap();
        sessions.find(secrecy::ExposeSecret::expose_secret(&secret), SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_user_code_is_read_as_people_type_it() {
        for (text, code) in [
            ("BCDF-GHJK", Some("BCDF-GHJK")),
            (" bcdf ghjk", Some("BCDF-GHJK")),
            ("bcdfghjk", Some("BCDF-GHJK")),
            ("BCDF-GHJ", None),
            ("BCDF-GHJA", None),
            ("BCDF-GHJKL", None),
            ("<script>", None),
            ("", None),
        ] {
            assert_eq!(user_code(text).as_deref(), code, "{text}");
        }
        let codes: std::collections::BTreeSet<_> = (0..100).map(|_| new_user_code().unwrap()).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| user_code(code).as_ref() == Some(code)), "{codes:?}");
    }

    #[test]
    fn what_is_allowed_is_handed_out_once_and_in_time() {
        let devices = Devices::default();
        assert!(devices.take("A", 0).is_none());
        assert!(devices.allow("A", session("alice"), 10, 0) && devices.allow("B", session("bob"), 10, 0));
        assert_eq!(devices.take("A", 9).unwrap().user(), "alice");
        assert!(devices.take("A", 9).is_none(), "once");
        assert!(devices.take("B", 10).is_none(), "too late");
        // A user has five, and takes none of another's.
        assert!(devices.allow("B", session("bob"), 10, 0));
        for at in 0..7 {
            assert!(devices.allow(&format!("A{at}"), session("alice"), 20 + at, 0));
        }
        assert!(devices.take("A1", 0).is_none() && devices.take("A2", 0).is_some());
        assert!(devices.take("B", 0).is_some());
    }
}
