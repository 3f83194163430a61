//! Errors of the server and of the commands that use it.

use portcullis_config::ConfigError;
use std::io;

/// Why the server did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A policy cannot be loaded.
    #[error(transparent)]
    Load(#[from] portcullis_engine::LoadError),
    /// The same, with the source location of the policy.
    #[error("{0}")]
    Policies(String),
    /// The cache of compiled policies cannot be used.
    #[error(transparent)]
    Cache(#[from] portcullis_engine::cache::CacheError),
    /// Policies of the admin API cannot be kept or read.
    #[error(transparent)]
    PolicyStore(#[from] portcullis_policy_store::StoreError),
    /// The decision log cannot be used.
    #[error(transparent)]
    Audit(#[from] portcullis_audit::AuditError),
    /// Traces and log entries cannot be sent.
    #[error(transparent)]
    Telemetry(#[from] portcullis_telemetry::TelemetryError),
    /// A listener cannot be used.
    #[error(transparent)]
    Listen(#[from] portcullis_listen::ListenError),
    /// The system refused something else.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The command cannot do what it was asked.
    #[error("{0}")]
    Usage(String),
}
