//! Everything that a start does, short of starting.

use portcullis_engine::Candidate;
use portcullis_files::FileWatcher;

use crate::mounts::MountResources;
use crate::{Config, ServeError, barbican, engine, listeners, user_groups};

/// Builds the policies, runs their cases, reads certificates and the files of tokens and groups, and opens what the mounts need.
///
/// # Errors
/// A start would fail.
pub async fn check(config: &Config) -> Result<Candidate, ServeError> {
    let host = engine(config.state.as_deref(), config.time_budget, config.confinement)?;
    let candidate = host.candidate(config.policies.clone().into()).await;
    let candidate = candidate.map_err(|error| ServeError::Policies(config.blame(&error)))?;
    listeners::with_tls(config, &[], &FileWatcher::idle())?;
    user_groups::check(config).await?;
    user_groups::warn(config);
    if let Some(barbican) = &config.barbican {
        barbican::check(barbican)?;
    }
    if let Some(federation) = &config.federation {
        MountResources::new(FileWatcher::idle()).mounts(federation).await?;
    }
    Ok(candidate)
}
