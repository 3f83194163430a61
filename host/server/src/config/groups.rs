//! Where groups come from: what several APIs have in common.

use portcullis_config::{ConfigError, Location, SourceFile, duration, max_stale, secret};
use portcullis_identity::source::{CertificateGroups, GroupOptions, Groups, LdapBind, LdapOptions};
use std::time::Duration;
use toml::Spanned;

use super::raw;

/// Where the groups of an API's users come from, for an API that authenticates them itself.
#[derive(Debug, Clone)]
pub(crate) struct UserGroups {
    pub(crate) options: GroupOptions,
    pub(crate) location: Location,
}

/// Equality ignores the source location.
impl PartialEq for UserGroups {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

/// `groups` and `max_stale` of an API.
pub(super) fn user_groups(
    raw: Option<Spanned<raw::Groups>>,
    stale: Option<Spanned<String>>,
    source_file: &SourceFile<'_>,
) -> Result<Option<UserGroups>, ConfigError> {
    let location = raw.as_ref().map(|raw| source_file.at(&raw.span()));
    let sources = groups(raw.map(Spanned::into_inner).unwrap_or_default(), source_file)?;
    if let (Some(stale), false) = (&stale, sources.iter().any(|source| matches!(source, Groups::File(_)))) {
        let message = "`max_stale` is about the file of groups, and there is none";
        return Err(source_file.wrong(&stale.span(), message));
    }
    let stale = stale.map(|time| max_stale(&time, "max_stale", source_file)).transpose()?;
    let options = GroupOptions { sources, max_stale: stale };
    Ok(location.map(|location| UserGroups { options, location }))
}

/// The sources, in the order in which they are asked.
pub(super) fn groups(raw: raw::Groups, source_file: &SourceFile<'_>) -> Result<Vec<Groups>, ConfigError> {
    let mut groups = Vec::new();
    if let Some(field) = raw.certificate {
        groups.push(Groups::Certificate(match field.get_ref().as_str() {
            "organization" => CertificateGroups::Organization,
            "organizational-unit" => CertificateGroups::OrganizationalUnit,
            other => {
                let message = format!(
                    "`{other}`: groups are in a certificate's `organization` (O) or `organizational-unit` (OU)"
                );
                return Err(source_file.wrong(&field.span(), message));
            }
        }));
    }
    groups.extend(raw.file.map(|file| Groups::File(source_file.path(file.get_ref()))));
    if let Some(directory) = raw.ldap {
        groups.push(Groups::Ldap(Box::new(ldap(directory, source_file)?)));
    }
    Ok(groups)
}

fn ldap(raw: Spanned<raw::Ldap>, source_file: &SourceFile<'_>) -> Result<LdapOptions, ConfigError> {
    let span = raw.span();
    let raw = raw.into_inner();
    let url = raw.url.into_inner();
    let schema = raw.schema.as_ref().map(|schema| (schema.get_ref().as_str(), schema.span()));
    let mut options = match schema {
        None | Some(("active-directory", _)) => {
            LdapOptions::active_directory(url, raw.user_base, raw.group_base)
        }
        Some(("group-of-names", _)) => LdapOptions::group_of_names(url, raw.user_base, raw.group_base),
        Some((other, span)) => {
            let message = format!("`{other}`: the schema is `active-directory` or `group-of-names`");
            return Err(source_file.wrong(&span, message));
        }
    };
    options.start_tls = raw.start_tls.unwrap_or(false);
    options.ca = raw.ca.map(|ca| source_file.path(&ca));
    options.bind = match (raw.bind_dn, raw.bind_password) {
        (Some(dn), Some(password)) => {
            Some(LdapBind { dn, password: secret(&password, source_file)?.expose().into() })
        }
        (None, None) => None,
        _ => return Err(source_file.wrong(&span, "`bind_dn` and `bind_password` go together")),
    };
    if let Some(filter) = raw.user_filter {
        options.users.filter = filter;
    }
    if let Some(filter) = raw.group_filter {
        options.groups.filter = filter;
    }
    if let Some(attribute) = raw.group_attribute {
        options.group_name = attribute;
    }
    if let Some(time) = raw.timeout {
        let (least, most) = (Duration::from_millis(100), Duration::from_mins(1));
        options.timeout = duration(&time, least, most, "timeout", source_file)?;
    }
    if let Some(time) = raw.cache_time {
        options.cache_time =
            duration(&time, Duration::ZERO, Duration::from_mins(1), "cache_time", source_file)?;
    }
    Ok(options)
}
