//! SIGHUP: configuration and modules are read again, and the decision log's file is opened again.

use portcullis_listen::notify;
use std::sync::PoisonError;

use crate::admin::Admin;
use crate::config::Config;
use crate::serve::ConfigSource;

/// Reads everything again. Whatever is wrong with it, the policies in force stay. `started` is what the start was
/// made with.
pub(crate) async fn reload(source: &ConfigSource, started: &Config, admin: &Admin) {
    notify::reloading();
    let complaint = policies(source, started, admin).await.err();
    if let Some(error) = &complaint {
        tracing::error!("the new policies were not taken, the old ones stay in force: {error}");
    }
    *admin.complaint.lock().unwrap_or_else(PoisonError::into_inner) = complaint;
    if let Err(error) = admin.log.reopen().await {
        tracing::error!(%error, "the decision log could not be opened again; the old file is written to");
    }
    notify::ready();
}

async fn policies(source: &ConfigSource, started: &Config, admin: &Admin) -> Result<(), String> {
    let config = source.load().map_err(|error| error.to_string())?;
    for section in started.fixed_sections_changed(&config) {
        tracing::warn!("{section} has changed, which takes a restart; it stays as it was");
    }
    let opened = match &config.federation {
        Some(federation) => Some(admin.in_use.mounts(federation).await.map_err(|error| error.to_string())?),
        None => None,
    };
    let (mounts, parts) = opened.unzip();
    let loaded = admin.host.load_with(config.policies.clone(), mounts).await;
    let generation = loaded.map_err(|error| config.blame(&error))?;
    admin.in_use.keep(parts.unwrap_or_default()).await;
    admin.proxies.set(config.proxies());
    tracing::info!(generation = generation.number(), "policies were read again and are in force");
    Ok(())
}
