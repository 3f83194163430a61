//! A name and a password say who asks (Basic, RFC 7617), held against a file of hashes.
//!
//! The file has lines `user:hash` as `htpasswd -B` writes them; `#` begins a comment. Hashes are bcrypt's (`$2a$`,
//! `$2b$`, `$2y$`) or argon2id's in the PHC form (`$argon2id$v=19$m=19456,t=2,p=1$...`), each with a cost that a
//! request can wait for. It is read again when it changes.
//!
//! Hashes are slow on purpose. So no more than two are computed at once in this process, other requests wait
//! for up to five seconds, and a password that was right is remembered for a minute: not itself, but its MAC under a
//! key that is made anew with each reading of the file, so that nothing outlives a change of it. A wrong one is
//! never remembered. For a name that the file does not know one of its hashes is computed too, or the time would
//! tell which names it knows.
//!
//! Attempts that fail are limited for each name, by address and in all ([`attempts`](crate::attempts)). Addresses have no
//! limit of their own: a proxy that is not known here may stand for many clients.
//!
//! * `basic`: the header
//! * `file`: the file
//! * `hash`: one hash

mod basic;
mod file;
mod hash;

#[cfg(test)]
mod tests;

use http::HeaderMap;
use moka::future::Cache;
use portcullis_contract::types::Principal;
use portcullis_files::{Access, FileSet, FileWatcher, Watched};
use ring::hmac;
use ring::rand::SystemRandom;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

use crate::attempts::{AttemptLimits, Attempts};
use crate::{AuthError, FailedLogin, IdentityError};
use basic::Basic;
use hash::Hash;

pub(super) use basic::challenge;

/// How long a password that was right is not computed again.
const REMEMBERED: Duration = Duration::from_mins(1);
/// How many of them.
const MAX_REMEMBERED: u64 = 10_000;
/// How long a request waits for its turn.
const WAIT: Duration = Duration::from_secs(5);

/// The turns of all files together: it is one machine that computes them.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// A file of passwords.
pub(super) struct Passwords {
    file: Watched<PasswordFile>,
    turns: Arc<Semaphore>,
    wait: Duration,
    attempts: Attempts,
}

/// What one reading of the file says, and which passwords have been right since.
struct PasswordFile {
    entries: BTreeMap<String, Arc<Hash>>,
    mac: hmac::Key,
    right: Cache<[u8; 32], Instant>,
}

impl PasswordFile {
    fn new(entries: BTreeMap<String, Arc<Hash>>) -> Result<Self, IdentityError> {
        let mac = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| IdentityError::Random)?;
        let right = Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(REMEMBERED).build();
        Ok(Self { entries, mac, right })
    }

    /// What a password that was right is remembered by. Each part comes with its length, so that no two lists of
    /// parts are one.
    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.mac);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }

    /// The hash that is computed for a user who is not there: always the same for one name, and as slow as those of
    /// users who are.
    fn decoy(&self, user: &str) -> Option<&Arc<Hash>> {
        let [a, b, c, d, ..] = self.mac(&[b"decoy", user.as_bytes()]);
        let at = u32::from_be_bytes([a, b, c, d]) as usize % self.entries.len().max(1);
        self.entries.values().nth(at)
    }
}

impl Passwords {
    pub(super) fn open(
        path: PathBuf,
        max_stale: Option<Duration>,
        watcher: &FileWatcher,
    ) -> Result<Self, IdentityError> {
        let set = FileSet { max_stale, ..FileSet::file("passwords", path.clone(), Access::Secret) };
        let file = Watched::open(set, watcher, move |contents| {
            PasswordFile::new(file::entries(&path, contents.first().copied().unwrap_or_default())?)
        })?;
        let attempts = Attempts::new(AttemptLimits { address: None, ..AttemptLimits::default() });
        Ok(Self { file, turns: Arc::clone(&TURNS), wait: WAIT, attempts })
    }

    pub(super) fn recheck(&self) -> Result<(), IdentityError> {
        Ok(self.file.reload().map(drop)?)
    }

    pub(super) async fn identify(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
        now: Instant,
    ) -> Result<Principal, AuthError> {
        let Basic { user, password } = Basic::read(headers)?;
        let known = self.file.current(now)?;
        let found = known.entries.get(&user);
        // The name is not told: it may be a password in the wrong field.
        let unknown = || AuthError::unauthorized("the file of passwords does not know the user");
        // An unknown user takes the same path from here on, or the time would tell.
        let hash = found.or_else(|| known.decoy(&user)).ok_or_else(unknown)?;
        let parts = [b"right", user.as_bytes(), password.expose_secret().as_bytes(), hash.text().as_bytes()];
        let key = known.mac(&parts);
        if let Some(at) = known.right.get(&key).await {
            if now.saturating_duration_since(at) < REMEMBERED {
                return Ok(super::principal(user, "password"));
            }
            known.right.invalidate(&key).await;
        }
        // Those who send the same at the same time wait for one answer.
        let checking = known.right.try_get_with(key, async {
            let attempt = self.attempts.begin(&user, peer)?;
            let is_right = match self.matches(hash, password).await {
                Ok(is_right) => is_right,
                Err(error) => {
                    attempt.cancelled();
                    return Err(error);
                }
            };
            if is_right && found.is_some() {
                attempt.succeeded();
                return Ok(now);
            }
            attempt.failed();
            let wrong = || AuthError::unauthorized(format!("the password of `{user}` is wrong"));
            Err(if found.is_some() { wrong() } else { unknown() })
        });
        Box::pin(checking).await.map_err(|error| self.failed(&error, found.map(|_| user.as_str()), peer))?;
        Ok(super::principal(user, "password"))
    }

    /// The same error, with the login that failed. Those who waited for one answer are one failure.
    fn failed(&self, error: &AuthError, user: Option<&str>, peer: Option<IpAddr>) -> AuthError {
        let AuthError::Unauthorized { reason, .. } = error else { return error.clone() };
        let is_first = self.attempts.is_first_failure(user, peer);
        let login = Some(FailedLogin { user: user.map(str::to_owned), is_first });
        AuthError::Unauthorized { reason: reason.clone(), login }
    }

    /// Whether the password is the one of the hash. The permit is held until that is known, even if the caller hangs
    /// up.
    async fn matches(&self, hash: &Arc<Hash>, password: SecretString) -> Result<bool, AuthError> {
        let waiting = tokio::time::timeout(self.wait, Arc::clone(&self.turns).acquire_owned());
        let Ok(Ok(turn)) = waiting.await else {
            return Err(AuthError::unavailable("too many passwords are being checked already"));
        };
        let hash = Arc::clone(hash);
        let computing = tokio::task::spawn_blocking(move || {
            let right = hash.matches(password.expose_secret());
            drop(turn);
            right
        });
        computing.await.map_err(|_| AuthError::unavailable("checking a password failed"))
    }
}
