//! The Barbican door beside the real Barbican, with the tokens of a real Keystone and with unmodified clients.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a test fails, and says what it measured"
)]

#[path = "barbican/clients.rs"]
mod clients;
#[path = "barbican/host.rs"]
mod host;
#[path = "barbican/input.rs"]
mod input;
#[path = "barbican/normal.rs"]
mod normal;
#[path = "barbican/oslo.rs"]
mod oslo;
#[path = "barbican/replay.rs"]
mod replay;
#[path = "../support/mod.rs"]
mod support;
#[path = "barbican/trace.rs"]
mod trace;
#[path = "barbican/writers.rs"]
mod writers;
#[path = "barbican/wrong.rs"]
mod wrong;
