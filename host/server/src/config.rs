//! The whole configuration: every section, and what holds between them.
//!
//! * `raw`: what may be written, as serde reads it; an unknown key is an error
//! * `validate`: from raw values to [`Config`], or one message
//! * `admin`, `listen`, `docker` with `groups`, `policy` with `settings_files`, `store`, `telemetry`, `barbican`, `docker_gateway`, `federation`: the
//!   sections
//! * `defaults`: the configuration without a file, and defaults
//! * [`Config`]: what the rest of the program sees

mod admin;
mod barbican;
mod defaults;
mod docker;
mod docker_gateway;
mod federation;
mod groups;
mod listen;
mod policy;
mod raw;
mod settings_files;
mod store;
mod telemetry;
mod validate;

use ipnet::IpNet;
use portcullis_admin::Tokens;
use portcullis_audit::{Commit, Syslog};
use portcullis_config::environment::{self, Override};
use portcullis_config::{ConfigError, Location, SourceFile};
use portcullis_engine::build::Confinement;
use portcullis_engine::{Digest, LoadError, PolicySpec};
use portcullis_listen::{Address, Limits, TlsFiles};
use portcullis_telemetry::TelemetryOptions;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub(crate) use barbican::{Barbican, Identity};
pub(crate) use docker::Docker;
pub(crate) use docker_gateway::DockerGateway;
pub(crate) use federation::Federation;
pub(crate) use groups::UserGroups;
pub(crate) use store::{Key, Store};

/// A whole configuration that holds.
#[derive(Debug, Clone)]
pub struct Config {
    /// What listens where.
    pub listen: Listen,
    /// Who may call the admin API on TCP.
    pub(crate) admin_tokens: Tokens,
    /// The policies, in order.
    pub policies: Vec<PolicySpec>,
    /// Modules, files of cases, and files that settings were read from, whose changes are noticed.
    pub(crate) policy_files: Vec<PathBuf>,
    /// Whether changes of the configuration and of these files are put in force without a signal.
    pub(crate) watch_policies: bool,
    /// Digest of the configuration's text.
    pub(crate) text_sha256: Digest,
    /// Where each policy stands, by its name.
    locations: BTreeMap<String, Location>,
    /// How long a request may take in all, with everything that it waits for.
    pub(crate) time_budget: Duration,
    /// What is done with a module that is not built in where the kernel cannot confine what builds it.
    pub(crate) confinement: Confinement,
    /// `[docker]`.
    pub docker: Docker,
    /// Absent where the API is off.
    pub(crate) barbican: Option<Barbican>,
    /// Where `[barbican]` is, if the API is off because no source of identity is configured.
    pub(crate) barbican_disabled_at: Option<Location>,
    /// Absent where the API is off.
    pub(crate) docker_gateway: Option<DockerGateway>,
    /// Absent where the API is off.
    pub(crate) federation: Option<Federation>,
    pub(crate) store: Store,
    /// Where decision records go.
    pub audit: Audit,
    /// Where traces and log entries are sent; absent means nowhere.
    pub(crate) telemetry: Option<TelemetryOptions>,
    /// Where compiled policies are kept; absent means nowhere.
    pub state: Option<PathBuf>,
}

/// What listens where.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The default of every HTTP API.
    pub api: Vec<Endpoint>,
    /// Where the Docker plugin API listens.
    pub docker: Vec<Endpoint>,
    /// Where the admin API listens.
    pub admin: Vec<Endpoint>,
    /// Of every listener. `idle_timeout` is not for Docker's.
    pub(crate) limits: Limits,
    /// Proxies, beside those that mounts trust.
    proxies: Vec<IpNet>,
}

/// Equality ignores the proxies, which a reload replaces.
impl PartialEq for Listen {
    fn eq(&self, other: &Self) -> bool {
        let Self { api, docker, admin, limits, proxies: _ } = self;
        *api == other.api && *docker == other.docker && *admin == other.admin && *limits == other.limits
    }
}

/// One place to listen at.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The address.
    pub address: Address,
    /// Certificate, key and client CA.
    pub tls: Option<TlsFiles>,
    /// Permissions of a unix socket.
    pub mode: Option<u32>,
    /// Group of a unix socket.
    pub group: Option<String>,
    /// Where it is in the configuration.
    pub location: Location,
}

impl Endpoint {
    /// Whether one listener serves both: the same entry of the configuration, or the same address. Port 0 is another
    /// port for each entry.
    pub(crate) fn shares_listener(&self, other: &Self) -> bool {
        let has_any_port = matches!(self.address, Address::Tcp { port: 0, .. });
        std::ptr::eq(self, other) || (!has_any_port && self.address == other.address)
    }
}

impl Endpoint {
    /// Whether it is reached from other machines without TLS.
    pub(crate) fn is_in_clear_text(&self) -> bool {
        let Address::Tcp { host, .. } = &self.address else { return false };
        let is_here =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        !is_here && self.tls.is_none()
    }
}

/// Equality ignores the source location.
impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        let Self { address, tls, mode, group, location: _ } = self;
        *address == other.address && *tls == other.tls && *mode == other.mode && *group == other.group
    }
}

impl Eq for Endpoint {}

/// Where decision records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    pub(crate) to: AuditTo,
    /// Whether a response waits for the write of its record.
    pub(crate) commit: Commit,
    /// How many are kept in memory for the admin API.
    pub recent: usize,
}

/// What takes decision records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuditTo {
    Stdout,
    File(PathBuf),
    Syslog(Syslog),
}

impl Config {
    /// Reads `file`, with the environment's overrides.
    ///
    /// # Errors
    /// It cannot be read, or a value in it or in the environment is wrong.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigError::Read { file: file.to_owned(), error })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Self::from_text(&text, file, folder, &environment::overrides(std::env::vars_os())?)
    }

    /// The same without reading the files that policies name (cases and settings), so that what was in force last can be
    /// served where these have become bad.
    ///
    /// # Errors
    /// See [`Config::load`].
    pub(crate) fn load_without_policy_files(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigError::Read { file: file.to_owned(), error })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let source_file = SourceFile { file, text: Some(&text), folder };
        let overrides = environment::overrides(std::env::vars_os())?;
        let (mut raw, rest) = merged(&text, &source_file, &overrides)?;
        let mut files = Vec::new();
        for policy in &mut raw.policies {
            let policy = policy.get_mut();
            let settings = std::mem::take(&mut policy.settings_files);
            files.extend(policy.cases.take().map(|path| source_file.path(path.get_ref())));
            files.extend(settings.into_values().flat_map(|paths| paths.into_inner().paths(&source_file)));
        }
        let mut config = validate::validate(raw, &source_file, &rest)?;
        config.policy_files.extend(files);
        Ok(config)
    }

    /// The configuration without a file: docker-baseline, which allows what it does not deny, on local sockets.
    ///
    /// # Errors
    /// A value in the environment is wrong.
    pub fn default_without_file() -> Result<Self, ConfigError> {
        let overrides = environment::overrides(std::env::vars_os())?;
        Self::from_text(defaults::TEXT, Path::new("the built-in configuration"), Path::new("."), &overrides)
    }

    pub(crate) fn from_text(
        text: &str,
        file: &Path,
        folder: &Path,
        overrides: &[Override],
    ) -> Result<Self, ConfigError> {
        let source_file = SourceFile { file, text: Some(text), folder };
        let with = |overrides: &[Override]| {
            let (raw, rest) = merged(text, &source_file, overrides)?;
            validate::validate(raw, &source_file, &rest)
        };
        let error = match with(overrides) {
            Ok(config) => return Ok(config),
            Err(error) => error,
        };
        with(&[])?;
        // The file holds, so the first variable with which it does not is to blame.
        for (at, variable) in overrides.iter().enumerate() {
            with(&overrides[..=at]).map_err(|error| error.of_variable(variable.name()))?;
        }
        Err(error)
    }

    /// Why the policies were not taken, with the place where the one at fault stands.
    pub fn blame(&self, error: &LoadError) -> String {
        let location = match error {
            LoadError::Policy { policy, .. } => self.locations.get(policy),
            _ => None,
        };
        location.map_or_else(|| error.to_string(), |location| location.wrong(error).to_string())
    }

    /// The listeners of the federation API, each with its name.
    pub(crate) fn federation_listens(&self) -> Vec<(Arc<str>, &Endpoint)> {
        self.federation.iter().flat_map(|federation| federation.listeners(&self.listen.api)).collect()
    }

    /// What the federation API signs metadata tokens with.
    fn token_key(&self) -> Option<&str> {
        Some(self.federation.as_ref()?.token_key.as_ref()?.expose())
    }

    /// Whether the federation API needs the store.
    fn has_requests(&self) -> bool {
        self.federation.as_ref().is_some_and(Federation::has_requests)
    }

    /// Where the Barbican API listens.
    pub(crate) fn barbican_listens(&self) -> Option<&[Endpoint]> {
        Some(self.barbican.as_ref()?.listen.as_deref().unwrap_or(&self.listen.api))
    }

    /// Every endpoint of every API.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let ours = self.federation_listens().into_iter().map(|(_, endpoint)| endpoint);
        let shared = self.barbican_listens().into_iter().flatten().chain(ours);
        let gateway = self.docker_gateway.iter().flat_map(DockerGateway::addresses);
        self.listen.docker.iter().chain(shared).chain(gateway).chain(&self.listen.admin)
    }

    /// Addresses of APIs that hand out credentials and are reached from other machines without TLS.
    pub(crate) fn in_clear_text(&self) -> Vec<&Endpoint> {
        let ours = self.federation_listens().into_iter().map(|(_, endpoint)| endpoint);
        let theirs = self.barbican_listens().unwrap_or_default();
        let users = self.docker_gateway.iter().flat_map(|gateway| gateway.listen.iter().flatten());
        let mut found: Vec<&Endpoint> = Vec::new();
        for endpoint in ours.chain(theirs).chain(users) {
            if endpoint.is_in_clear_text() && !found.contains(&endpoint) {
                found.push(endpoint);
            }
        }
        found
    }

    /// Proxies, whose connections are not counted per peer: those of `[listen]`, and those that mounts trust.
    pub(crate) fn proxies(&self) -> Vec<IpNet> {
        let trusted = self.federation.iter().flat_map(Federation::trusted);
        self.listen.proxies.iter().chain(trusted).copied().collect()
    }

    /// Sections in which `newer` differs, of those that are read at the start alone.
    pub(crate) fn fixed_sections_changed(&self, newer: &Self) -> Vec<&'static str> {
        [
            ("state", self.state == newer.state),
            ("watch_policies", self.watch_policies == newer.watch_policies),
            ("[admin]", self.admin_tokens == newer.admin_tokens),
            ("[listen]", self.listen == newer.listen),
            ("[build]", self.confinement == newer.confinement),
            ("[decisions]", self.time_budget == newer.time_budget),
            ("[docker]", self.docker == newer.docker),
            ("[federation] listen", self.federation_listens() == newer.federation_listens()),
            ("[federation] token_key", self.token_key() == newer.token_key()),
            ("[federation] requests", self.has_requests() == newer.has_requests()),
            ("[docker_gateway]", self.docker_gateway == newer.docker_gateway),
            ("[barbican]", self.barbican == newer.barbican),
            ("[store]", self.store == newer.store),
            ("[audit]", self.audit == newer.audit),
            ("[telemetry]", self.telemetry == newer.telemetry),
        ]
        .into_iter()
        .filter_map(|(section, same)| (!same).then_some(section))
        .collect()
    }
}

/// The file with the environment's overrides, and where what is not a policy stands: policies are those of the file, and
/// so have its lines; the rest has none where it was overridden.
fn merged<'a>(
    text: &str,
    source_file: &SourceFile<'a>,
    overrides: &[Override],
) -> Result<(raw::File, SourceFile<'a>), ConfigError> {
    let raw = raw::parse(text, source_file)?;
    if overrides.is_empty() {
        return Ok((raw, *source_file));
    }
    let rest = SourceFile { text: None, ..*source_file };
    let merged = raw::parse(&environment::apply(text, source_file, overrides)?, &rest)?;
    Ok((raw::File { policies: raw.policies, ..merged }, rest))
}
