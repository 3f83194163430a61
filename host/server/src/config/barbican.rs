//! `[barbican]`: where the API listens, and what validates its tokens.

use portcullis_barbican::api::Options;
use portcullis_barbican::oslo::Release;
use portcullis_config::{ConfigError, Location, SourceFile, duration, is_http, max_stale, secret};
use portcullis_identity::keystone::{KeystoneOptions, ServiceUser};
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

use super::listen::endpoints;
use super::{Endpoint, raw};

/// Names of the service whose rules are known.
const SERVICES: [&str; 2] = ["barbican", "key-manager"];

/// The Barbican API.
#[derive(Debug, Clone)]
pub(crate) struct Barbican {
    /// Of its own; absent means `[listen] api`.
    pub(crate) listen: Option<Vec<Endpoint>>,
    pub(crate) options: Options,
    pub(crate) identity: Identity,
    pub(crate) location: Location,
}

/// Wherever it stands.
impl PartialEq for Barbican {
    fn eq(&self, other: &Self) -> bool {
        self.listen == other.listen && self.options == other.options && self.identity == other.identity
    }
}

/// Who says whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    Keystone(Box<KeystoneOptions>),
    /// A file of tokens.
    File {
        path: PathBuf,
        max_stale: Option<Duration>,
    },
    /// No source of tokens: only the oslo.policy of other services asks.
    Unconfigured,
}

/// The API, if a source of identity or a service that asks turns it on.
pub(super) fn barbican(
    raw: Spanned<raw::Barbican>,
    api: &[Endpoint],
    source_file: &SourceFile<'_>,
) -> Result<Option<Barbican>, ConfigError> {
    let location = source_file.at(&raw.span());
    let raw = raw.into_inner();
    let identity = match (raw.keystone, raw.tokens) {
        (Some(keystone), Some(tokens)) => {
            let message = "`tokens` and `[barbican.keystone]` exclude each other: whose word would count?";
            let first = keystone.span().start.min(tokens.span().start);
            return Err(source_file.wrong(&(first..first), message));
        }
        (Some(keystone), None) => Identity::Keystone(Box::new(self::keystone(keystone, source_file)?)),
        (None, Some(tokens)) => Identity::File {
            path: source_file.path(tokens.get_ref()),
            max_stale: raw
                .tokens_max_stale
                .as_ref()
                .map(|time| max_stale(time, "tokens_max_stale", source_file))
                .transpose()?,
        },
        (None, None) => Identity::Unconfigured,
    };
    if let (Some(max_stale), false) = (&raw.tokens_max_stale, matches!(identity, Identity::File { .. })) {
        let message = "`tokens_max_stale` is about the file that `tokens` names, and there is none";
        return Err(source_file.wrong(&max_stale.span(), message));
    }
    for service in &raw.oslo_services {
        if !SERVICES.contains(&service.get_ref().as_str()) {
            let message = format!(
                "the rules of `{}` are not known; those of `{}` are",
                service.get_ref(),
                SERVICES.join("` and `")
            );
            return Err(source_file.wrong(&service.span(), message));
        }
    }
    let href = raw.host_href.as_ref();
    if let Some(href) = href.filter(|href| !is_http(href.get_ref())) {
        let message =
            format!("`{}` is no address of a service, e.g. \"https://secrets.example.org\"", href.get_ref());
        return Err(source_file.wrong(&href.span(), message));
    }
    if matches!(identity, Identity::Unconfigured) && raw.oslo_services.is_empty() {
        return Ok(None);
    }
    let options = Options {
        host_href: raw.host_href.map(|href| href.into_inner().trim_end_matches('/').to_owned()),
        oslo_services: raw.oslo_services.into_iter().map(Spanned::into_inner).collect(),
        oslo_clients: raw.oslo_clients,
        oslo_release: raw.oslo_release.map_or_else(Release::default, Release::of),
    };
    let listen = raw.listen.map(|listen| endpoints(Some(listen), None, source_file)).transpose()?;
    let proves = |at: &Endpoint| at.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if !options.oslo_clients.is_empty() && !listen.as_deref().unwrap_or(api).iter().any(proves) {
        return Err(location.wrong(
            "`oslo_clients` names certificates, and no address of this API has `tls` with a `client_ca` to see them",
        ));
    }
    Ok(Some(Barbican { listen, options, identity, location }))
}

fn keystone(
    raw: Spanned<raw::Keystone>,
    source_file: &SourceFile<'_>,
) -> Result<KeystoneOptions, ConfigError> {
    let span = raw.span();
    let raw = raw.into_inner();
    if !is_http(raw.url.get_ref()) {
        let message = "this is no URL of a Keystone: write e.g. \"https://keystone.example.org/v3\"";
        return Err(source_file.wrong(&raw.url.span(), message));
    }
    let service = match (raw.username, raw.password) {
        (Some(username), Some(password)) => Some(ServiceUser {
            username,
            password: secret(&password, source_file)?.expose().into(),
            user_domain_name: raw.user_domain_name.unwrap_or_else(|| "Default".into()),
            project_name: raw.project_name.unwrap_or_else(|| "service".into()),
            project_domain_name: raw.project_domain_name.unwrap_or_else(|| "Default".into()),
        }),
        (None, None) => None,
        _ => return Err(source_file.wrong(&span, "`username` and `password` go together")),
    };
    let mut options = KeystoneOptions::new(raw.url.into_inner());
    options.www_authenticate_uri = raw.www_authenticate_uri;
    options.service = service;
    options.service_type = raw.service_type;
    if let Some(roles) = raw.service_token_roles {
        options.service_token_roles = roles;
    }
    if let Some(time) = raw.cache_time {
        options.cache_time =
            duration(&time, Duration::ZERO, Duration::from_hours(1), "cache_time", source_file)?;
    }
    if let Some(time) = raw.timeout {
        let (least, most) = (Duration::from_millis(100), Duration::from_mins(1));
        options.timeout = duration(&time, least, most, "timeout", source_file)?;
    }
    options.ca = raw.ca.map(|ca| source_file.path(&ca));
    Ok(options)
}
