//! The Barbican API: what clients of Barbican call, in the order in which Barbican looks at a request.
//!
//! * [`BarbicanApi`], [`Options`]: what the server needs
//! * `dispatch`: from a request to a route, and everything before Barbican's own code
//! * `authenticate`: who sends a request
//! * `call`: what every handler knows of a request, and how it asks
//! * `acls`, `secrets`, `payloads`, `metadata`, `containers`, `container_secrets`, `consumers`, `lists`, `orders`,
//!   `quotas`, `versions`: the handlers
//! * `paging`: pages of lists
//! * `listed`: what a list of the secrets that ACLs open shows besides
//! * `oslo`: requests of the oslo.policy of another service
//! * `policies`, `record`: the decider of production, and what a record says

mod acls;
mod authenticate;
mod call;
mod consumers;
mod container_secrets;
mod containers;
mod dispatch;
mod entity_locks;
mod listed;
mod lists;
mod metadata;
mod orders;
mod oslo;
mod paging;
mod payloads;
mod policies;
mod quotas;
mod record;
mod secrets;
mod service;
mod versions;

use std::sync::Arc;

use crate::decide::Decider;
use crate::identify::Identify;
use crate::keys::KeyPairs;
use crate::vault::Vault;
use entity_locks::EntityLocks;

/// What the handlers share.
#[derive(Clone)]
pub struct BarbicanApi(Arc<Shared>);

pub(crate) struct Shared {
    decider: Arc<dyn Decider>,
    identify: Arc<dyn Identify>,
    vault: Vault,
    options: Options,
    entity_locks: EntityLocks,
    key_pairs: Arc<KeyPairs>,
}

/// Options of the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The base of references, e.g. `https://kms.example.org:9311` (Barbican's option of that name). Without it they
    /// are made of what the client sends as `Host` and `X-Forwarded-Proto`.
    pub host_href: Option<String>,
    /// The services whose oslo.policy may ask, by the name that stands in the path.
    pub oslo_services: Vec<String>,
    /// The subjects of the client certificates that may ask for them, in the form of RFC 4514, e.g.
    /// `CN=barbican,O=Example`; empty lets everybody ask who reaches the listener.
    pub oslo_clients: Vec<String>,
    /// The release of the Barbican whose oslo.policy asks.
    pub oslo_release: crate::oslo::Release,
}

/// How much of a body of JSON is read, in bytes (the default of Barbican's `max_allowed_request_size_in_bytes`).
const MAX_BODY: usize = 25_000;
/// How large a payload may be, in bytes (the default of Barbican's `max_allowed_secret_in_bytes`).
const MAX_SECRET: usize = 20_000;

impl BarbicanApi {
    /// An API that asks `decider`, and authenticates by `identify`.
    pub fn with(
        decider: Arc<dyn Decider>,
        identify: Arc<dyn Identify>,
        vault: Vault,
        options: Options,
    ) -> Self {
        let (entity_locks, key_pairs) = (EntityLocks::new(), KeyPairs::new());
        Self(Arc::new(Shared { decider, identify, vault, options, entity_locks, key_pairs }))
    }
}
