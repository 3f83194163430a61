//! The federation door with the clients that people and machines have, unmodified, against the program itself.
//!
//! What AWS says comes from a moto that verifies signatures where a client goes on to use what it was given, and
//! elsewhere from an STS and a sign-in endpoint of our own, which hold every limit against what they are asked and
//! can be told to fail.

mod afp;
mod answered;
mod answers;
mod boto;
mod cached;
mod client;
mod guessed;
mod host;
mod identities;
mod issuers;
mod javascript;
mod listeners;
mod login;
mod machines;
mod page;
mod policies;
mod provider;
mod rclone;
mod requests;
mod revoked;
mod sdk;
mod secrets;
mod sign_in;
mod sso;
mod startup;
mod tokens;
mod trouble;
mod wire;
