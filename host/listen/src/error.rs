//! Why there is no listening at an address. Each text says what to do.

use std::io;
use std::path::PathBuf;

/// Why there is no listening at an address.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process answers on the socket.
    #[error("cannot listen on `unix:{path}`: another process answers there; stop it, or listen on another path", path = .0.display())]
    InUse(PathBuf),
    /// Something else has that path.
    #[error("cannot listen on `unix:{path}`: something that is not a socket is there; move it away, or listen on another path", path = .0.display())]
    NotASocket(PathBuf),
    /// Anybody could put another socket in our place, and answer for us.
    #[error("cannot listen on `unix:{path}`: everybody may write to its folder, and so answer in our place; take that right away (chmod o-w), or listen in another folder", path = .0.display())]
    OpenFolder(PathBuf),
    /// A step towards a unix socket failed.
    #[error("cannot listen on `unix:{path}`: cannot {step}: {source}", path = path.display())]
    Unix {
        /// The socket's path.
        path: PathBuf,
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such group.
    #[error("cannot listen on `unix:{path}`: there is no group `{group}`; make it, or name another one", path = path.display())]
    Group {
        /// The socket's path.
        path: PathBuf,
        /// As configured.
        group: String,
    },
    /// The host's name cannot be resolved.
    #[error("cannot listen on `{address}`: cannot resolve the host: {source}")]
    Resolve {
        /// As configured.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// A step towards a TCP socket failed.
    #[error("cannot listen on `{address}`: {source}{advice}")]
    Tcp {
        /// As configured.
        address: String,
        /// What the system said.
        source: io::Error,
        /// What to do, beginning with `; `, where that is known.
        advice: &'static str,
    },
    /// TLS is for TCP.
    #[error("`{0}`: a unix socket has no TLS; its file's owner, group and mode say who may connect")]
    TlsOnUnix(String),
    /// A socket that a service manager passed is of no use.
    #[error(
        "the service manager passed descriptor {number}, which cannot be listened on: {source}; only stream sockets are served (`ListenStream=`)"
    )]
    Activation {
        /// The descriptor.
        number: usize,
        /// What is wrong with it.
        source: io::Error,
    },
}
