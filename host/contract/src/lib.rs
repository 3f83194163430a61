//! The one set of Rust types for what a policy is asked and what it answers.
//!
//! `wit/` is their source: every field has its documentation there, and a test holds each type against it.
//! This crate knows neither APIs nor WebAssembly; with the feature `wasmtime` its types can be lifted and
//! lowered.
//!
//! In JSON (files of cases) every field may be left out and has then its empty value; an unknown field
//! is an error.
//!
//! * [`types`]: verdict, opinion, context, principal
//! * [`docker`], [`docker_edits`], [`secrets`], [`aws`]: the words of each hook
//! * [`hook`]: which hook takes and answers what
//! * `cases`, a feature: inputs with the answer that is expected, and files of them

#[macro_use]
mod record;

pub mod aws;
pub mod docker;
pub mod docker_edits;
#[macro_use]
pub mod hook;
pub mod secrets;
mod size;
pub mod types;

// After `hook`, whose macro it uses.
#[cfg(feature = "cases")]
pub mod cases;

pub use hook::{Hook, HookName};
pub use size::HeapSize;

/// A list of names and values, in order; a name may stand more than once.
pub type Pairs = Vec<(String, String)>;
