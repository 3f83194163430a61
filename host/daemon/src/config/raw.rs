//! What may be written in `portcullis.toml`, as serde reads it. What it means is settled in `validate`.

use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

use super::error::{ConfigError, line_of};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) state: Option<Spanned<String>>,
    pub(super) listen: Listen,
    pub(super) policies: Vec<Spanned<Policy>>,
    pub(super) docker: Docker,
    pub(super) audit: Audit,
    // Doors and stores that are not built yet: known by name only.
    pub(super) store: Option<toml::Table>,
    pub(super) barbican: Option<toml::Table>,
    pub(super) federation: Option<toml::Table>,
    pub(super) gateway: Option<toml::Table>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    pub(super) api: Option<Vec<Spanned<Endpoint>>>,
    pub(super) docker: Option<Vec<Spanned<Endpoint>>>,
    pub(super) admin: Option<Vec<Spanned<Endpoint>>>,
}

/// An address alone, or a table.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an address, or a table with `address` and `tls`, `mode` or `group`")]
pub(super) enum Endpoint {
    Address(String),
    Table(EndpointTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointTable {
    pub(super) address: String,
    pub(super) tls: Option<Tls>,
    pub(super) mode: Option<String>,
    pub(super) group: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) client_ca: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) name: Spanned<String>,
    pub(super) module: Spanned<String>,
    pub(super) sha256: Option<Spanned<String>>,
    pub(super) hooks: Option<Vec<Spanned<String>>>,
    pub(super) mode: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) settings: toml::Table,
    pub(super) deadline: Option<Spanned<String>>,
    pub(super) memory: Option<Spanned<String>>,
    pub(super) concurrency: Option<Spanned<u32>>,
    pub(super) cases: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) wasi: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Docker {
    pub(super) daemon: Option<Spanned<String>>,
    pub(super) always_allow: Option<Vec<Spanned<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Audit {
    pub(super) file: Option<Spanned<String>>,
    pub(super) recent: Option<Spanned<usize>>,
}

/// Reads the text of `file`.
pub(super) fn parse(text: &str, file: &Path) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let message = error.message().replace('\n', " ");
        match error.span() {
            Some(span) => ConfigError::At { file: file.to_owned(), line: line_of(text, span.start), message },
            None => ConfigError::In { file: file.to_owned(), message },
        }
    })
}
