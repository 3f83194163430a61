//! Groups of Docker users from the configuration: what the plugin and the gateway have in common.

use portcullis_config::ConfigError;
use portcullis_errors::chain;
use portcullis_files::FileWatcher;
use portcullis_identity::source::GroupSources;

use crate::config::{Config, UserGroups};

/// Opens the sources. Without any no user is in a group, but for groups of the system.
pub(crate) async fn open(
    groups: Option<&UserGroups>,
    watcher: &FileWatcher,
) -> Result<Option<GroupSources>, ConfigError> {
    let Some(UserGroups { options, location }) = groups else { return Ok(None) };
    let sources = GroupSources::open(options.clone(), watcher).await;
    sources.map(Some).map_err(|error| location.wrong(chain(&error)))
}

/// Reads the files of groups, as a start does.
pub(crate) async fn check(config: &Config) -> Result<(), ConfigError> {
    let gateway = config.docker_gateway.as_ref().and_then(|gateway| gateway.groups.as_ref());
    for groups in config.docker.groups.iter().chain(gateway) {
        open(Some(groups), &FileWatcher::idle()).await?;
    }
    Ok(())
}

/// Warns of policies whose settings name groups that no user of an API can be in.
pub(crate) fn warn(config: &Config) {
    for key in without_groups(config) {
        for policy in config.policies.iter().filter(|policy| policy.settings.contains("\"group:")) {
            tracing::warn!(
                "the settings of the policy `{}` name a group, and no Docker user is in one: {key} says where groups come from",
                policy.name
            );
        }
    }
}

/// The keys of the Docker APIs whose users are in no group, each judged by itself.
fn without_groups(config: &Config) -> Vec<&'static str> {
    let of_plugin = !config.listen.docker.is_empty() && config.docker.groups.is_none();
    // On the guarded socket the system says which groups a user is in.
    let of_gateway = config
        .docker_gateway
        .as_ref()
        .is_some_and(|gateway| gateway.listen.is_some() && gateway.groups.is_none());
    let keys = [("`[docker.groups]`", of_plugin), ("`[docker_gateway.groups]`", of_gateway)];
    keys.into_iter().filter(|(_, is_without)| *is_without).map(|(key, _)| key).collect()
}
