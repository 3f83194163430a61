//! Passwords of users: argon2id, hashed and verified off the runtime's threads.
//!
//! Hashing is slow on purpose and takes 19 MiB each time (OWASP's first choice for argon2id), so no more than two run at
//! once in this process; other requests wait for up to five seconds. For a name that does not exist a hash is computed
//! too, or the time of the response would tell which names exist.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// NIST SP 800-63B demands 8 characters; Portainer's default is 12.
pub(crate) const MIN_CHARS: usize = 12;
/// Longer ones are refused unhashed.
const MAX_BYTES: usize = 1024;
/// How long a request waits for its turn.
const WAIT: Duration = Duration::from_secs(5);

static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// Why a password was neither hashed nor verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("use at least {MIN_CHARS} characters and at most {MAX_BYTES} bytes")]
    Length,
    #[error("too many passwords are being checked; try again")]
    Busy,
    #[error("the password cannot be hashed")]
    Failed,
}

/// Hashes and verifies passwords. Holds the hash that is computed for unknown users.
#[derive(Clone)]
pub(crate) struct Passwords {
    decoy: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, PasswordError> {
        let mut random = [0; 32];
        SystemRandom::new().fill(&mut random).map_err(|_| PasswordError::Failed)?;
        Ok(Self { decoy: hash(&random)?.into() })
    }

    /// The hash of a new password, in PHC form.
    pub(crate) async fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        let text = password.expose_secret();
        if text.chars().count() < MIN_CHARS || text.len() > MAX_BYTES {
            return Err(PasswordError::Length);
        }
        let password = password.clone();
        run(move || hash(password.expose_secret().as_bytes())).await?
    }

    /// Whether the password is the one of the hash. Without a hash it takes as long and is false.
    pub(crate) async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&str>,
    ) -> Result<bool, PasswordError> {
        if password.expose_secret().len() > MAX_BYTES {
            return Ok(false);
        }
        let (password, known) = (password.clone(), hash.is_some());
        let hash: Arc<str> = hash.map_or_else(|| Arc::clone(&self.decoy), Into::into);
        let matches = run(move || {
            let Ok(hash) = PasswordHash::new(&hash) else { return false };
            Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
        });
        Ok(matches.await? && known)
    }
}

fn hash(password: &[u8]) -> Result<String, PasswordError> {
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    let hash: PasswordHash =
        Argon2::default().hash_password_with_salt(password, &salt).map_err(|_| PasswordError::Failed)?;
    Ok(hash.to_string())
}

/// Runs it on a thread for blocking work. The permit is held until it ends, even if the caller hangs up.
async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
    let waiting = tokio::time::timeout(WAIT, Arc::clone(&PERMITS).acquire_owned());
    let Ok(Ok(permit)) = waiting.await else { return Err(PasswordError::Busy) };
    let working = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(permit);
        result
    });
    working.await.map_err(|_| PasswordError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = Passwords::new().unwrap();
        let right = secret("correct horse battery");
        let hash = passwords.hash(&right).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash(&right).await.unwrap(), "salted");
        assert_eq!(passwords.verify(&right, Some(&hash)).await, Ok(true));
        assert_eq!(passwords.verify(&secret("correct horse batterz"), Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify(&right, None).await, Ok(false));
        assert_eq!(passwords.verify(&right, Some("garbage")).await, Ok(false));
        assert_eq!(passwords.verify(&secret(&"x".repeat(5000)), Some(&hash)).await, Ok(false));
    }

    #[tokio::test]
    async fn short_and_very_long_passwords_are_refused() {
        let passwords = Passwords::new().unwrap();
        for (password, is_accepted) in [
            ("elevenchars".to_owned(), false),
            ("twelve chars".to_owned(), true),
            ("zwölf Zeiche".to_owned(), true),
            ("x".repeat(1024), true),
            ("x".repeat(1025), false),
        ] {
            assert_eq!(passwords.hash(&secret(&password)).await.is_ok(), is_accepted, "{password}");
        }
    }
}
