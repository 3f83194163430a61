//! What the handlers share, and how the operator configures the plugin.

use portcullis_authorization::Authorizer;
use portcullis_contract::docker;
use portcullis_docker_api::Operation;
use portcullis_host_paths::PathResolver;
use portcullis_identity::AuthError;
use portcullis_identity::source::GroupSources;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::daemon_version::{AssumedBodies, DaemonVersion, ReportedVersion};
use crate::look_up::LookUp;

/// What the handlers share.
pub(crate) struct Plugin {
    pub(crate) authorizer: Authorizer,
    pub(crate) settings: PluginSettings,
    pub(crate) daemon: Arc<str>,
    groups: Option<GroupSources>,
    assumed_bodies: AssumedBodies,
    pub(crate) look_up: Option<LookUp>,
}

/// How the operator configures the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSettings {
    /// A label for the daemon that asks; it reaches policies and records.
    pub daemon: String,
    /// Operations that the host answers itself.
    pub always_allow: BTreeSet<Operation>,
    /// Operations whose requests have no body unless dockerd shows one: clients cannot prove it, and the operator
    /// trusts them.
    pub assume_no_body: BTreeSet<Operation>,
    /// The version of the daemon that asks, as the operator states it.
    pub daemon_version: Option<DaemonVersion>,
    /// Headers that policies are shown though names like theirs carry credentials.
    pub pass_headers: BTreeSet<String>,
    /// What resolves the paths of the host that a request names. Without it they are judged as they are named.
    pub paths: Option<PathResolver>,
    /// The daemon's unix socket, to look up containers and execs; absent means that nothing is looked up.
    pub look_up: Option<PathBuf>,
}

impl PluginSettings {
    /// Operations that every client calls first and does not go on without. Nothing in the responses is secret.
    pub const ALWAYS_ALLOW: [Operation; 3] =
        [Operation::SystemPing, Operation::SystemPingHead, Operation::SystemVersion];
}

impl Default for PluginSettings {
    fn default() -> Self {
        Self {
            daemon: "docker".into(),
            always_allow: Self::ALWAYS_ALLOW.into(),
            assume_no_body: BTreeSet::new(),
            daemon_version: None,
            pass_headers: BTreeSet::new(),
            paths: None,
            look_up: None,
        }
    }
}

impl Plugin {
    pub(crate) fn new(
        authorizer: Authorizer,
        settings: PluginSettings,
        groups: Option<GroupSources>,
    ) -> Self {
        let daemon = settings.daemon.as_str().into();
        let look_up = settings.look_up.as_ref();
        let look_up = look_up.map(|socket| LookUp::start(socket, authorizer.time_budget()));
        let assumed_bodies = AssumedBodies::new(&settings.assume_no_body, settings.daemon_version);
        Self { authorizer, settings, daemon, groups, assumed_bodies, look_up }
    }

    /// Operations whose requests have no body unless dockerd shows one.
    pub(crate) fn assume_no_body(&self) -> &BTreeSet<Operation> {
        let reported = match &self.look_up {
            None => ReportedVersion::NotAsked,
            Some(look_up) => {
                look_up.daemon_version().map_or(ReportedVersion::Unknown, ReportedVersion::Known)
            }
        };
        self.assumed_bodies.of(reported)
    }

    /// Finds out which groups the user of a request is in.
    ///
    /// # Errors
    /// A source of groups cannot answer.
    pub(crate) async fn add_groups(&self, request: &mut docker::Request) -> Result<(), AuthError> {
        if let Some(groups) = &self.groups {
            request.principal.groups = groups.of(&request.principal).await?;
        }
        Ok(())
    }
}
