//! The seam between the server and the HTTP APIs that it serves.
//!
//! * [`Api`]: what each API implements, in its own crate
//! * [`ApiList`]: the APIs of one listener, and which of them answers a request
//!
//! A new API implements [`Api`] and is registered in one line of the server. It knows neither the server nor any other
//! API.

mod list;

pub use list::{ApiList, CollisionError};
pub use portcullis_authorization::NotReady;

use axum::body::Body;
use axum::http::{Request, Response};
use portcullis_contract::hook::HookName;
use prometheus_client::registry::Registry;
use serde_json::Value;
use std::pin::Pin;

/// A future that the trait's methods return, since the server holds APIs as trait objects.
pub type ApiFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the connections of a listener are served. A listener whose APIs differ is [`Placement::Shared`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Placement {
    /// On the runtime of several threads, for handlers that wait for databases and other services.
    #[default]
    Shared,
    /// Each on one core ([`Cores`](portcullis_listen::Cores)), for requests that are decided where they are read.
    PerCore,
}

/// What of an API is to end before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The user, as authentication names them.
    pub user: String,
    /// What was handed out, in the words of the API's records, e.g. `ACCOUNT/ROLE`; all of it without one.
    pub target: Option<String>,
    /// Which instance of the API has that user, e.g. a mount; all of them without one.
    pub instance: Option<String>,
}

/// What has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Revoked {
    /// How much of it there was.
    pub ended: usize,
    /// In the words of the API, for the operator: an object of JSON.
    pub details: Value,
}

/// An HTTP API that the server serves.
pub trait Api: Send + Sync + 'static {
    /// The name in logs, contexts, records and metrics, e.g. `barbican`.
    fn name(&self) -> &'static str;

    /// The hooks on which it asks policies.
    fn hooks(&self) -> &'static [HookName];

    /// Whether it answers requests for this path, where other APIs are on the same listener. A request that no API
    /// claims is answered by the first one of the listener. May change when policies are published.
    fn claims(&self, path: &str) -> bool;

    /// At least one path for each of its routes: two APIs of a listener must not claim each other's.
    fn paths(&self) -> Vec<String>;

    /// Handles one request. Its extensions hold the [`Peer`](portcullis_listen::Peer) and, where the client asked for
    /// another protocol, hyper's `OnUpgrade`.
    fn serve(&self, request: Request<Body>) -> ApiFuture<'_, Response<Body>>;

    /// Whether its requests can be decided now. Every health response asks here.
    ///
    /// # Errors
    /// Why they cannot.
    fn ready(&self) -> ApiFuture<'_, Result<(), NotReady>>;

    /// Registers the metrics that only this API has, with their values of now.
    fn metrics(&self, _registry: &mut Registry) {}

    /// Ends what was handed out to a user and is kept for further requests. None for an API that hands out nothing of the
    /// kind.
    ///
    /// # Errors
    /// What of the request names nothing.
    fn revoke<'a>(&'a self, _wanted: &'a Revocation) -> ApiFuture<'a, Option<Result<Revoked, String>>> {
        Box::pin(std::future::ready(None))
    }

    /// A path for a person who wants to see that it answers.
    fn example_path(&self) -> String {
        "/".into()
    }

    /// Where its connections are served.
    fn placement(&self) -> Placement {
        Placement::Shared
    }

    /// Whether connections without a request are closed after `idle_timeout`.
    fn closes_idle_connections(&self) -> bool {
        true
    }
}
