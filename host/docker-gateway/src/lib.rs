//! A gateway to Docker for many users: tokens, access policies, and a reverse proxy to the Engine API that asks policies
//! before each call. Its own API is Portainer's.
//!
//! * [`session`]: the user of a request
//! * [`endpoint`]: the Docker engines that users reach
//! * [`error`]: errors, in Portainer's shape and in Docker's

pub mod endpoint;
pub mod error;
pub mod session;
