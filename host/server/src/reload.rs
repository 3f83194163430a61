//! SIGHUP: configuration and modules are read again, and the decision log's file is opened again.

use portcullis_admin::ReloadStatus;
use portcullis_audit::Log;
use portcullis_engine::Host;
use portcullis_listen::{Proxies, notify};
use std::sync::Arc;

use crate::Config;
use crate::config_source::ConfigSource;
use crate::mounts::MountResources;

/// What a reload changes.
pub(crate) struct Reloadable {
    pub(crate) host: Arc<Host>,
    pub(crate) log: Log,
    /// Resources of the mounts.
    pub(crate) resources: MountResources,
    /// Peers whose connections no listener counts.
    pub(crate) proxies: Proxies,
    pub(crate) status: Arc<ReloadStatus>,
}

/// Reads everything again. After any error the policies in force stay. `started` is the configuration of the
/// start.
pub(crate) async fn reload(source: &ConfigSource, started: &Config, reloadable: &Reloadable) {
    notify::reloading();
    let error = policies(source, started, reloadable).await.err();
    if let Some(error) = &error {
        tracing::error!("the new policies were not taken, the old ones stay in force: {error}");
    }
    reloadable.status.count(error);
    if let Err(error) = reloadable.log.reopen().await {
        tracing::error!(%error, "the decision log could not be opened again; the old file is written to");
    }
    notify::ready();
}

async fn policies(source: &ConfigSource, started: &Config, reloadable: &Reloadable) -> Result<(), String> {
    let config = source.load().map_err(|error| error.to_string())?;
    for section in started.fixed_sections_changed(&config) {
        tracing::warn!("{section} has changed, which takes a restart; it stays as it was");
    }
    let opened = match &config.federation {
        Some(federation) => {
            Some(reloadable.resources.mounts(federation).await.map_err(|error| error.to_string())?)
        }
        None => None,
    };
    let (mounts, parts) = opened.unzip();
    let loaded = reloadable.host.load_with(config.policies.clone(), mounts).await;
    let generation = loaded.map_err(|error| config.blame(&error))?;
    reloadable.resources.commit(parts.unwrap_or_default()).await;
    reloadable.proxies.set(config.proxies());
    tracing::info!(generation = generation.number(), "policies were read again and are in force");
    Ok(())
}
