//! Sessions of browsers, in memory, by the SHA-256 of what their cookies hold.
//!
//! Only users whom the mount knows have sessions. Each has 10 at most: another one ends the one that ends first. All tokens
//! together have 64 MiB at most: then the user with the most bytes loses a session.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use subtle::ConstantTimeEq as _;

const MAX_OF_USER: usize = 10;
const MAX_BYTES: usize = 64 << 20;

type Key = [u8; 32];

/// One session. It has no `Debug`: it holds a token.
pub(crate) struct Session {
    user: String,
    token: SecretString,
    /// What a form of the page must say, so that no other site can have sent it.
    csrf: String,
    ends: SystemTime,
    /// When the token expires, which may be later.
    expires: SystemTime,
}

/// When a session and its token are over.
#[derive(Clone, Copy)]
pub(super) struct Until {
    pub(super) ends: SystemTime,
    pub(super) expires: SystemTime,
}

#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<Key, Arc<Session>>>);

impl Session {
    pub(crate) fn token(&self) -> &SecretString {
        &self.token
    }

    /// The token of forms.
    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a form has the session's token.
    pub(crate) fn is_form_of(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    /// The user, as the mount knew them at the sign-in.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// How long its token is good from now on: longer than the session, if it lasts more than 12 hours.
    pub(crate) fn token_lasts(&self, now: SystemTime) -> Duration {
        self.expires.duration_since(now).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.token.expose_secret().len() + self.user.len() + size_of::<Self>()
    }
}

impl Sessions {
    /// A new session, and what its cookie holds. None if the system has no random numbers.
    pub(super) fn start(
        &self,
        user: &str,
        token: SecretString,
        Until { ends, expires }: Until,
        now: SystemTime,
    ) -> Option<SecretString> {
        let (secret, csrf) = (random()?, random()?);
        let session = Session { user: user.to_owned(), token, csrf, ends, expires };
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.ends > now);
        make_room(&mut sessions, user, session.bytes());
        sessions.insert(key(&secret), Arc::new(session));
        Some(secret.into())
    }

    pub(super) fn find(&self, secret: &str, now: SystemTime) -> Option<Arc<Session>> {
        self.lock().get(&key(secret)).filter(|session| session.ends > now).map(Arc::clone)
    }

    /// Whether a session has not ended.
    pub(super) fn is_open(&self, session: &Arc<Session>, now: SystemTime) -> bool {
        session.ends > now && self.lock().values().any(|open| Arc::ptr_eq(open, session))
    }

    pub(super) fn end(&self, secret: &str) {
        self.lock().remove(&key(secret));
    }

    /// Ends all sessions of a user, and says how many there were.
    pub(super) fn end_of(&self, user: &str) -> usize {
        let mut sessions = self.lock();
        let before = sessions.len();
        sessions.retain(|_, session| session.user != user);
        before - sessions.len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends sessions until one more of this user and size fits.
fn make_room(sessions: &mut HashMap<Key, Arc<Session>>, user: &str, bytes: usize) {
    while sessions.values().filter(|session| session.user == user).count() >= MAX_OF_USER {
        end_first_of(sessions, user);
    }
    while sessions.values().map(|session| session.bytes()).sum::<usize>() + bytes > MAX_BYTES {
        let mut of_users: HashMap<&str, usize> = HashMap::new();
        for session in sessions.values() {
            *of_users.entry(&session.user).or_default() += session.bytes();
        }
        let Some((largest, _)) = of_users.into_iter().max_by_key(|(_, bytes)| *bytes) else { return };
        let largest = largest.to_owned();
        end_first_of(sessions, &largest);
    }
}

fn end_first_of(sessions: &mut HashMap<Key, Arc<Session>>, user: &str) {
    let of_user = sessions.iter().filter(|(_, session)| session.user == user);
    let first = of_user.min_by_key(|(_, session)| session.ends).map(|(key, _)| *key);
    if let Some(first) = first {
        sessions.remove(&first);
    }
}

fn key(secret: &str) -> Key {
    Sha256::digest(secret).into()
}

/// 256 bits, as base64url.
fn random() -> Option<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn start(sessions: &Sessions, user: &str, token: usize, seconds: u64) -> String {
        let token = SecretString::from("t".repeat(token));
        let ends = NOW + Duration::from_secs(seconds);
        let until = Until { ends, expires: ends + Duration::from_secs(5) };
        let secret = sessions.start(user, token, until, NOW).unwrap();
        secret.expose_secret().to_owned()
    }

    #[test]
    fn a_session_lasts_until_its_end_and_is_known_by_its_secret_alone() {
        let sessions = Sessions::default();
        let [alice, bob] = ["alice", "bob"].map(|user| start(&sessions, user, 10, 60));
        let found = sessions.find(&alice, NOW + Duration::from_secs(59)).unwrap();
        assert_eq!(found.user(), "alice");
        assert_eq!(found.token_lasts(NOW), Duration::from_secs(65));
        assert!(found.is_form_of(found.csrf()) && !found.is_form_of(""));
        assert!(!found.is_form_of(sessions.find(&bob, NOW).unwrap().csrf()));
        assert!(sessions.find(&alice, NOW + Duration::from_mins(1)).is_none());
        assert!(sessions.find("", NOW).is_none() && sessions.find("alice", NOW).is_none());
        sessions.end(&alice);
        assert!(sessions.find(&alice, NOW).is_none() && sessions.find(&bob, NOW).is_some());
        start(&sessions, "bob", 10, 60);
        assert_eq!((sessions.end_of("alice"), sessions.end_of("bob")), (0, 2));
        assert!(sessions.find(&bob, NOW).is_none());
    }

    #[test]
    fn a_user_has_ten_sessions_and_takes_none_of_others() {
        let sessions = Sessions::default();
        let bob = start(&sessions, "bob", 10, 1);
        let alice: Vec<_> = (0..12).map(|at| start(&sessions, "alice", 10, 100 + at)).collect();
        let open: Vec<_> = alice.iter().map(|secret| sessions.find(secret, NOW).is_some()).collect();
        assert_eq!(open, [[false; 2].as_slice(), &[true; 10]].concat());
        assert!(sessions.find(&bob, NOW).is_some());
    }

    #[test]
    fn tokens_have_a_limit_in_bytes_which_those_with_most_pay() {
        let sessions = Sessions::default();
        let bob = start(&sessions, "bob", 10, 1);
        let large = MAX_BYTES / 8;
        let alice: Vec<_> = (0..9).map(|at| start(&sessions, "alice", large, 100 + at)).collect();
        assert!(sessions.find(&alice[0], NOW).is_none() && sessions.find(&alice[8], NOW).is_some());
        assert!(sessions.find(&bob, NOW).is_some());
        let held: usize = sessions.lock().values().map(|session| session.bytes()).sum();
        assert!(held <= MAX_BYTES, "{held}");
    }
}
