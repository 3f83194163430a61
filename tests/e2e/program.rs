//! The program as an operator meets it: configuration, commands, the admin listener, signals, and what dockerd
//! says on the wire. What a real dockerd makes of it is in `docker.rs`.

mod activation;
mod admin;
mod commands;
mod configuration;
mod connections;
mod doctor;
mod environment;
mod examples;
mod full_disk;
mod listening;
pub(crate) mod place;
mod protocol;
mod secret_door;
mod secrets;
mod signals;
mod telemetry;
