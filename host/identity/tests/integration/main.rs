//! Identity sources against a real DNS server and a real LDAP directory.
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

mod dns;
mod ldap;
mod slapd;
