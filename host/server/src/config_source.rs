//! Where the configuration is read from, at the start and by each reload.

use portcullis_config::ConfigError;
use std::path::PathBuf;

use crate::config::Config;

/// Where the configuration comes from.
#[derive(Debug, Clone)]
pub enum ConfigSource {
    /// From a file.
    File(PathBuf),
    /// The configuration without a file.
    BuiltIn,
}

impl ConfigSource {
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        match self {
            Self::File(file) => Config::load(file),
            Self::BuiltIn => Config::default_without_file(),
        }
    }
}
