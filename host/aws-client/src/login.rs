//! The login of `portcullis aws login`: its token in a file of mode 0600, refreshed when it is about to expire.
//!
//! The file is `aws-login.json` beside the settings. No desktop keyring is used: the maintained crates for one need D-Bus
//! and an unlocked session, which a `credential_process` on a server or in a container has not.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::AwsClientError;
use crate::files;
use crate::settings;

/// A token with less left is refreshed before it is sent.
const REFRESH_BEFORE: Duration = Duration::from_mins(1);

/// Which token of the provider is sent to the mount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenKind {
    /// The ID token, whose audience is the client
    #[default]
    Id,
    /// The access token
    Access,
}

/// A login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    /// The mount that the token is for. No other server gets the token.
    pub(crate) url: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) token_endpoint: String,
    pub(crate) revocation_endpoint: Option<String>,
    pub(crate) kind: TokenKind,
    #[serde(serialize_with = "expose")]
    pub(crate) token: SecretString,
    /// Seconds since 1970; none where the provider does not say.
    pub(crate) expires: Option<u64>,
    #[serde(serialize_with = "expose_some")]
    pub(crate) refresh_token: Option<SecretString>,
}

impl Login {
    /// The login that is stored.
    pub(crate) fn load() -> Result<Option<Self>, AwsClientError> {
        let path = path()?;
        let Some(bytes) = files::read_private(&path)? else { return Ok(None) };
        // The parser's text could quote a token.
        let login = serde_json::from_slice(&bytes)
            .map_err(|_| AwsClientError::Settings { path, why: "it is no login".into() })?;
        Ok(Some(login))
    }

    pub(crate) fn save(&self) -> Result<(), AwsClientError> {
        let path = path()?;
        let json = serde_json::to_vec(self).map(zeroize::Zeroizing::new);
        let json =
            json.map_err(|error| AwsClientError::Write { path: path.clone(), source: error.into() })?;
        files::write_private(&path, &json)
    }

    /// Forgets the login.
    pub(crate) fn remove() -> Result<(), AwsClientError> {
        let path = path()?;
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(AwsClientError::Write { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Whether the token must be replaced before it is sent.
    pub(crate) fn is_stale(&self) -> bool {
        let soon = (SystemTime::now() + REFRESH_BEFORE).duration_since(UNIX_EPOCH).unwrap_or_default();
        self.expires.is_some_and(|expires| expires <= soon.as_secs())
    }
}

/// Lets one process at a time refresh: a provider that rotates refresh tokens takes a second use of one for theft, and
/// ends the login (RFC 9700, 4.14.2). It is held until the file is dropped.
pub(crate) fn lock() -> Result<File, AwsClientError> {
    let path = path()?.with_extension("lock");
    let lock = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    lock().map_err(|source| AwsClientError::Write { path: path.clone(), source })
}

fn path() -> Result<PathBuf, AwsClientError> {
    Ok(settings::folder()?.join("aws-login.json"))
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
fn expose_some<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
}
