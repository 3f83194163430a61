//! The federation API from its configuration: its mounts, and the resources that they share.
//!
//! Mounts are put in force together with the policies, at the start and by SIGHUP. What has not changed is taken over:
//! AWS with the credentials that are still good, and sources of identity with what they remember.

use portcullis_config::ConfigError;
use portcullis_engine::Attached;
use portcullis_errors::chain;
use portcullis_federation::aws::{Aws, AwsOptions};
use portcullis_federation::{BrowserSignIn, BrowserSignInError, BrowserSignInOptions, Mount, Mounts};
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
    /// By the mount too: a session is good for one.
    sign_ins: Vec<(String, BrowserSignInOptions, BrowserSignIn)>,
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
            let sign_in = mount.sign_in.as_ref().map(|options| {
                let sign_in = sign_in(&mount.name, options, &resources)?;
                next.sign_ins.push((mount.name.clone(), options.clone(), sign_in.clone()));
                Ok(sign_in)
            });
            let sign_in = sign_in.transpose();
            let sign_in = sign_in.map_err(|error: BrowserSignInError| mount.location.wrong(chain(&error)))?;
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
                sign_in,
            });
        }
        Ok((Arc::new(Mounts::new(mounts)), next))
    }

    /// Puts these in force. A resource that is not among them ends with its last request.
    pub(crate) async fn commit(&self, resources: ResourceSet) {
        *self.resources.lock().await = resources;
    }
}

/// Sign-in on the page of a mount. What has not changed keeps its sessions.
fn sign_in(
    mount: &str,
    options: &BrowserSignInOptions,
    resources: &ResourceSet,
) -> Result<BrowserSignIn, BrowserSignInError> {
    let known = resources.sign_ins.iter().find(|(name, known, _)| name == mount && known == options);
    match known {
        Some((.., known)) => Ok(known.clone()),
        None => BrowserSignIn::open(mount, options.clone()),
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
