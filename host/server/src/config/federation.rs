//! `[federation]`: where the API listens, and its mounts.
//!
//! * `identity`: who says who asks at a mount
//! * `aws`: how a mount's AWS is asked
//! * `listeners`: which mount is served where, and what it is called
//! * `metadata`: what machines are told of themselves, and the key of their tokens
//! * `sign_in`: how people sign in on the page
//! * `policies`: a mount's accounts go into the settings of its policies; `durations`: which of these a machine cannot use

mod aws;
mod durations;
mod identity;
mod listeners;
mod metadata;
mod policies;
mod sign_in;

use ipnet::IpNet;
use portcullis_config::{ConfigError, Location, SecretText, SourceFile, duration};
use portcullis_engine::PolicySpec;
use portcullis_federation::aws::{Account, AwsOptions, Partition};
use portcullis_federation::{BrowserSignInOptions, Metadata, RequestLimits, claims};
use portcullis_identity::source::{AuthMethod, AuthenticatorOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

use super::listen::endpoints;
use super::{Endpoint, raw};

/// The federation API.
#[derive(Debug, Clone)]
pub(crate) struct Federation {
    /// For every mount that has none of its own; absent means `[listen] api`.
    listen: Option<Vec<Endpoint>>,
    /// What metadata tokens are signed with; absent means a new key at each start.
    pub(crate) token_key: Option<SecretText>,
    pub(crate) mounts: Vec<Mount>,
}

/// One mount.
#[derive(Debug, Clone)]
pub(crate) struct Mount {
    /// Its prefix, and where several have that, `PREFIX@HOST` or `PREFIX@ADDRESS`.
    pub(crate) name: String,
    pub(crate) prefix: String,
    /// Absent means those of `[federation]`.
    listen: Option<Vec<Endpoint>>,
    /// Names of the listeners that it is served at.
    pub(crate) listeners: Arc<[Arc<str>]>,
    pub(crate) hosts: Vec<String>,
    pub(crate) source: AuthenticatorOptions,
    pub(crate) accounts: BTreeMap<String, Account>,
    /// As they are called in the engine.
    pub(crate) policies: Arc<[Arc<str>]>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) requests: Option<RequestLimits>,
    pub(crate) sign_in: Option<BrowserSignInOptions>,
    pub(crate) aws: AwsOptions,
    pub(crate) location: Location,
}

/// Paths of the Barbican API on a listener that both share.
const BARBICAN: [&str; 3] = ["/v1", "/healthcheck", "/oslo-policy"];

/// The API, and the policies with the settings of its mounts.
pub(super) fn federation(
    raw: Spanned<raw::Federation>,
    api: &[Endpoint],
    specs: &mut Vec<PolicySpec>,
    locations: &mut BTreeMap<String, Location>,
    source_file: &SourceFile<'_>,
) -> Result<Federation, ConfigError> {
    let span = raw.span();
    let raw = raw.into_inner();
    if raw.mounts.is_empty() {
        return Err(source_file
            .wrong(&span, "the federation API has no mounts: begin one with `[[federation.mounts]]`"));
    }
    let common = raw.aws.map(|aws| self::aws::options(aws, source_file)).transpose()?.unwrap_or_default();
    let mut mounts: Vec<Mount> = Vec::with_capacity(raw.mounts.len());
    let mut asked = Vec::with_capacity(raw.mounts.len());
    for raw in raw.mounts {
        let (mount, policies) = mount(raw, &common, source_file)?;
        mounts.push(mount);
        asked.push(policies);
    }
    let listen = raw.listen.map(|listen| endpoints(Some(listen), None, source_file)).transpose()?;
    let token_key = raw.token_key.map(|key| metadata::token_key(&key, source_file)).transpose()?;
    let mut federation = Federation { listen, token_key, mounts };
    listeners::assign(&mut federation, api)?;
    policies::spread(&mut federation.mounts, &asked, specs, locations, source_file)?;
    Ok(federation)
}

impl Federation {
    /// Whether users of a mount may request roles, so that the store is needed.
    pub(crate) fn has_requests(&self) -> bool {
        self.mounts.iter().any(|mount| mount.requests.is_some())
    }

    /// Networks of the proxies that say who asks.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &IpNet> {
        self.mounts.iter().flat_map(|mount| match &mount.source.proof {
            AuthMethod::Header { trusted, .. } => trusted.as_slice(),
            _ => &[],
        })
    }

    /// Refuses a mount whose paths the Barbican API claims, if both have one of `endpoints`.
    pub(super) fn beside_barbican(
        &self,
        api: &[Endpoint],
        barbicans: &[Endpoint],
    ) -> Result<(), ConfigError> {
        for mount in &self.mounts {
            let mut ours = self.endpoints(mount, api).iter();
            let shared = ours.find(|ours| barbicans.iter().any(|theirs| theirs.address == ours.address));
            let Some(shared) = shared else { continue };
            let under = |path: &&&str| {
                beneath(&mount.prefix, path) || claims(&mount.prefix, mount.metadata.is_some(), path)
            };
            if let Some(path) = BARBICAN.iter().find(under) {
                return Err(mount.location.wrong(format_args!(
                    "the mount at {} would answer at `{path}` on {}, where the Barbican door does: give one of them \
                     a `listen` of its own, or the mount another prefix",
                    shown(&mount.prefix),
                    shared.address
                )));
            }
        }
        Ok(())
    }

    /// Refuses a mount that knows people by certificates, if none of its endpoints asks for one.
    pub(super) fn asks_for_certificates(&self, api: &[Endpoint]) -> Result<(), ConfigError> {
        let asks = |endpoint: &Endpoint| endpoint.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let by_certificate = |mount: &&Mount| matches!(mount.source.proof, AuthMethod::Certificate { .. });
        let without = |mount: &&Mount| by_certificate(mount) && !self.endpoints(mount, api).iter().any(asks);
        match self.mounts.iter().find(without) {
            Some(mount) => Err(mount.location.wrong(format_args!(
                "the mount at {} knows people by their certificates, and no address that it is served at asks for one: \
                 write `tls = {{ certificate = ..., key = ..., client_ca = ... }}` beside the address",
                shown(&mount.prefix)
            ))),
            None => Ok(()),
        }
    }
}

fn beneath(prefix: &str, path: &str) -> bool {
    prefix == path || prefix.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

fn shown(prefix: &str) -> String {
    if prefix.is_empty() { "the root".into() } else { format!("`{prefix}`") }
}

/// A mount, and the names of its policies as they were written.
fn mount(
    raw: Spanned<raw::Mount>,
    common: &AwsOptions,
    source_file: &SourceFile<'_>,
) -> Result<(Mount, Vec<Spanned<String>>), ConfigError> {
    let location = source_file.at(&raw.span());
    let raw = raw.into_inner();
    let prefix = raw.prefix.map(|prefix| self::prefix(&prefix, source_file)).transpose()?.unwrap_or_default();
    if raw.policies.get_ref().is_empty() {
        let message =
            "`policies` names none, so that this mount could grant nothing: write e.g. [\"aws-roles\"]";
        return Err(source_file.wrong(&raw.policies.span(), message));
    }
    let accounts = raw
        .accounts
        .into_iter()
        .map(|(name, account)| Ok((name.clone(), self::account(&name, account, source_file)?)));
    let metadata =
        raw.metadata.map(|metadata| self::metadata::metadata(metadata, source_file)).transpose()?;
    let aws = raw.aws.map(|aws| self::aws::options(aws, source_file)).transpose()?;
    let aws = aws.unwrap_or_else(|| common.clone());
    let hosts = raw.hosts.unwrap_or_default().into_iter().map(|host| self::host(host, source_file));
    let listen = raw.listen.map(|listen| own_endpoints(listen, source_file)).transpose()?;
    let source = identity::source(raw.identity, source_file)?;
    let sign_in =
        raw.sign_in.map(|sign_in| self::sign_in::sign_in(sign_in, &source, source_file)).transpose()?;
    if let (Some(_), Some(Some(_))) = (&sign_in, &metadata) {
        return Err(location.wrong(
            "a mount with `metadata` is closed to browsers, and `sign_in` is for them: give people a mount of their own",
        ));
    }
    let mount = Mount {
        name: String::new(),
        prefix,
        listen,
        listeners: Arc::new([]),
        hosts: hosts.collect::<Result<_, ConfigError>>()?,
        source,
        accounts: accounts.collect::<Result<_, ConfigError>>()?,
        policies: Arc::new([]),
        metadata: metadata.flatten(),
        requests: raw.requests.map(|requests| request_limits(requests, source_file)).transpose()?.flatten(),
        sign_in,
        aws,
        location,
    };
    fitting(&mount)?;
    Ok((mount, raw.policies.into_inner()))
}

/// Refuses accounts that could not be what they are meant to be: two names for one, so that what is said about one is
/// got around by the other, and those of a partition that the configured region is not in.
fn fitting(mount: &Mount) -> Result<(), ConfigError> {
    let region = mount.aws.region.as_deref().and_then(|region| Some((region, Partition::of_region(region)?)));
    let mut known = BTreeMap::new();
    for (name, account) in &mount.accounts {
        if let Some(other) = known.insert(account, name) {
            return Err(mount.location.wrong(format_args!(
                "the accounts `{other}` and `{name}` are one, {}: keep one of the names, or a denial by the other would \
                 be got around",
                account.id
            )));
        }
        if let Some((region, partition)) = region.filter(|(_, partition)| *partition != account.partition) {
            return Err(mount.location.wrong(format_args!(
                "account `{name}` is in `{}`, and the region `{region}` in `{}`: leave `region` out, or give accounts \
                 of that partition a mount of their own with its own `aws`",
                account.partition.as_str(),
                partition.as_str()
            )));
        }
    }
    Ok(())
}

fn own_endpoints(
    raw: Spanned<Vec<Spanned<raw::Endpoint>>>,
    source_file: &SourceFile<'_>,
) -> Result<Vec<Endpoint>, ConfigError> {
    if raw.get_ref().is_empty() {
        let message = "`listen` names no address, so that this mount would be served nowhere: leave it out for those of \
                       `[federation]`, or write e.g. [\"127.0.0.1:8190\"]";
        return Err(source_file.wrong(&raw.span(), message));
    }
    endpoints(Some(raw.into_inner()), None, source_file)
}

/// None where requests are off.
fn request_limits(
    raw: Spanned<raw::Requests>,
    source_file: &SourceFile<'_>,
) -> Result<Option<RequestLimits>, ConfigError> {
    let (shortest, longest) = (Duration::from_mins(15), Duration::from_hours(12));
    let at = raw.span();
    Ok(match raw.into_inner() {
        raw::Requests::Switch(is_on) => is_on.then_some(RequestLimits { longest }),
        raw::Requests::Table(table) => {
            let text = table.longest.map(|text| Spanned::new(at, text));
            let given = text.map(|text| duration(&text, shortest, longest, "longest", source_file));
            Some(RequestLimits { longest: given.transpose()?.unwrap_or(longest) })
        }
    })
}

/// A name that the mount may be called by.
fn host(raw: Spanned<String>, source_file: &SourceFile<'_>) -> Result<String, ConfigError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if raw.get_ref().is_empty() || !raw.get_ref().bytes().all(plain) {
        let message = format!(
            "`{}` is no name of a host: write it without scheme and port, e.g. \"aws.example.org\"",
            raw.get_ref()
        );
        return Err(source_file.wrong(&raw.span(), message));
    }
    Ok(raw.into_inner())
}

/// Empty, or segments with a slash before each.
fn prefix(raw: &Spanned<String>, source_file: &SourceFile<'_>) -> Result<String, ConfigError> {
    let text = raw.get_ref();
    let good = |segment: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !segment.is_empty() && segment.bytes().all(plain) && segment != "." && segment != ".."
    };
    let trimmed = text.trim_end_matches('/');
    if trimmed.is_empty() || trimmed.strip_prefix('/').is_some_and(|rest| rest.split('/').all(good)) {
        return Ok(trimmed.to_owned());
    }
    let message =
        format!("`{text}` is no prefix: write e.g. \"/afp-api/latest\", of letters, digits and `-._~`");
    Err(source_file.wrong(&raw.span(), message))
}

fn account(
    name: &str,
    raw: Spanned<raw::Account>,
    source_file: &SourceFile<'_>,
) -> Result<Account, ConfigError> {
    let span = raw.span();
    let (id, partition) = match raw.into_inner() {
        raw::Account::Id(id) => (id, None),
        raw::Account::Table(table) => (table.id, table.partition),
    };
    let wrong =
        |error: &dyn std::fmt::Display| source_file.wrong(&span, format_args!("account `{name}`: {error}"));
    if name.is_empty() || name.contains('/') || name.chars().any(char::is_control) {
        return Err(wrong(&"a name has neither slashes nor control characters"));
    }
    let partition = partition.map(|partition| partition.parse::<Partition>()).transpose();
    Ok(Account {
        id: id.parse().map_err(|error| wrong(&error))?,
        partition: partition.map_err(|error| wrong(&error))?.unwrap_or(Partition::Aws),
    })
}
