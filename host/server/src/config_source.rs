//! Where the configuration is read from, at the start and by each reload.

use portcullis_config::ConfigError;
use std::path::{Path, PathBuf};

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

    /// The same without the files that policies name, where these cannot be read.
    pub(crate) fn load_without_policy_files(&self) -> Result<Config, ConfigError> {
        match self {
            Self::File(file) => Config::load_without_policy_files(file),
            Self::BuiltIn => Config::default_without_file(),
        }
    }

    /// The path by which policies of the admin API are kept for this configuration.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(file) => file,
            Self::BuiltIn => Path::new("/the built-in configuration"),
        }
    }

    /// The files whose changes concern policies: the configuration, modules, and files of cases.
    pub(crate) fn watched(&self, config: &Config) -> Vec<PathBuf> {
        let own = match self {
            Self::File(file) => Some(file.clone()),
            Self::BuiltIn => None,
        };
        own.into_iter().chain(config.policy_files.iter().cloned()).collect()
    }
}
