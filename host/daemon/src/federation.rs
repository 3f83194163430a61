//! The federation door from its configuration: its mounts, and what they share.
//!
//! Mounts are put in force together with the policies, at the start and by SIGHUP. What has not changed is taken over:
//! AWS with the credentials that are still good, and sources of identity with what they remember.

use axum::Router;
use axum::extract::Request;
use portcullis_engine::Attached;
use portcullis_errors::chain;
use portcullis_federation::aws::{Aws, AwsOptions, Stats};
use portcullis_federation::door::Door;
use portcullis_federation::{Mount, Mounts};
use portcullis_files::FileWatcher;
use portcullis_identity::IdentityError;
use portcullis_identity::source::{Source, SourceOptions};
use std::sync::Arc;
use tokio::sync::Mutex;
use tower_service::Service as _;

use crate::config::{ConfigError, Federation};

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
                None => Aws::open(mount.aws.clone()).await.map_err(|error| mount.origin.wrong(error))?,
            };
            if !next.aws.iter().any(|(options, _)| *options == mount.aws) {
                next.aws.push((mount.aws.clone(), aws.clone()));
            }
            let source = source(&mount.source, &next, &in_use, &self.watcher).await;
            let source = source.map_err(|error| mount.origin.wrong(chain(&error)))?;
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

    /// How the caches of credentials do, added up.
    pub(crate) async fn stats(&self) -> Stats {
        let in_use = self.parts.lock().await;
        in_use.aws.iter().fold(Stats::default(), |sum, (_, aws)| {
            let stats = aws.stats();
            Stats {
                hits: sum.hits + stats.hits,
                misses: sum.misses + stats.misses,
                refreshed: sum.refreshed + stats.refreshed,
                served_while_away: sum.served_while_away + stats.served_while_away,
                questions: sum.questions + stats.questions,
                failures: sum.failures + stats.failures,
            }
        })
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

/// The federation door where it answers, and `others` everywhere else.
pub(crate) fn beside(door: Door, others: Router) -> Router {
    Router::new().fallback(move |request: Request| {
        let (door, mut others) = (door.clone(), others.clone());
        async move {
            if door.claims(request.uri().path()) {
                door.answer(request).await
            } else {
                match others.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            }
        }
    })
}
