//! The canonical Docker request.
//!
//! A policy must judge what dockerd will do, and not how a client wrote it. This crate reads a request to the Docker
//! Engine API and gives the input of the Docker hooks, or refuses: what two readers could read in two ways never
//! reaches a policy. It is pure (no network, no files, no HTTP server, no WebAssembly), so that it can be tested and
//! fuzzed alone.
//!
//! A request passes through: [`request`] (method, target, headers, body) -> [`uri`], [`query`], [`routes`] (the
//! operation) -> [`json`], [`schema`] (the body, in Docker's own spelling) -> facts (what the request would do) ->
//! [`canonical`] (the whole, as the contract has it). [`image`] splits image references, [`inspect`] reads what the daemon
//! says of what a request names. What differs between operations stands in one table: [`operation`].

pub mod canonical;
mod escape;
mod facts;
pub mod image;
pub mod inspect;
pub mod json;
pub mod operation;
pub mod query;
pub mod request;
pub mod routes;
pub mod schema;
pub mod uri;

pub use operation::Operation;
pub use request::{ApiRequest, ApiResponse, Body};
