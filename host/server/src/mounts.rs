//! The federation API from its configuration: its mounts, and the resources that they share.
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
use portcullis_identity::source::{Authenticator, AuthenticatorOptions};
use std::sync::Arc;
use tokio::sync::Mutex;

use crate::config::Federation;

/// The resources of the mounts in force, which a reload reuses.
#[derive(Clone)]
pub(crate) struct MountResources {
    resources: Arc<Mutex<ResourceSet>>,
    watcher: FileWatcher,
}

/// AWS clients and authenticators, by their options.
#[derive(Default)]
pub(crate) struct ResourceSet {
    aws: Vec<(AwsOptions, Aws)>,
    sources: Vec<(AuthenticatorOptions, Authenticator)>,
}

impl MountResources {
    /// Without any resources. `watcher` has the files of identity sources read again when they change.
    pub(crate) fn new(watcher: FileWatcher) -> Self {
        Self { resources: Arc::default(), watcher }
    }

    /// Opens what the mounts need. The resources are to be [committed](Self::commit) once the mounts are in force.
    pub(crate) async fn mounts(
        &self,
        federation: &Federation,
    ) -> Result<(Attached, ResourceSet), ConfigError> {
        let resources = self.resources.lock().await;
        let mut next = ResourceSet::default();
        let mut mounts = Vec::with_capacity(federation.mounts.len());
        for mount in &federation.mounts {
            let known = next.aws.iter().chain(&resources.aws).find(|(options, _)| *options == mount.aws);
            let aws = match known {
                Some((_, aws)) => aws.clone(),
                None => Aws::open(mount.aws.clone()).await.map_err(|error| mount.location.wrong(error))?,
            };
            if !next.aws.iter().any(|(options, _)| *options == mount.aws) {
                next.aws.push((mount.aws.clone(), aws.clone()));
            }
            let source = source(&mount.source, &next, &resources, &self.watcher).await;
            let source = source.map_err(|error| mount.location.wrong(chain(&error)))?;
            next.sources.push((mount.source.clone(), source.clone()));
            mounts.push(Mount {
                name: mount.name.clone(),
                prefix: mount.prefix.clone(),
                listeners: Arc::clone(&mount.listeners),
                hosts: mount.hosts.clone(),
                source,
                accounts: mount.accounts.clone(),
                policies: Arc::clone(&mount.policies),
                aws,
                metadata: mount.metadata.clone(),
                requests: mount.requests.clone(),
            });
        }
        Ok((Arc::new(Mounts::new(mounts)), next))
    }

    /// Puts these in force. A resource that is not among them ends with its last request.
    pub(crate) async fn commit(&self, resources: ResourceSet) {
        *self.resources.lock().await = resources;
    }
}

/// An authenticator that is open already, if its files are still good: a file that the server could not start with
/// authenticates no user.
async fn source(
    options: &AuthenticatorOptions,
    next: &ResourceSet,
    resources: &ResourceSet,
    watcher: &FileWatcher,
) -> Result<Authenticator, IdentityError> {
    let known = |resources: &ResourceSet| {
        resources.sources.iter().find(|(known, _)| known == options).map(|(_, source)| source.clone())
    };
    if let Some(source) = known(next) {
        return Ok(source);
    }
    match known(resources) {
        Some(source) if source.recheck().await? => Ok(source),
        _ => Authenticator::open(options.clone(), watcher).await,
    }
}
