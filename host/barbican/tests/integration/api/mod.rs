//! The API, called in process: no socket, the real vault on `SQLite`, and a decider of ten lines that knows Barbican
//! 23's rules.

mod acls;
mod compare;
mod contents;
mod deciding;
mod differences;
mod encodings;
mod entries;
mod golden;
mod hostile;
mod known;
mod order;
mod orders;
mod oslo;
mod racing;
mod regime;
mod world;
