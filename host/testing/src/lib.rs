//! What tests need: processes that end with the test, real daemons (dockerd, Keystone, Barbican, PostgreSQL), fakes
//! of AWS, certificates, and a small HTTP client. A development dependency, never part of the program.
//!
//! Everything here cleans up after itself and waits for events up to a deadline. A real part that a machine does not
//! have is skipped by name ([`needs`]).
//!
//! * [`needs`]: what is skipped, and where that is a failure
//! * [`child`]: processes; [`portcullis`]: the program under test
//! * [`dockerd`], [`plugin`], [`docker_sdks`]: a Docker daemon, its plugin files, its clients
//! * [`openstack`], with [`keystone`] and [`barbican`]: OpenStack services and clients
//! * [`aws_tools`], [`aws_javascript`], [`moto`], [`fake_sts`], [`fake_sign_in`]: clients and servers of AWS
//! * [`postgres`], [`pki`], [`http`]
//! * [`echo`]: the smallest API
#![allow(
    clippy::pedantic,
    clippy::new_without_default,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "this is how a test fails, and names say what a test needs to know"
)]

pub mod aws_javascript;
pub mod aws_tools;
pub mod child;
pub mod docker_sdks;
pub mod dockerd;
pub mod echo;
pub mod fake_sign_in;
pub mod fake_sts;
pub mod http;
pub mod moto;
pub mod needs;
pub mod openstack;
pub mod pki;
pub mod plugin;
pub mod portcullis;
pub mod postgres;

pub use child::Run;
pub use dockerd::{DockerTls, Dockerd, Needed, need_dockerd};
pub use openstack::barbican::{Barbican, KeyManager, Regime};
pub use openstack::{Openstack, barbican, keystone};
pub use pki::Authority;
pub use plugin::Plugin;
pub use portcullis::Portcullis;
pub use postgres::Postgres;
