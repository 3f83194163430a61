//! What end-to-end tests need: a dockerd of one's own, a portcullis of one's own, and the plugin between them.
//!
//! A test includes it with `#[path = "../support/mod.rs"] mod support;`. Everything here cleans up after itself
//! and waits by deadline, never by guess. Where dockerd cannot be had, [`need_dockerd`] says so by name.
//! It needs the dev-dependencies `rcgen`, `rustix`, `serde_json` and `tempfile`.
#![allow(dead_code, unused_imports, reason = "each test uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "this is how a test fails"
)]

pub mod child;
pub mod dockerd;
pub mod http;
pub mod pki;
pub mod plugin;
pub mod portcullis;

pub use child::Run;
pub use dockerd::{DockerTls, Dockerd, Needed, need_dockerd};
pub use pki::Authority;
pub use plugin::Plugin;
pub use portcullis::Portcullis;
