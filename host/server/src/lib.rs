//! The server: policies, APIs and listeners from one configuration; reload, signals, shutdown.
//!
//! * [`Config`], [`Endpoint`]: the whole configuration
//! * [`serve`](fn@serve): everything started and wired together, until a signal ends it. The APIs are registered there:
//!   a new one is one line in `register`
//! * [`check()`]: everything that a start does, short of starting
//! * `listeners`: certificates first, then addresses
//! * [`import_barbican`]: takes over what a Barbican has in its own database
//! * [`purge_barbican`]: deletes what a project has in the Barbican API
//! * `barbican`, `docker_gateway`, `mounts`: what those APIs need, from their configuration; `shared_store`: their database; `user_groups`: groups of Docker users
//! * `reload`: what SIGHUP does
//! * [`builtin`]: the policies that are part of the program

mod barbican;
pub mod builtin;
mod check;
mod config;
mod config_source;
mod docker_gateway;
mod docker_plugin;
mod error;
mod listeners;
mod mounts;
mod reload;
mod serve;
mod shared_store;
mod user_groups;

pub use barbican::{BarbicanImport, import_barbican, purge_barbican};
pub use check::check;
pub use config::{Audit, Config, Endpoint, Listen};
pub use config_source::ConfigSource;
pub use error::ServeError;
pub use listeners::{Register, Registration};
pub use portcullis_barbican::import::{Count, Left, Report, What};
pub use portcullis_barbican::vault::Purged;
pub use serve::{engine, serve};

/// The subcommand by which the engine starts its build processes. Not for people.
pub const BUILD: &str = "build-policy";
