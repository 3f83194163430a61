//! `[docker]`: the Docker plugin; and operations of the Docker Engine API, as both Docker APIs name them.

use portcullis_config::{ConfigError, SourceFile};
use portcullis_docker_api::operation::{Operation, UnknownOperationError};
use portcullis_docker_plugin::{PluginSettings, UnknownVersionError};
use portcullis_host_paths::PathResolver;
use portcullis_listen::Address;
use std::collections::BTreeSet;
use std::path::PathBuf;
use toml::Spanned;

use super::groups::{UserGroups, user_groups};
use super::raw;

/// `[docker]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Docker {
    /// The plugin's own settings.
    pub plugin: PluginSettings,
    /// Where the groups of its users come from.
    pub(crate) groups: Option<UserGroups>,
}

pub(super) fn docker(mut raw: raw::Docker, source_file: &SourceFile<'_>) -> Result<Docker, ConfigError> {
    let groups = user_groups(raw.groups.take(), raw.max_stale.take(), source_file)?;
    Ok(Docker { plugin: plugin(raw, source_file)?, groups })
}

fn plugin(raw: raw::Docker, source_file: &SourceFile<'_>) -> Result<PluginSettings, ConfigError> {
    let mut settings = PluginSettings::default();
    if let Some(daemon) = raw.daemon {
        settings.daemon = daemon;
    }
    if let Some(operations) = raw.always_allow {
        settings.always_allow = self::operations(&operations, source_file)?;
    }
    for name in &raw.assume_no_body {
        let operation = operation(name, source_file)?;
        if !portcullis_docker_plugin::unshown::may_lack_body(operation) {
            let message = format_args!(
                "`{operation}` cannot be assumed to have no body: either it needs one, or one that is not shown \
                 changes nothing"
            );
            return Err(source_file.wrong(&name.span(), message));
        }
        settings.assume_no_body.insert(operation);
    }
    let version = raw.daemon_version.map(|text| {
        text.get_ref().parse().map_err(|error: UnknownVersionError| source_file.wrong(&text.span(), error))
    });
    settings.daemon_version = version.transpose()?;
    settings.look_up = raw.look_up.map(|text| socket(&text, source_file)).transpose()?;
    for name in &raw.pass_headers {
        let header = name.get_ref();
        let is_name =
            !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_name || !portcullis_docker_plugin::read::may_be_passed(header) {
            let message = format_args!(
                "`{header}` is no header that policies may be shown: it carries credentials, or is no name"
            );
            return Err(source_file.wrong(&name.span(), message));
        }
        settings.pass_headers.insert(header.clone());
    }
    settings.paths = raw.host_root.map(|root| host_root(&root, source_file)).transpose()?;
    Ok(settings)
}

/// Where this host sees the daemon's file system.
pub(super) fn host_root(
    root: &Spanned<String>,
    source_file: &SourceFile<'_>,
) -> Result<PathResolver, ConfigError> {
    if !root.get_ref().starts_with('/') {
        let message = "`host_root` is an absolute path: `/`, or where the daemon's root directory is mounted";
        return Err(source_file.wrong(&root.span(), message));
    }
    PathResolver::open(root.get_ref().as_ref())
        .map_err(|error| source_file.wrong(&root.span(), portcullis_errors::chain(&error)))
}

/// The daemon's socket. Look-ups are of the machine's own daemon: over TCP another could answer for it.
fn socket(text: &Spanned<String>, source_file: &SourceFile<'_>) -> Result<PathBuf, ConfigError> {
    match text.get_ref().parse::<Address>() {
        Ok(Address::Unix(path)) => Ok(path),
        Ok(Address::Tcp { .. }) => {
            let message =
                "`look_up` is the unix socket of the daemon that asks, e.g. \"unix:/var/run/docker.sock\"";
            Err(source_file.wrong(&text.span(), message))
        }
        Err(error) => Err(source_file.wrong(&text.span(), error)),
    }
}

/// Operations of the Docker Engine API, by name.
pub(super) fn operations(
    names: &[Spanned<String>],
    source_file: &SourceFile<'_>,
) -> Result<BTreeSet<Operation>, ConfigError> {
    names.iter().map(|name| operation(name, source_file)).collect()
}

fn operation(name: &Spanned<String>, source_file: &SourceFile<'_>) -> Result<Operation, ConfigError> {
    let unknown = |error: UnknownOperationError| source_file.wrong(&name.span(), error);
    name.get_ref().parse().map_err(unknown)
}
