//! The configuration and modules are read again: by SIGHUP, and when one of the files has changed. SIGHUP also opens the
//! decision log's file again.

use portcullis_admin::ReloadStatus;
use portcullis_audit::Log;
use portcullis_engine::Digest;
use portcullis_files::FileChanges;
use portcullis_listen::{Proxies, notify};
use portcullis_policy_store::{Change, ChangeError, ChangedBy, FilePolicies, PolicyManager};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Config;
use crate::config_source::ConfigSource;
use crate::mounts::MountResources;

/// What a reload changes.
pub(crate) struct Reloadable {
    pub(crate) manager: PolicyManager,
    pub(crate) log: Log,
    /// Resources of the mounts.
    pub(crate) resources: MountResources,
    /// Peers whose connections no listener counts.
    pub(crate) proxies: Proxies,
    pub(crate) status: Arc<ReloadStatus>,
    /// Tells of changed files; absent where they are not watched.
    pub(crate) changes: Option<FileChanges>,
    /// The contents of all files at the last reload, and the configuration that was put in force last.
    pub(crate) seen: Mutex<Seen>,
}

/// What was found on disk.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// At the last reload, accepted or not.
    pub(crate) contents: Option<Digest>,
    /// The configuration's text that is in force.
    pub(crate) text: Option<Digest>,
}

/// Why files are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// SIGHUP.
    Signal,
    /// A file has changed.
    Files,
}

/// Reads everything again. After any error the policies in force stay. `started` is the configuration of the
/// start.
pub(crate) async fn reload(
    trigger: Trigger,
    source: &ConfigSource,
    started: &Config,
    reloadable: &Reloadable,
) {
    let config = source.load();
    let paths = config.as_ref().map(|config| source.watched(config));
    let paths = paths.unwrap_or_else(|_| source.watched(started));
    let contents = contents(&paths);
    {
        let mut seen = reloadable.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if trigger == Trigger::Files && seen.contents == Some(contents) {
            return;
        }
        seen.contents = Some(contents);
    }
    if trigger == Trigger::Signal {
        notify::reloading();
    }
    let result = match config {
        Ok(config) => policies(trigger, source, (started, &config), reloadable).await,
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = &result {
        tracing::error!("the new policies were not taken, the old ones stay in force: {error}");
    }
    reloadable.status.count(result.err());
    if trigger == Trigger::Files {
        return;
    }
    if let Err(error) = reloadable.log.reopen().await {
        tracing::error!(%error, "the decision log could not be opened again; the old file is written to");
    }
    notify::ready();
}

async fn policies(
    trigger: Trigger,
    source: &ConfigSource,
    (started, config): (&Config, &Config),
    reloadable: &Reloadable,
) -> Result<(), String> {
    for section in started.fixed_sections_changed(config) {
        tracing::warn!("{section} has changed, which takes a restart; it stays as it was");
    }
    let opened = match &config.federation {
        Some(federation) => {
            Some(reloadable.resources.mounts(federation).await.map_err(|error| error.to_string())?)
        }
        None => None,
    };
    let (attached, parts) = opened.unzip();
    let text = config.text_sha256;
    let text_changed = reloadable.seen.lock().unwrap_or_else(PoisonError::into_inner).text != Some(text);
    let files = FilePolicies {
        specs: config.policies.clone(),
        // Identity sources of mounts are opened anew where they have changed, which SIGHUP asks for.
        attached_changed: attached.is_some() && (trigger == Trigger::Signal || text_changed),
        attached,
    };
    if let Some(changes) = &reloadable.changes {
        changes.set_paths(source.watched(config));
    }
    let by = ChangedBy::host(match trigger {
        Trigger::Signal => "signal",
        Trigger::Files => "file",
    });
    let applied = reloadable.manager.change(Change::Files(files), by).await;
    let applied = applied.map_err(|error| blame(config, &error))?;
    reloadable.seen.lock().unwrap_or_else(PoisonError::into_inner).text = Some(text);
    reloadable.resources.commit(parts.unwrap_or_default()).await;
    reloadable.proxies.set(config.proxies());
    if applied.published {
        tracing::info!(generation = applied.generation, "policies were read again and are in force");
    } else {
        tracing::info!(generation = applied.generation, "policies were read again, and nothing has changed");
    }
    Ok(())
}

/// Why policies were not taken, with the place in the configuration where the one at fault stands.
pub(crate) fn blame(config: &Config, error: &ChangeError) -> String {
    match error {
        ChangeError::Load(error) => config.blame(error),
        other => portcullis_errors::chain(other),
    }
}

/// A digest of what is in all these files. A file that cannot be read counts as such.
pub(crate) fn contents(paths: &[PathBuf]) -> Digest {
    let one =
        |path: &PathBuf| std::fs::read(path).map_or_else(|error| error.to_string().into_bytes(), Into::into);
    let contents: Vec<Vec<u8>> = paths.iter().map(one).collect();
    Digest::of_parts(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>())
}
