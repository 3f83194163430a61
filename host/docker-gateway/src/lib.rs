//! A gateway to Docker for many users: tokens, access policies, and a reverse proxy to the Engine API that asks policies
//! before each call. Its own API is Portainer's.
//!
//! * [`gateway`]: Portainer's own API, and what the proxy asks about users, endpoints and registries
//! * [`directory`]: users, endpoints and registries in the store
//! * [`session`]: the user of a request; `open_sessions`: how it is ended at once
//! * `token`, `password`: what users authenticate with
//! * [`endpoint`]: the Docker engines that users reach; [`registry`]: credentials of registries
//! * `fields`: bodies of requests
//! * [`error`]: errors, in Portainer's shape and in Docker's
//! * [`differences`]: where it deliberately differs from Portainer

pub mod differences;
pub mod directory;
pub mod endpoint;
pub mod error;
mod fields;
pub mod gateway;
mod open_sessions;
mod password;
pub mod registry;
pub mod session;
mod token;
