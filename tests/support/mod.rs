//! What end-to-end tests need: a dockerd of one's own, a portcullis of one's own, and the plugin between them; a
//! Keystone and Barbicans for all tests of a process, and a PostgreSQL.
//!
//! A test includes it with `#[path = "../support/mod.rs"] mod support;`. Everything here cleans up after itself
//! and waits by deadline, never by guess. Where one of the others cannot be had, it is said by name.
//! It needs the dev-dependencies `rcgen`, `rustix`, `serde_json` and `tempfile`.
#![allow(dead_code, unused_imports, reason = "each test uses a part")]
#![allow(clippy::doc_markdown, reason = "PostgreSQL is a name and no code")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "this is how a test fails"
)]

pub mod barbican;
pub mod child;
pub mod dockerd;
pub mod http;
pub mod keystone;
pub mod openstack;
pub mod pki;
pub mod plugin;
pub mod portcullis;
pub mod postgres;

pub use barbican::{Barbican, KeyManager, Regime};
pub use child::Run;
pub use dockerd::{DockerTls, Dockerd, Needed, need_dockerd};
pub use openstack::Openstack;
pub use pki::Authority;
pub use plugin::Plugin;
pub use portcullis::Portcullis;
pub use postgres::Postgres;
