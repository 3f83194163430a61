//! The Barbican door beside the real Barbican, with the tokens of a real Keystone and with unmodified clients.

mod clients;
mod host;
mod import;
mod input;
mod normal;
mod ordered;
mod oslo;
mod purge;
mod random;
mod replay;
mod trace;
mod writers;
mod wrong;
