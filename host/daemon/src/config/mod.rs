//! From a file's text to values that hold.
//!
//! * `raw`: what may be written, as serde reads it; an unknown key is an error
//! * `environment`: `PORTCULLIS__SECTION__KEY`
//! * `validate`, `listen`, `policy`, `settings`, `store`, `barbican`, `federation`: raw values become addresses, policies and limits, or one message
//! * `secret`: what must not stand in the file itself
//! * `place`: the line that a message names
//! * `defaults`: what is in force where nothing else is said
//! * [`Config`]: what the rest of the program sees

mod barbican;
mod defaults;
mod environment;
mod error;
mod federation;
mod listen;
mod place;
mod policy;
mod raw;
mod secret;
mod settings;
mod store;
mod validate;

use ipnet::IpNet;
use portcullis_audit::{Commit, Syslog};
use portcullis_docker::door::DoorSettings;
use portcullis_engine::{LoadError, PolicySpec};
use portcullis_listen::{Address, Limits, TlsFiles};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

pub(crate) use barbican::{Barbican, Identity};
use environment::Override;
pub(crate) use error::ConfigError;
pub(crate) use federation::Federation;
pub(crate) use place::Origin;
use place::Place;
pub(crate) use store::{Key, Store};

/// A whole configuration that holds.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) listen: Listen,
    pub(crate) policies: Vec<PolicySpec>,
    /// Where each policy stands, by its name.
    origins: BTreeMap<String, Origin>,
    pub(crate) docker: DoorSettings,
    /// Absent where the door is off.
    pub(crate) barbican: Option<Barbican>,
    /// Where `[barbican]` stands, if the door is off because nobody says whose a token is.
    pub(crate) unidentified: Option<Origin>,
    /// Absent where the door is off.
    pub(crate) federation: Option<Federation>,
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    /// Where compiled policies are kept; absent means nowhere.
    pub(crate) state: Option<PathBuf>,
    /// Sections of what is not built yet.
    pub(crate) dormant: Vec<&'static str>,
}

/// What listens where.
#[derive(Debug, Clone)]
pub(crate) struct Listen {
    /// The default of every HTTP door.
    pub(crate) api: Vec<Endpoint>,
    pub(crate) docker: Vec<Endpoint>,
    pub(crate) admin: Vec<Endpoint>,
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
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    pub(crate) tls: Option<TlsFiles>,
    /// Permissions of a unix socket.
    pub(crate) mode: Option<u32>,
    /// Group of a unix socket.
    pub(crate) group: Option<String>,
    pub(crate) origin: Origin,
}

impl Endpoint {
    /// Whether the system chooses the port, another one for each listener.
    pub(crate) fn has_any_port(&self) -> bool {
        matches!(self.address, Address::Tcp { port: 0, .. })
    }
}

/// Equality ignores the source location.
impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        let Self { address, tls, mode, group, origin: _ } = self;
        *address == other.address && *tls == other.tls && *mode == other.mode && *group == other.group
    }
}

impl Eq for Endpoint {}

/// Where decision records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audit {
    pub(crate) to: AuditTo,
    /// Whether a response waits for the write of its record.
    pub(crate) commit: Commit,
    /// How many are kept in memory for the admin listener.
    pub(crate) recent: usize,
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
    pub(crate) fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigError::Read { file: file.to_owned(), error })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Self::from_text(&text, file, folder, &environment::overrides(std::env::vars_os())?)
    }

    /// The configuration without a file: docker-baseline and allow, on local sockets.
    pub(crate) fn default_without_file() -> Result<Self, ConfigError> {
        let overrides = environment::overrides(std::env::vars_os())?;
        Self::from_text(defaults::TEXT, Path::new("the built-in configuration"), Path::new("."), &overrides)
    }

    fn from_text(
        text: &str,
        file: &Path,
        folder: &Path,
        overrides: &[Override],
    ) -> Result<Self, ConfigError> {
        let place = Place { file, text: Some(text), folder };
        let with = |overrides: &[Override]| {
            let raw = raw::parse(text, &place)?;
            if overrides.is_empty() {
                return validate::validate(raw, &place, &place);
            }
            // Policies are those of the file, and so have its lines; the rest has none.
            let rest = Place { text: None, ..place };
            let merged = raw::parse(&environment::apply(text, &place, overrides)?, &rest)?;
            validate::validate(raw::File { policies: raw.policies, ..merged }, &place, &rest)
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
    pub(crate) fn blame(&self, error: &LoadError) -> String {
        let origin = match error {
            LoadError::Policy { policy, .. } => self.origins.get(policy),
            _ => None,
        };
        origin.map_or_else(|| error.to_string(), |origin| origin.wrong(error).to_string())
    }

    /// Where the federation door listens.
    pub(crate) fn federation_listens(&self) -> Option<&[Endpoint]> {
        Some(self.federation.as_ref()?.endpoints(&self.listen.api))
    }

    /// Where the Barbican door listens.
    pub(crate) fn barbican_listens(&self) -> Option<&[Endpoint]> {
        Some(self.barbican.as_ref()?.listen.as_deref().unwrap_or(&self.listen.api))
    }

    /// Every endpoint of every API.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let shared = [self.barbican_listens(), self.federation_listens()];
        let shared = shared.into_iter().flatten().flatten();
        self.listen.docker.iter().chain(shared).chain(&self.listen.admin)
    }

    /// Where doors that credentials go through are reached from other machines without TLS.
    pub(crate) fn in_clear_text(&self) -> Vec<&Endpoint> {
        let ours = self.federation_listens().unwrap_or_default();
        let theirs = self.barbican_listens().unwrap_or_default();
        let mut found: Vec<&Endpoint> = Vec::new();
        for endpoint in ours.iter().chain(theirs) {
            let Address::Tcp { host, .. } = &endpoint.address else { continue };
            let is_here =
                host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            if !is_here && endpoint.tls.is_none() && !found.contains(&endpoint) {
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
            ("[listen]", self.listen == newer.listen),
            ("[docker]", self.docker == newer.docker),
            ("[federation] listen", self.federation_listens() == newer.federation_listens()),
            ("[barbican]", self.barbican == newer.barbican),
            ("[store]", self.store == newer.store),
            ("[audit]", self.audit == newer.audit),
        ]
        .into_iter()
        .filter_map(|(section, same)| (!same).then_some(section))
        .collect()
    }
}
