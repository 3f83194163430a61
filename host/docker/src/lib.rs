//! The Docker authorization door, and the canonical Docker request.
//!
//! dockerd asks an authorization plugin before it carries a request out. What it sends is the request as the
//! client wrote it; what a policy must judge is what dockerd will make of it. This crate reads the one and gives
//! the other, or refuses: whatever two readers could read in two ways never reaches a policy. It is pure (no
//! network, no files, no WebAssembly), so that it can be tested and fuzzed alone, and the gateway reads Docker
//! calls by it too.
//!
//! The way of a question: [`message`] (what dockerd posts) -> [`uri`], [`query`], [`routes`] (which operation) ->
//! [`json`], [`schema`] (the body, in Docker's own spelling) -> facts (what it would do) -> [`canonical`] (the
//! whole, as the contract has it). [`identity`] says who asks, [`image`] takes references apart.

pub mod canonical;
mod escape;
mod facts;
pub mod identity;
pub mod image;
pub mod json;
pub mod message;
pub mod query;
pub mod routes;
pub mod schema;
pub mod uri;

#[cfg(feature = "door")]
pub mod door;
