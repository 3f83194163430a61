//! The engine, seen from outside: policies that misbehave, what does not load, limits, swaps and the cache.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a test fails, and says what it measured"
)]

#[path = "engine/asking.rs"]
mod asking;
#[path = "engine/cache.rs"]
mod cache;
#[path = "engine/combining.rs"]
mod combining;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/load.rs"]
mod load;
#[path = "engine/loading.rs"]
mod loading;
#[path = "../support/mod.rs"]
mod support;
#[path = "engine/swap.rs"]
mod swap;
