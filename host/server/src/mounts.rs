//! The federation door from its configuration: its mounts, and what they share.
//!
//! Mounts are put in force together with the policies, at the start and by SIGHUP. What has not changed is taken over:
//! AWS with the credentials that are still good, and sources of identity with what they remember.

use portcullis_config::ConfigError;
use portcullis_engine::Attached;
use portcullis_errors::chain;
use portcullis_federation::aws::{Aws, AwsOptions};
use portcullis_federation::{Mount, Mounts};
use portcullis_files::FileWatcher;
use portcullis_identity::IdentityError;
use portcullis_identity::source::{Source, SourceOptions};
use std::sync::Arc;
use tokio::sync::Mutex;

use crate::config::Federation;

/// What is in use already.
#[derive(Clone)]
pub(crate) struct InUse {
    parts: Arc<Mutex<Parts>>,
    watcher: FileWatcher,
}

/// What mounts are made of.
#[derive(Default)]
pub(crate) struct Parts {
    aws: Vec<(AwsOptions, Aws)>,
    sources: Vec<(SourceOptions, Source)>,
}

impl InUse {
    /// Nothing is in use yet. `watcher` has the files of identity sources read again when they change.
    pub(crate) fn new(watcher: FileWatcher) -> Self {
        Self { parts: Arc::default(), watcher }
    }

    /// Opens what the mounts need. The parts are to be [kept](Self::keep) once the mounts are in force.
    pub(crate) async fn mounts(&self, federation: &Federation) -> Result<(Attached, Parts), ConfigError> {
        let in_use = self.parts.lock().await;
        let mut next = Parts::default();
        let mut mounts = Vec::with_capacity(federation.mounts.len());
        for mount in &federation.mounts {
            let known = next.aws.iter().chain(&in_use.aws).find(|(options, _)| *options == mount.aws);
            let aws = match known {
                Some((_, aws)) => aws.clone(),
                None => Aws::open(mount.aws.clone()).await.map_err(|error| mount.location.wrong(error))?,
            };
            if !next.aws.iter().any(|(options, _)| *options == mount.aws) {
                next.aws.push((mount.aws.clone(), aws.clone()));
            }
            let source = source(&mount.source, &next, &in_use, &self.watcher).await;
            let source = source.map_err(|error| mount.location.wrong(chain(&error)))?;
            next.sources.push((mount.source.clone(), source.clone()));
            mounts.push(Mount {
                prefix: mount.prefix.clone(),
                hosts: mount.hosts.clone(),
                source,
                accounts: mount.accounts.clone(),
                policies: Arc::clone(&mount.policies),
                aws,
                metadata: mount.metadata.clone(),
            });
        }
        Ok((Arc::new(Mounts::new(mounts)), next))
    }

    /// These are in force now; what is not among them ends with its last request.
    pub(crate) async fn keep(&self, parts: Parts) {
        *self.parts.lock().await = parts;
    }
}

/// A source that is open already, if its files are still good: nobody is let in by a file that could not be started
/// with.
async fn source(
    options: &SourceOptions,
    next: &Parts,
    in_use: &Parts,
    watcher: &FileWatcher,
) -> Result<Source, IdentityError> {
    let known = |parts: &Parts| {
        parts.sources.iter().find(|(known, _)| known == options).map(|(_, source)| source.clone())
    };
    if let Some(source) = known(next) {
        return Ok(source);
    }
    match known(in_use) {
        Some(source) if source.recheck().await? => Ok(source),
        _ => Source::open(options.clone(), watcher).await,
    }
}
