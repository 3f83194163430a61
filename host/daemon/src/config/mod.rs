//! From a file's text to values that hold.
//!
//! * `raw`: what may be written, as serde reads it; an unknown key is an error
//! * `environment`: `PORTCULLIS__SECTION__KEY`
//! * `validate`: raw values become addresses, policies and limits, or one message with its line
//! * [`Config`]: what the rest of the program sees

mod environment;
mod error;
mod raw;
mod settings;
mod validate;

use portcullis_docker::door::DoorSettings;
use portcullis_engine::PolicySpec;
use portcullis_listen::{Address, TlsFiles};
use std::path::{Path, PathBuf};

pub(crate) use error::ConfigError;

/// A whole configuration that holds.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) listen: Listen,
    pub(crate) policies: Vec<PolicySpec>,
    pub(crate) docker: DoorSettings,
    pub(crate) audit: Audit,
    /// Where compiled policies are kept; absent means nowhere.
    pub(crate) state: Option<PathBuf>,
    /// Sections of doors that are not built yet.
    pub(crate) dormant: Vec<&'static str>,
}

/// What listens where.
#[derive(Debug, Clone)]
pub(crate) struct Listen {
    pub(crate) docker: Vec<Endpoint>,
    pub(crate) admin: Vec<Endpoint>,
}

/// One place to listen at.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    pub(crate) tls: Option<TlsFiles>,
    /// Permissions of a unix socket.
    pub(crate) mode: Option<u32>,
    /// Group of a unix socket.
    pub(crate) group: Option<String>,
}

/// Where decision records go.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    /// Absent means standard output.
    pub(crate) file: Option<PathBuf>,
    /// How many are kept in memory for the admin listener.
    pub(crate) recent: usize,
}

impl Config {
    /// Reads `file`, with the environment's overrides.
    pub(crate) fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigError::Read { file: file.to_owned(), error })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Self::from_text(&text, file, folder, &environment::overrides(std::env::vars_os()))
    }

    /// The configuration without a file: docker-baseline and allow, on local sockets.
    pub(crate) fn default_without_file() -> Result<Self, ConfigError> {
        let overrides = environment::overrides(std::env::vars_os());
        Self::from_text(DEFAULT, Path::new("the built-in configuration"), Path::new("."), &overrides)
    }

    fn from_text(
        text: &str,
        file: &Path,
        folder: &Path,
        overrides: &[environment::Override],
    ) -> Result<Self, ConfigError> {
        let raw = raw::parse(text, file)?;
        if overrides.is_empty() {
            return validate::validate(raw, &validate::Place { file, text: Some(text), folder });
        }
        let merged = environment::apply(text, file, overrides)?;
        let raw = raw::parse(&merged, Path::new("the configuration with its PORTCULLIS__ overrides"))?;
        validate::validate(raw, &validate::Place { file, text: None, folder })
    }
}

/// What is in force where no file says otherwise.
pub(crate) const DEFAULT: &str = r#"[[policies]]
name   = "docker-baseline"
module = "builtin:docker-baseline"

[[policies]]
name   = "allow"
module = "builtin:allow"
"#;
