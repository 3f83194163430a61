//! Docker's authorization plugin API: dockerd asks before it acts, and before it responds.
//!
//! * [`DockerPlugin`]: the API as the server sees it
//! * `router`: the routes, and their handlers
//! * `authorize`: from dockerd's message to a reply, with its record (`record`)
//! * `look_up`: what the daemon says of the containers and execs that a request names
//! * [`message`]: the JSON that dockerd posts
//! * [`read`]: from a message to the input of the hooks, by the crate `docker-api`
//! * [`unshown`]: bodies that dockerd does not show to a plugin; `daemon_version`: of which versions obey none
//! * [`identity`]: the principal, from the user and the certificates in a message
//! * `response`: the one place that turns a decision into what dockerd reads

mod api;
mod authorize;
mod call;
mod daemon_version;
pub mod identity;
mod look_up;
pub mod message;
mod plugin;
pub mod read;
mod record;
mod response;
mod router;
pub mod unshown;

pub use api::DockerPlugin;
pub use daemon_version::{DaemonVersion, UnknownVersionError};
pub use plugin::PluginSettings;
