//! End to end: the program, real daemons and unmodified clients. One executable, so that what is expensive to start
//! (Keystone, Barbican, PostgreSQL, moto) is started once.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a test fails, and says what it measured"
)]

mod authors;
mod barbican;
mod barbican_policy;
mod docker;
mod docker_gateway;
mod engine;
mod federation;
mod languages;
mod living;
mod program;
mod recorded;
