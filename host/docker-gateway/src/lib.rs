//! A gateway to Docker for many users: tokens, access policies, and a reverse proxy to the Engine API that asks policies
//! before each call. Its own API is Portainer's.
//!
//! * [`DockerGateway`]: the API with users; [`GuardedSocket`]: one engine on a unix socket, for the users of the system
//! * `proxy`: decides and forwards requests; `registry_auth`: stored credentials of registries
//! * [`gateway`]: Portainer's own API, and what the proxy asks about users, endpoints and registries
//! * [`directory`]: users, endpoints and registries in the store
//! * [`session`]: the user of a request; `open_sessions`: how it is ended at once
//! * `token`, `password`: what users authenticate with; `system_user`: the users of the system
//! * [`endpoint`]: the Docker engines that users reach; [`registry`]: credentials of registries
//! * `fields`: bodies of requests
//! * [`error`]: errors, in Portainer's shape and in Docker's
//! * [`differences`]: where it deliberately differs from Portainer

mod api;
pub mod differences;
pub mod directory;
pub mod endpoint;
pub mod error;
mod fields;
pub mod gateway;
mod guard;
mod open_sessions;
mod password;
mod proxy;
pub mod registry;
mod registry_auth;
pub mod session;
mod system_user;
mod token;

/// The name of the API in logs, contexts, records and metrics.
const API: &str = "docker-gateway";

pub use api::DockerGateway;
pub use guard::GuardedSocket;
pub use proxy::ProxySettings;
