//! One decision from input to record, the same for every API.
//!
//! An API parses a request strictly into a hook's typed input. [`Authorizer`] makes the [`context`],
//! asks the policies of one generation, writes the record, and then asks monitoring policies. The API turns the result
//! into a response: `Ok`, or [`Refused`] with an explanation in its `Display`. What only the API knows about a record
//! (who asked for what, in its own words) it adds with a function of its own.
//!
//! * [`Authorizer`]: the engine and the decision log, as one API uses them
//! * [`Policies`]: the policies in force when a request began, and how they are asked
//! * [`Asked`]: what they would decide, for an operator who tries a request
//! * [`Refused`]: why something is not allowed
//! * [`BreakGlass`]: the way out of a bad policy
//! * [`NotReady`]: why requests cannot be decided now, for health responses
//! * [`describe_docker_request`]: what both Docker APIs add to a record
//! * `record`: from what the engine returned to a record
//!
//! A new API needs nothing here. A hook whose combined answer is no opinion needs a function in [`Policies`] beside
//! [`Policies::grants`].

mod ask;
mod break_glass;
mod docker;
mod policies;
mod ready;
mod record;
mod refused;

pub use ask::Asked;
pub use break_glass::{BreakGlass, BreakGlassCell, MAX_BREAK_GLASS};
pub use docker::describe_docker_request;
pub use policies::{Granted, NamedGrants, Policies};
pub use portcullis_engine::combine::{ACCESS, APPROVE, REQUEST, access_mark};
pub use ready::NotReady;
pub use refused::{RETRY_AFTER, Refused};

use portcullis_audit::{AuditError, Log, Record};
use portcullis_contract::types::Context;
use portcullis_engine::Host;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// The engine and the decision log, as all APIs use them. Clones are cheap, and share break-glass.
#[derive(Clone)]
pub struct Authorizer {
    host: Arc<Host>,
    log: Log,
    break_glass: BreakGlassCell,
}

impl Authorizer {
    /// Asks the policies of `host`, and writes records to `log`.
    pub fn new(host: Arc<Host>, log: Log) -> Self {
        Self { host, log, break_glass: BreakGlassCell::default() }
    }

    /// How long a request may take in all.
    pub fn time_budget(&self) -> Duration {
        self.host.time_budget()
    }

    /// What an operator opens where policies refuse too much. All clones obey it.
    pub fn break_glass(&self) -> &BreakGlassCell {
        &self.break_glass
    }

    /// Queues a record of an API's own that no response depends on, e.g. of a login that failed.
    ///
    /// # Errors
    /// It is lost: the log cannot be written, or too many records wait.
    pub fn record(&self, record: Record) -> Result<(), AuditError> {
        self.log.write_detached(record)
    }

    /// The policies in force. A request keeps to them until its response, also when other policies are published.
    pub fn policies(&self) -> Policies {
        Policies { authorizer: self.clone(), generation: self.host.generation() }
    }
}

/// The context of a decision that begins now, under a new id. `api` is the name in contexts, records and metrics, `peer`
/// the address the request came from.
pub fn context(api: &str, peer: Option<String>) -> Context {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Context {
        now: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
        decision: Uuid::now_v7().simple().to_string(),
        api: api.into(),
        peer,
    }
}
