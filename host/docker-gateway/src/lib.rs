//! A gateway to Docker for many users: tokens, access policies, and a reverse proxy to the Engine API that asks policies
//! before each call. Its own API is Portainer's.
//!
//! * [`GuardedSocket`]: one engine on a unix socket, for the users of the system
//! * `proxy`: decides and forwards requests
//! * [`session`]: the user of a request
//! * [`endpoint`]: the Docker engines that users reach
//! * `system_user`: the users of the system
//! * [`error`]: errors, in Portainer's shape and in Docker's

pub mod endpoint;
pub mod error;
mod guard;
mod proxy;
pub mod session;
mod system_user;

pub use guard::GuardedSocket;
pub use proxy::ProxySettings;
