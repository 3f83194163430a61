//! The federation door with the clients that people and machines have, unmodified, against the program itself.
//!
//! What AWS says comes from a moto that verifies signatures where a client goes on to use what it was given, and
//! elsewhere from an STS and a sign-in endpoint of our own, which hold every limit against what they are asked and
//! can be told to fail.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a test fails, and says what it measured"
)]

#[path = "federation/afp.rs"]
mod afp;
#[path = "federation/answered.rs"]
mod answered;
#[path = "federation/answers.rs"]
mod answers;
#[path = "../support/aws_tools.rs"]
mod aws_tools;
#[path = "federation/boto.rs"]
mod boto;
#[path = "federation/cached.rs"]
mod cached;
#[path = "../support/fake_sign_in.rs"]
mod fake_sign_in;
#[path = "../support/fake_sts.rs"]
mod fake_sts;
#[path = "federation/host.rs"]
mod host;
#[path = "federation/identities.rs"]
mod identities;
#[path = "federation/machines.rs"]
mod machines;
#[path = "../support/moto.rs"]
mod moto;
#[path = "federation/page.rs"]
mod page;
#[path = "federation/policies.rs"]
mod policies;
#[path = "federation/sdk.rs"]
mod sdk;
#[path = "federation/secrets.rs"]
mod secrets;
#[path = "federation/startup.rs"]
mod startup;
#[path = "../support/mod.rs"]
mod support;
#[path = "federation/trouble.rs"]
mod trouble;
#[path = "federation/wire.rs"]
mod wire;
