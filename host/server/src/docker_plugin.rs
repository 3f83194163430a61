//! The Docker plugin from its configuration: its settings, and sources of groups.

use portcullis_authorization::Authorizer;
use portcullis_config::ConfigError;
use portcullis_docker_plugin::DockerPlugin;
use portcullis_errors::chain;
use portcullis_files::FileWatcher;
use portcullis_identity::source::GroupSources;

use crate::config::{Config, Docker};

/// Opens what the API needs.
pub(crate) async fn open(
    docker: &Docker,
    authorizer: Authorizer,
    watcher: &FileWatcher,
) -> Result<DockerPlugin, ConfigError> {
    Ok(DockerPlugin::new(authorizer, docker.plugin.clone(), groups(docker, watcher).await?))
}

/// Warns of policies whose settings name groups that no user can be in.
pub(crate) fn warn_of_groups(config: &Config) {
    if config.listen.docker.is_empty() || config.docker_gateway.is_some() || config.docker.groups_at.is_some()
    {
        return;
    }
    for policy in config.policies.iter().filter(|policy| policy.settings.contains("\"group:")) {
        tracing::warn!(
            "the settings of the policy `{}` name a group, and no Docker user is in one: `[docker.groups]` says where groups \
             come from",
            policy.name
        );
    }
}

/// Reads the file of groups, as a start does.
pub(crate) async fn check(docker: &Docker) -> Result<(), ConfigError> {
    groups(docker, &FileWatcher::idle()).await.map(drop)
}

async fn groups(docker: &Docker, watcher: &FileWatcher) -> Result<Option<GroupSources>, ConfigError> {
    let Some(location) = &docker.groups_at else { return Ok(None) };
    let sources = GroupSources::open(docker.groups.clone(), watcher).await;
    sources.map(Some).map_err(|error| location.wrong(chain(&error)))
}
