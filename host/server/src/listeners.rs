//! Listeners: first every certificate is read, then every address is bound, so that as little as possible is half
//! done where something is wrong.

use portcullis_api::{Api, ApiList, Placement};
use portcullis_config::ConfigError;
use portcullis_errors::chain;
use portcullis_files::FileWatcher;
use portcullis_listen::{Activation, Listener, Local, Options, Tls};
use std::sync::Arc;

use crate::config::{Config, Endpoint};

/// An API, and where it is served.
pub struct Registration<'a> {
    /// The API.
    pub api: Arc<dyn Api>,
    /// Where it is served.
    pub endpoints: &'a [Endpoint],
}

/// Makes an API from the configuration.
pub type Register = for<'a> fn(&'a Config) -> Registration<'a>;

/// An address whose certificate was read, not bound yet.
pub(crate) struct PendingListener<'a> {
    endpoint: &'a Endpoint,
    tls: Option<Tls>,
}

/// A bound listener, and the APIs that are served there.
pub(crate) struct BoundListener {
    pub(crate) listener: Listener,
    pub(crate) apis: ApiList,
}

/// Every address with its certificate, which `watcher` has read again when it changes. Several APIs may share an address.
/// `more` are endpoints beside those of the program's own APIs.
pub(crate) fn with_tls<'a>(
    config: &'a Config,
    more: &[Registration<'a>],
    watcher: &FileWatcher,
) -> Result<Vec<PendingListener<'a>>, ConfigError> {
    let mut endpoints: Vec<&Endpoint> = Vec::new();
    for endpoint in config.endpoints().chain(more.iter().flat_map(|registered| registered.endpoints)) {
        match endpoints.iter().find(|other| other.shares_listener(endpoint)) {
            None => endpoints.push(endpoint),
            Some(other) if *other == endpoint => {}
            Some(other) => {
                return Err(endpoint.location.wrong(format_args!(
                    "`{}` is listed at {} too, with another certificate: one listener has one",
                    endpoint.address, other.location
                )));
            }
        }
    }
    let load = |endpoint: &'_ _| -> Result<_, ConfigError> {
        let endpoint: &Endpoint = endpoint;
        let tls = endpoint.tls.clone().map(|files| Tls::load(files, watcher)).transpose();
        tls.map_err(|error| endpoint.location.wrong(chain(&error)))
    };
    endpoints.into_iter().map(|endpoint| Ok(PendingListener { endpoint, tls: load(endpoint)? })).collect()
}

/// Binds every address, or takes the socket that was passed for it. `options` are what all listeners have in common.
pub(crate) fn bind(
    pending: Vec<PendingListener<'_>>,
    options: &Options,
    registered: &[Registration<'_>],
    activation: &mut Activation,
) -> Result<Vec<BoundListener>, ConfigError> {
    let mut bound = Vec::with_capacity(pending.len());
    for PendingListener { endpoint, tls } in pending {
        let served = registered
            .iter()
            .filter(|registered| registered.endpoints.iter().any(|other| other.shares_listener(endpoint)));
        let apis = ApiList::new(served.map(|registered| Arc::clone(&registered.api)).collect());
        let apis = apis.map_err(|error| endpoint.location.wrong(error))?;
        let mut options = options.clone();
        options.mode = endpoint.mode.unwrap_or(options.mode);
        options.group.clone_from(&endpoint.group);
        if !apis.iter().all(|api| api.placement() == Placement::PerCore) {
            options.cores = None;
        }
        if !apis.iter().all(|api| api.closes_idle_connections()) {
            options.limits.idle_timeout = None;
        }
        let listener = Listener::bind(&endpoint.address, tls, &options, activation)
            .map_err(|error| endpoint.location.wrong(error))?;
        bound.push(BoundListener { listener, apis });
    }
    Ok(bound)
}

impl BoundListener {
    /// Says what listens where, and a command to try it.
    pub(crate) fn announce(&self) {
        let names: Vec<_> = self.apis.iter().map(|api| api.name()).collect();
        let path = self.apis.iter().last().map(|api| api.example_path()).unwrap_or_default();
        let local = self.listener.local();
        let scheme = if self.listener.is_tls() { "https" } else { "http" };
        let attempt = match local {
            Local::Unix(socket) => format!("curl --unix-socket {} http://localhost{path}", socket.display()),
            Local::Tcp(address) => format!("curl {scheme}://{address}{path}"),
        };
        tracing::info!("{} listens on {local}; try: {attempt}", names.join(" and "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// How many listeners these entries of `[listen]` make.
    fn listeners(docker: &str, admin: &str) -> usize {
        let text = format!("[listen]\ndocker = {docker}\nadmin = {admin}\n");
        let config = Config::from_text(&text, Path::new("portcullis.toml"), Path::new("."), &[]).unwrap();
        with_tls(&config, &[], &FileWatcher::idle()).unwrap().len()
    }

    #[test]
    fn each_port_0_is_a_listener_of_its_own() {
        assert_eq!(listeners(r#"["127.0.0.1:8183"]"#, r#"["127.0.0.1:8184"]"#), 2);
        assert_eq!(listeners(r#"["127.0.0.1:0"]"#, r#"["127.0.0.1:0"]"#), 2);
        assert_eq!(listeners(r#"["127.0.0.1:0", "127.0.0.1:0"]"#, r#"["127.0.0.1:0"]"#), 3);
    }
}
