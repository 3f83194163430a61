//! Barbican's API and the store behind it, in process. What a real Barbican says beside it is in `tests/e2e`.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "this is how a test fails, and says what it measured"
)]

mod api;
#[allow(dead_code, reason = "the store's own tests use more of it")]
#[path = "../../../store/tests/store/support.rs"]
mod support;
mod vault;
