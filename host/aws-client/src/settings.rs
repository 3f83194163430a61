//! What `portcullis aws login` remembers, beside the token: `$XDG_CONFIG_HOME/portcullis/aws.toml`, by default below
//! `~/.config`. A person may write it too.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use crate::error::AwsClientError;
use crate::files;

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The mount.
    pub(crate) url: Option<String>,
    /// Certificate authorities, in PEM.
    pub(crate) ca: Option<PathBuf>,
    /// The user, where the mount wants a password.
    pub(crate) user: Option<String>,
    /// The file that has the password.
    pub(crate) password_file: Option<PathBuf>,
    /// The OpenID provider of the login.
    pub(crate) issuer: Option<String>,
    /// Certificate authorities of the provider, in PEM; those of the mount by default.
    pub(crate) issuer_ca: Option<PathBuf>,
    /// The client there.
    pub(crate) client_id: Option<String>,
    /// The AWS region of profiles and commands.
    pub(crate) region: Option<String>,
}

impl Settings {
    /// The file's content, or nothing where there is no file.
    pub(crate) fn load() -> Result<Self, AwsClientError> {
        let path = folder()?.join("aws.toml");
        let Some(bytes) = files::read(&path)? else { return Ok(Self::default()) };
        let text = String::from_utf8_lossy(&bytes);
        toml::from_str(&text)
            .map_err(|error| AwsClientError::Settings { path, why: error.message().to_owned() })
    }

    /// Writes the file.
    pub(crate) fn save(&self) -> Result<(), AwsClientError> {
        let path = folder()?.join("aws.toml");
        let text = toml::to_string(self)
            .map_err(|error| AwsClientError::Settings { path: path.clone(), why: error.to_string() })?;
        files::write_private(&path, text.as_bytes())
    }
}

/// The folder of the client's own files.
pub(crate) fn folder() -> Result<PathBuf, AwsClientError> {
    let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = match named {
        Some(base) => base,
        None => home("XDG_CONFIG_HOME")?.join(".config"),
    };
    Ok(base.join("portcullis"))
}

/// The user's home. `instead` is the variable that may be set instead.
pub(crate) fn home(instead: &'static str) -> Result<PathBuf, AwsClientError> {
    std::env::home_dir().filter(|home| home.is_absolute()).ok_or(AwsClientError::NoHome(instead))
}
