//! Where peers come in: unix sockets, TCP and TLS, socket activation, and the way out.
//!
//! HTTP/1.1 only: that is what dockerd, OpenStack clients and the AWS SDKs speak to us. A listener passes each request
//! to a [`Handler`] until a [`Drain`] is started; each request carries the [`Peer`] that it came from.
//!
//! * [`Address`]: what an operator may write
//! * [`Listener`]: bound, or inherited from a service manager ([`Activation`])
//! * [`Tls`]: certificate, key and client CA, read again when they change
//! * [`serve`](fn@serve), [`Limits`]: accepting, and what one peer can occupy at most
//! * [`Cores`]: a runtime for each core, for APIs that decide where they read
//! * [`Proxies`]: peers whose connections are not counted per peer
//! * [`ConnectionStats`]: connections that a limit has closed
//! * [`Upgradable`]: a connection that becomes a stream, within the same limits
//! * [`Drain`]: ending without dropping a request
//! * [`notify`]: telling a service manager how it goes
//!
//! This crate knows no API and no configuration file.

mod activation;
mod address;
mod body;
mod clock;
mod connection;
mod cores;
mod drain;
mod error;
mod handler;
mod limits;
mod listener;
pub mod notify;
mod peers;
mod permits;
mod progress;
mod serve;
mod socket_file;
mod stats;
mod stream;
mod tls;
mod upgrade;

pub use activation::Activation;
pub use address::{Address, AddressError};
pub use connection::{Peer, PeerUser, Timeouts};
pub use cores::Cores;
pub use drain::Drain;
pub use error::ListenError;
pub use handler::Handler;
pub use limits::{Limits, Options};
pub use listener::{Listener, Local};
pub use peers::Proxies;
pub use serve::serve;
pub use stats::{CloseReason, ConnectionStats};
pub use tls::{Tls, TlsError, TlsFiles};
pub use upgrade::{Upgradable, UpgradedConnection};
