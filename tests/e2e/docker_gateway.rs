//! The gateway to Docker: a real dockerd behind it, and unmodified clients before it.
mod allowlist;
mod clients;
mod groups;
mod guard;
mod host;
mod killed;
mod ownership;
mod reached;
mod registries;
mod revoked;
mod sdks;
mod streams;
mod users;
mod wire;

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
