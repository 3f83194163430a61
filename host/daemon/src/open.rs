//! Listeners: first every certificate is read, then every address is bound, so that as little as can be is half
//! done where something is wrong.

use axum::Router;
use portcullis_errors::chain;
use portcullis_files::FileWatcher;
use portcullis_listen::{Activation, Listener, Local, Options, Tls};

use crate::config::{Config, ConfigError, Endpoint};

/// What is served at an address.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Service {
    Docker,
    Barbican,
    Federation,
    /// Both on one listener.
    BarbicanAndFederation,
    Admin,
}

/// What is served, by service. A door that is off has no routes.
pub(crate) struct Routers {
    pub(crate) docker: Router,
    pub(crate) barbican: Router,
    pub(crate) federation: Router,
    pub(crate) both: Router,
    /// Where the federation door tells of its health.
    pub(crate) status: String,
    pub(crate) admin: Router,
}

/// An address with its certificate, not bound yet.
pub(crate) struct Sealed<'a> {
    service: Service,
    endpoint: &'a Endpoint,
    tls: Option<Tls>,
}

/// A listener, and what is served there.
pub(crate) struct Opened {
    service: Service,
    pub(crate) listener: Listener,
    pub(crate) router: Router,
    /// Where the federation door tells of its health.
    status: String,
}

/// Every address with its certificate, which `watcher` has read again when it changes.
pub(crate) fn with_tls<'a>(
    config: &'a Config,
    watcher: &FileWatcher,
) -> Result<Vec<Sealed<'a>>, ConfigError> {
    let docker = config.listen.docker.iter().map(|endpoint| (Service::Docker, endpoint));
    let admin = config.listen.admin.iter().map(|endpoint| (Service::Admin, endpoint));
    docker
        .chain(shared(config)?)
        .chain(admin)
        .map(|(service, endpoint)| {
            let tls = endpoint.tls.clone().map(|files| Tls::load(files, watcher)).transpose();
            let tls = tls.map_err(|error| endpoint.origin.wrong(chain(&error)))?;
            Ok(Sealed { service, endpoint, tls })
        })
        .collect()
}

/// Where the HTTP doors listen. One address may be several doors'.
fn shared(config: &Config) -> Result<Vec<(Service, &Endpoint)>, ConfigError> {
    let barbican = config.barbican_listens().unwrap_or_default();
    let mut shared: Vec<_> = barbican.iter().map(|endpoint| (Service::Barbican, endpoint)).collect();
    for endpoint in config.federation_listens().unwrap_or_default() {
        match shared.iter_mut().find(|(_, other)| other.address == endpoint.address) {
            None => shared.push((Service::Federation, endpoint)),
            Some((service, other)) if *other == endpoint => *service = Service::BarbicanAndFederation,
            Some((_, other)) => {
                return Err(endpoint.origin.wrong(format_args!(
                    "`{}` is the Barbican door's too ({}), with another certificate: one listener has one",
                    endpoint.address, other.origin
                )));
            }
        }
    }
    Ok(shared)
}

/// Binds every address, or takes the socket that was passed for it. `options` are what all listeners have in common.
pub(crate) fn open(
    sealed: Vec<Sealed<'_>>,
    options: &Options,
    routers: &Routers,
    activation: &mut Activation,
) -> Result<Vec<Opened>, ConfigError> {
    let mut opened = Vec::with_capacity(sealed.len());
    for Sealed { service, endpoint, tls } in sealed {
        let mut options = options.clone();
        options.mode = endpoint.mode.unwrap_or(options.mode);
        options.group.clone_from(&endpoint.group);
        if matches!(service, Service::Docker) {
            // Other clients open a new connection; dockerd would retry with an empty body.
            options.limits.idle_timeout = None;
        }
        let listener = Listener::bind(&endpoint.address, tls, &options, activation)
            .map_err(|error| endpoint.origin.wrong(error))?;
        let router = match service {
            Service::Docker => routers.docker.clone(),
            Service::Barbican => routers.barbican.clone(),
            Service::Federation => routers.federation.clone(),
            Service::BarbicanAndFederation => routers.both.clone(),
            Service::Admin => routers.admin.clone(),
        };
        opened.push(Opened { service, listener, router, status: routers.status.clone() });
    }
    Ok(opened)
}

impl Opened {
    /// Says what listens where, and a line to try it.
    pub(crate) fn announce(&self) {
        let (name, path) = match self.service {
            Service::Docker => ("docker", "/"),
            Service::Barbican => ("barbican", "/"),
            Service::Federation => ("federation", self.status.as_str()),
            Service::BarbicanAndFederation => ("barbican and federation", self.status.as_str()),
            Service::Admin => ("admin", "/readyz"),
        };
        let local = self.listener.local();
        let scheme = if self.listener.is_tls() { "https" } else { "http" };
        let attempt = match local {
            Local::Unix(socket) => format!("curl --unix-socket {} http://localhost{path}", socket.display()),
            Local::Tcp(address) => format!("curl {scheme}://{address}{path}"),
        };
        tracing::info!("{name} listens on {local}; try: {attempt}");
    }
}
