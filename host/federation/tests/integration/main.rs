//! The AWS Federation Proxy API and its clients of AWS, in process, against an STS of our own.
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
mod aws;
