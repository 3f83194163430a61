//! The engines of the endpoints that were used, with their connections.

use axum::body::Body;
use portcullis_http_client::proxy::{
    AddressCheck, ReverseProxy, Upstream, UpstreamAddress, UpstreamTls, UpstreamTlsError,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::endpoint::{Endpoint, EngineUrl};

/// Engines that are kept. Beyond that all are made anew: their connections end with their requests.
const MAX_ENGINES: usize = 1024;

/// The reverse proxy of an engine.
pub(super) type Engine = Arc<ReverseProxy<Body>>;

/// The engines that were used, by the number of their endpoint.
pub(super) struct Engines {
    allowed: AddressCheck,
    known: Mutex<HashMap<i64, (Endpoint, Engine)>>,
}

impl Engines {
    pub(super) fn new(allowed: AddressCheck) -> Self {
        Self { allowed, known: Mutex::default() }
    }

    /// The engine of an endpoint as it is now.
    pub(super) fn of(&self, endpoint: &Endpoint) -> Result<Engine, UpstreamTlsError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((same, engine)) = known.get(&endpoint.id)
            && same == endpoint
        {
            return Ok(Arc::clone(engine));
        }
        let engine = Arc::new(ReverseProxy::new(self.upstream(endpoint)?));
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
