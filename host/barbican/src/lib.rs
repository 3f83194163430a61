//! The Barbican API: secrets, containers, their ACLs, and orders, as Barbican serves them, and who may read what decided
//! by policy.
//!
//! Clients of OpenStack's key manager notice nothing but that: requests are read, and refused, in Barbican's order and
//! words. Where this is not so stands in [`differences`], and nowhere else. This is not a full key manager: there are
//! no transport keys or certificates.
//!
//! The way of a request: [`route`] (where it leads), [`accept`], [`version`], [`query`], [`filters`] (what its headers and its
//! query say) -> [`identify`] (who asks) -> [`vault`] (what is there) -> [`json`], [`media`], [`isotime`], [`schema`] (what is
//! to be written) -> [`decide`] (whether it may be) -> `keys` (what is ordered) -> `answer`, `webob`, [`href`] (what the client reads). [`api`]
//! holds it together.
//!
//! [`import`] reads the database of another Barbican into the vault.
//!
//! [`oslo`] is another way in: the question that the oslo.policy of a Barbican elsewhere asks.

pub mod accept;
pub mod api;
pub mod decide;
pub mod differences;
mod facts;
pub mod filters;
pub mod href;
pub mod identify;
pub mod import;
pub mod isotime;
pub mod json;
mod keys;
pub mod media;
pub mod oslo;
pub mod query;
mod response;
pub mod route;
pub mod schema;
pub mod vault;
pub mod version;
mod webob;
