//! The engines of the endpoints that were used, with their connections.

use axum::body::Body;
use moka::future::Cache;
use portcullis_docker_api::inspect::DaemonDefaults;
use portcullis_http_client::proxy::{
    AddressCheck, ReverseProxy, Upstream, UpstreamAddress, UpstreamTls, UpstreamTlsError,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

use crate::endpoint::{Endpoint, EngineUrl};

/// Engines that are kept. Beyond that all are made anew: their connections end with their requests.
const MAX_ENGINES: usize = 1024;

/// Look-ups of one engine at once: their responses take 128 MiB at most.
const MAX_LOOK_UPS: usize = 32;

/// How long what an engine fills into containers is known.
const DEFAULTS_KEPT: Duration = Duration::from_secs(30);

/// An engine, with the connections to it.
pub(super) struct Engine {
    pub(super) proxy: ReverseProxy<Body>,
    /// What it fills into containers. One request asks at a time, and others wait for what it learns.
    pub(super) defaults: Cache<(), Arc<DaemonDefaults>>,
    /// For look-ups, one each.
    pub(super) permits: Semaphore,
}

impl Engine {
    fn new(upstream: Upstream) -> Self {
        let defaults = Cache::builder().max_capacity(1).time_to_live(DEFAULTS_KEPT).build();
        let permits = Semaphore::new(MAX_LOOK_UPS);
        Self { proxy: ReverseProxy::new(upstream), defaults, permits }
    }

    #[cfg(test)]
    pub(super) fn of_socket(socket: &std::path::Path) -> Self {
        let address = UpstreamAddress::Unix(socket.to_owned());
        Self::new(Upstream { address, tls: None, allowed: Arc::new(|_| false) })
    }
}

/// The engines that were used, by the number of their endpoint.
pub(super) struct Engines {
    allowed: AddressCheck,
    known: Mutex<HashMap<i64, (Endpoint, Arc<Engine>)>>,
}

impl Engines {
    pub(super) fn new(allowed: AddressCheck) -> Self {
        Self { allowed, known: Mutex::default() }
    }

    /// The engine of an endpoint as it is now.
    pub(super) fn of(&self, endpoint: &Endpoint) -> Result<Arc<Engine>, UpstreamTlsError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((same, engine)) = known.get(&endpoint.id)
            && same == endpoint
        {
            return Ok(Arc::clone(engine));
        }
        let engine = Arc::new(Engine::new(self.upstream(endpoint)?));
        if known.len() >= MAX_ENGINES {
            known.clear();
        }
        known.insert(endpoint.id, (endpoint.clone(), Arc::clone(&engine)));
        Ok(engine)
    }

    fn upstream(&self, endpoint: &Endpoint) -> Result<Upstream, UpstreamTlsError> {
        let address = match &endpoint.engine {
            EngineUrl::Unix(path) => UpstreamAddress::Unix(path.clone()),
            EngineUrl::Tcp { host, port } => UpstreamAddress::Tcp(host.clone(), *port),
        };
        let tls = endpoint.tls.as_ref().map(|tls| {
            let identity =
                tls.identity.as_ref().map(|(certificate, key)| (certificate.as_str(), key.as_str()));
            UpstreamTls { ca: tls.ca.as_deref(), identity, skip_verify: tls.skip_verify }.client_config()
        });
        Ok(Upstream { address, tls: tls.transpose()?, allowed: Arc::clone(&self.allowed) })
    }
}
