//! The gateway to Docker: a real dockerd behind it, and unmodified clients before it.
mod clients;
mod guard;

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
