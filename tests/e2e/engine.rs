//! The engine, seen from outside: policies that misbehave, what does not load, limits, swaps and the cache.

pub(crate) mod asking;
mod cache;
mod combining;
mod hostile;
mod load;
mod loading;
mod swap;
