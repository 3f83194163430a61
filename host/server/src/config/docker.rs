//! `[docker]`: the Docker plugin; and operations of the Docker Engine API, as both Docker APIs name them.

use portcullis_config::{ConfigError, SourceFile};
use portcullis_docker_api::operation::{Operation, UnknownOperationError};
use portcullis_docker_plugin::PluginSettings;
use std::collections::BTreeSet;
use toml::Spanned;

use super::raw;

pub(super) fn docker(raw: raw::Docker, source_file: &SourceFile<'_>) -> Result<PluginSettings, ConfigError> {
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
    Ok(settings)
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
