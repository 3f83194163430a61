//! The configuration and modules are read again: by SIGHUP, and when one of the files has changed. SIGHUP also opens the
//! decision log's file again.

use portcullis_admin::ReloadStatus;
use portcullis_audit::Log;
use portcullis_engine::Digest;
use portcullis_engine::source::MODULE_BYTES;
use portcullis_files::FileChanges;
use portcullis_listen::{Proxies, notify};
use portcullis_policy_store::{Change, ChangeError, ChangedBy, FilePolicies, PolicyManager};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
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
    let paths = match source.load().or_else(|_| source.load_without_policy_files()) {
        Ok(config) => source.watched(&config),
        Err(_) => source.watched(started),
    };
    if let Some(changes) = &reloadable.changes {
        changes.set_paths(paths.clone());
    }
    let contents = contents(paths).await;
    {
        let mut seen = reloadable.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if trigger == Trigger::Files && seen.contents.is_some() && seen.contents == contents {
            return;
        }
        seen.contents = contents;
    }
    // Read after the digest was taken: what is written meanwhile differs from it, and is read again.
    let config = source.load();
    if trigger == Trigger::Signal {
        notify::reloading();
    }
    let result = match config {
        Ok(config) => policies(trigger, (started, &config), reloadable).await,
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
    (started, config): (&Config, &Config),
    reloadable: &Reloadable,
) -> Result<(), String> {
    for section in started.fixed_sections_changed(config) {
        tracing::warn!("{section} has changed, which takes a restart; it stays as it was");
    }
    // By the names that the listeners of this process have: a mount for one address is not to be served at another.
    if let (Some(federation), Some(_)) = (&config.federation, &started.federation) {
        federation.is_served_at(&started.federation_listens()).map_err(|error| error.to_string())?;
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
        error: None,
    };
    let by = ChangedBy::host(match trigger {
        Trigger::Signal => "signal",
        Trigger::Files => "file",
    });
    let applied = reloadable.manager.change(Change::Files(files), by).await;
    let applied = applied.map_err(|error| {
        if matches!(error, ChangeError::Record(_) | ChangeError::Store(_)) {
            // The files are good, and may be taken at the next look.
            reloadable.seen.lock().unwrap_or_else(PoisonError::into_inner).contents = None;
        }
        blame(config, &error)
    })?;
    reloadable.seen.lock().unwrap_or_else(PoisonError::into_inner).text = Some(text);
    reloadable.resources.commit(parts.unwrap_or_default()).await;
    reloadable.proxies.set(config.proxies());
    if applied.published {
        tracing::info!(generation = applied.generation, "policies were read again and are in force");
    } else if trigger == Trigger::Signal {
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

/// A digest of what is in all these files. A file that cannot be read counts as such. Modules may be large, and a network
/// file system slow, so it is not done on a thread that serves.
pub(crate) async fn contents(paths: Vec<PathBuf>) -> Option<Digest> {
    let digest = move || {
        let one =
            |path: &PathBuf| digest_of(path).unwrap_or_else(|error| Digest::of(error.to_string().as_bytes()));
        let digests: Vec<_> = paths.iter().map(|path| one(path).to_string()).collect();
        Digest::of_parts(&digests.iter().map(String::as_bytes).collect::<Vec<_>>())
    };
    tokio::task::spawn_blocking(digest).await.ok()
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    // Opening a pipe would wait for a writer, and no file that is used is larger than a module may be.
    let found = std::fs::metadata(path)?;
    if !found.is_file() || found.len() > MODULE_BYTES {
        return Ok(Digest::of(format!("{:?} {}", found.file_type(), found.len()).as_bytes()));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MODULE_BYTES).read_to_end(&mut bytes)?;
    Ok(Digest::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_digest_changes_with_any_file_and_reads_no_pipe_and_nothing_endless() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), "1").unwrap();
        let paths = || vec![at("a"), at("missing"), "/dev/zero".into(), folder.path().into()];
        let first = contents(paths()).await;
        assert!(first.is_some() && first == contents(paths()).await);
        std::fs::write(at("a"), "2").unwrap();
        let second = contents(paths()).await;
        assert_ne!(first, second);
        std::fs::write(at("missing"), "").unwrap();
        assert_ne!(contents(paths()).await, second);
        File::create(at("missing")).unwrap().set_len(1 << 40).unwrap();
        assert!(contents(paths()).await.is_some());
    }
}
