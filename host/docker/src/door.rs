//! The door itself: what dockerd calls, and how a decision becomes dockerd's answer.
//!
//! The only part of this crate that knows the engine, the audit log and HTTP; it is behind the feature `door`, so
//! that the canonical request can be built and fuzzed alone.
//!
//! * [`DockerPlugin`]: the API as the server sees it
//! * `router`: every route
//! * `authorize`: from a message to a reply, with its record
//! * `answer`: the one place that turns an outcome into what dockerd reads

mod answer;
mod api;
mod authorize;
mod record;
mod router;

use portcullis_authorization::Authorizer;
use std::collections::BTreeSet;
use std::sync::Arc;

pub use api::DockerPlugin;
use router::router;

/// What the handlers share.
#[derive(Clone)]
struct Door(Arc<Shared>);

pub(crate) struct Shared {
    authorizer: Authorizer,
    settings: DoorSettings,
    daemon: Arc<str>,
}

/// How the operator wants the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorSettings {
    /// A label for the daemon that asks; it reaches policies and records.
    pub daemon: String,
    /// Operations that the host answers itself, by Docker's operationId.
    pub always_allow: BTreeSet<String>,
    /// Operations whose requests have no body unless dockerd shows one: clients cannot prove it, and the operator
    /// trusts them.
    pub assume_no_body: BTreeSet<String>,
}

impl DoorSettings {
    /// What every client asks first, and without which it gives up: nothing in the answers is secret.
    pub const ALWAYS_ALLOW: [&str; 3] = ["SystemPing", "SystemPingHead", "SystemVersion"];
}

impl Default for DoorSettings {
    fn default() -> Self {
        Self {
            daemon: "docker".into(),
            always_allow: Self::ALWAYS_ALLOW.map(String::from).into(),
            assume_no_body: BTreeSet::new(),
        }
    }
}

impl Door {
    fn new(authorizer: Authorizer, settings: DoorSettings) -> Self {
        let daemon = settings.daemon.as_str().into();
        Self(Arc::new(Shared { authorizer, settings, daemon }))
    }
}
