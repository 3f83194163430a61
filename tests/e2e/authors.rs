//! What policy authors use: `policy test`, `bench` and `case`, recorded inputs, replays, completions and man pages.

mod replay;
mod tools;
