//! Validates tokens, by Keystone or by a file.

use http::{HeaderMap, HeaderValue, Method};
use portcullis_contract::secrets::Requester;
use portcullis_files::FileWatcher;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::keystone::{Keystone, KeystoneHealth, KeystoneOptions};
use crate::request_credentials::RequestCredentials;
use crate::token_file::TokenFile;
use crate::{AuthError, IdentityError};

/// Validates tokens. Clones share it, with its cache.
#[derive(Clone)]
pub struct Tokens(Arc<TokenSource>);

enum TokenSource {
    Keystone(Box<Keystone>),
    File(TokenFile),
    Unconfigured,
}

impl Tokens {
    /// By Keystone. It is asked nothing yet, and need not run yet.
    ///
    /// # Errors
    /// The option that cannot be worked with, and why.
    pub fn keystone(options: KeystoneOptions) -> Result<Self, IdentityError> {
        Ok(Self(Arc::new(TokenSource::Keystone(Box::new(Keystone::new(options)?)))))
    }

    /// By a file: see [`token_file`](crate::token_file). `watcher` has it read again when it changes. While it
    /// cannot be used, its last good state is in force, and with `max_stale` no longer than that.
    ///
    /// # Errors
    /// What is wrong with the file, with the line.
    pub fn file(
        path: impl Into<PathBuf>,
        max_stale: Option<Duration>,
        watcher: &FileWatcher,
    ) -> Result<Self, IdentityError> {
        Ok(Self(Arc::new(TokenSource::File(TokenFile::open(path.into(), max_stale, watcher)?))))
    }

    /// Without a source: every token is refused. For an API of which only the parts without tokens are used.
    pub fn unconfigured() -> Self {
        Self(Arc::new(TokenSource::Unconfigured))
    }

    /// Authenticates a request.
    ///
    /// `method` and `path` are those of the request, the path as it was sent and without its query: an
    /// application credential may be restricted to some. Whether the token's scope will do is decided by the API.
    ///
    /// # Errors
    /// [`AuthError::Unauthorized`] is 401, [`AuthError::Unavailable`] is 503.
    pub async fn identify(
        &self,
        headers: &HeaderMap,
        method: &Method,
        path: &str,
    ) -> Result<Requester, AuthError> {
        let presented = RequestCredentials::read(headers)?;
        let now = Clock::read();
        match &*self.0 {
            TokenSource::Keystone(keystone) => keystone.identify(presented, method, path, now).await,
            TokenSource::File(file) => file.identify(presented, now),
            TokenSource::Unconfigured => Err(AuthError::unauthorized("no source of identity is configured")),
        }
    }

    /// What a 401 carries as `WWW-Authenticate`: where to get a token.
    pub fn challenge(&self) -> Option<HeaderValue> {
        match &*self.0 {
            TokenSource::Keystone(keystone) => Some(keystone.challenge()),
            TokenSource::File(_) | TokenSource::Unconfigured => None,
        }
    }

    /// Whether tokens can be validated now. Keystone is asked at most once in five seconds; a file is watched elsewhere.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] with the reason, e.g. that Keystone refuses the service user's password.
    pub async fn check(&self) -> Result<(), AuthError> {
        // To its end on a task of its own: what came of it counts also where the one who asked does not wait so long.
        let source = Arc::clone(&self.0);
        let check = tokio::spawn(async move {
            match &*source {
                TokenSource::Keystone(keystone) => keystone.check(Clock::read()).await,
                TokenSource::File(_) | TokenSource::Unconfigured => Ok(()),
            }
        });
        check.await.unwrap_or_else(|error| Err(AuthError::Unavailable { reason: error.to_string() }))
    }

    /// What the last requests to Keystone came to, for metrics.
    pub fn keystone_health(&self) -> Option<KeystoneHealth> {
        match &*self.0 {
            TokenSource::Keystone(keystone) => Some(keystone.health()),
            TokenSource::File(_) | TokenSource::Unconfigured => None,
        }
    }

    /// Reads the file again, and says whether anything has changed. Where there is none, nothing has.
    ///
    /// # Errors
    /// What is wrong with the file. Its last good state stays in force.
    pub fn reload(&self) -> Result<bool, IdentityError> {
        match &*self.0 {
            TokenSource::Keystone(_) | TokenSource::Unconfigured => Ok(false),
            TokenSource::File(file) => Ok(file.reload()?),
        }
    }
}
