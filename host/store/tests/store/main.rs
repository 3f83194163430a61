//! The store over both databases: what is acknowledged lasts, what is broken is told.
#![allow(dead_code, reason = "support is shared, and each test uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "this is how a test fails"
)]

mod away;
mod crash;
mod failures;
mod limits;
mod migrations;
mod readiness;
mod support;
mod transactions;
