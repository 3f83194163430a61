//! Real sockets, real handshakes, raw requests.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is how a test fails")]

mod activation;
mod drain;
mod limits;
mod round_trips;
mod support;
mod tls;
mod unix;
mod upgrade;
