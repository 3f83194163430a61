//! The program as an operator meets it: configuration, commands, the admin listener, signals, and what dockerd
//! says on the wire. What a real dockerd makes of it is in `docker.rs`.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a test fails, and says what it measured"
)]

#[path = "program/activation.rs"]
mod activation;
#[path = "program/admin.rs"]
mod admin;
#[path = "program/commands.rs"]
mod commands;
#[path = "program/configuration.rs"]
mod configuration;
#[path = "program/connections.rs"]
mod connections;
#[path = "program/doctor.rs"]
mod doctor;
#[path = "program/environment.rs"]
mod environment;
#[path = "program/examples.rs"]
mod examples;
#[path = "program/listening.rs"]
mod listening;
#[path = "program/place.rs"]
mod place;
#[path = "program/protocol.rs"]
mod protocol;
#[path = "program/secret_door.rs"]
mod secret_door;
#[path = "program/secrets.rs"]
mod secrets;
#[path = "program/signals.rs"]
mod signals;
#[path = "../support/mod.rs"]
mod support;
