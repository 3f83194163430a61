//! The Docker plugin from its configuration.

use portcullis_authorization::Authorizer;
use portcullis_config::ConfigError;
use portcullis_docker_plugin::DockerPlugin;
use portcullis_files::FileWatcher;

use crate::config::Docker;
use crate::user_groups;

/// Opens what the API needs.
pub(crate) async fn open(
    docker: &Docker,
    authorizer: Authorizer,
    watcher: &FileWatcher,
) -> Result<DockerPlugin, ConfigError> {
    let groups = user_groups::open(docker.groups.as_ref(), watcher).await?;
    Ok(DockerPlugin::new(authorizer, docker.plugin.clone(), groups))
}
