//! A socket that listens: bound by us, or opened by a service manager.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use crate::socket_file::{self, SocketFile};
use crate::{Activation, Address, ListenError, Options, Tls};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that listens.
pub struct Listener {
    pub(crate) socket: Socket,
    pub(crate) tls: Option<Tls>,
    pub(crate) options: Options,
    local: Local,
    /// Absent where the socket was passed to us: the process that made it removes it.
    file: Option<SocketFile>,
}

/// Where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// On a unix socket.
    Unix(PathBuf),
    /// On an address, with the port that the system chose where 0 was asked for.
    Tcp(SocketAddr),
}

pub(crate) enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A connection, not yet shaken hands on.
pub(crate) enum Accepted {
    Unix(UnixStream),
    Tcp(TcpStream, SocketAddr),
}

/// A connection that belongs to no runtime.
pub(crate) enum Detached {
    Unix(std::os::unix::net::UnixStream),
    Tcp(std::net::TcpStream, SocketAddr),
}

impl Accepted {
    /// Takes the connection from its runtime.
    pub(crate) fn detach(self) -> io::Result<Detached> {
        match self {
            Self::Unix(stream) => stream.into_std().map(Detached::Unix),
            Self::Tcp(stream, from) => Ok(Detached::Tcp(stream.into_std()?, from)),
        }
    }
}

impl Detached {
    /// Gives the connection to the runtime that this is called on.
    pub(crate) fn attach(self) -> io::Result<Accepted> {
        match self {
            Self::Unix(stream) => UnixStream::from_std(stream).map(Accepted::Unix),
            Self::Tcp(stream, from) => Ok(Accepted::Tcp(TcpStream::from_std(stream)?, from)),
        }
    }
}

impl Listener {
    /// Listens at an address: on the socket that was passed for it, else on one of our own. A unix socket's
    /// folder is made where there is none; a file that a process which is gone has left there is replaced.
    /// Needs a tokio runtime.
    ///
    /// # Errors
    /// Each says what to do.
    pub fn bind(
        address: &Address,
        tls: Option<Tls>,
        options: &Options,
        activation: &mut Activation,
    ) -> Result<Self, ListenError> {
        match address {
            Address::Unix(_) if tls.is_some() => Err(ListenError::TlsOnUnix(address.to_string())),
            Address::Unix(path) => {
                let (socket, file) = unix(path, options, activation)?;
                let (options, local) = (options.clone(), Local::Unix(path.clone()));
                Ok(Self { socket: Socket::Unix(socket), tls, options, local, file })
            }
            Address::Tcp { host, port } => {
                let (socket, local) = tcp(address, host, *port, activation)?;
                let (options, local) = (options.clone(), Local::Tcp(local));
                Ok(Self { socket: Socket::Tcp(socket), tls, options, local, file: None })
            }
        }
    }

    /// Where it listens.
    pub fn local(&self) -> &Local {
        &self.local
    }

    /// Whether peers speak TLS to it.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match &self.socket {
            Socket::Unix(socket) => socket.accept().await.map(|(stream, _)| Accepted::Unix(stream)),
            Socket::Tcp(socket) => socket.accept().await.map(|(stream, from)| Accepted::Tcp(stream, from)),
        }
    }

    /// Accepts no more connections, and returns those that were queued before.
    pub(crate) fn close(self) -> Vec<Accepted> {
        // First the file: a peer that comes now finds no socket, and one that found it is in the queue.
        drop(self.file);
        let mut waiting = Vec::new();
        // The system's queue itself is asked: tokio may not have heard of the last ones.
        let result = match self.socket {
            Socket::Unix(socket) => socket.into_std().and_then(|socket| {
                loop {
                    let (stream, _) = socket.accept()?;
                    stream.set_nonblocking(true)?;
                    waiting.push(Accepted::Unix(UnixStream::from_std(stream)?));
                }
            }),
            Socket::Tcp(socket) => socket.into_std().and_then(|socket| {
                loop {
                    let (stream, from) = socket.accept()?;
                    stream.set_nonblocking(true)?;
                    waiting.push(Accepted::Tcp(TcpStream::from_std(stream)?, from));
                }
            }),
        };
        let result: Result<std::convert::Infallible, io::Error> = result;
        if let Err(error) = result
            && error.kind() != io::ErrorKind::WouldBlock
        {
            tracing::warn!(%error, "cannot accept a connection that was waiting");
        }
        waiting
    }
}

fn unix(
    path: &Path,
    options: &Options,
    activation: &mut Activation,
) -> Result<(UnixListener, Option<SocketFile>), ListenError> {
    let failed = |source| ListenError::Unix { path: path.to_owned(), step: "set it up", source };
    if let Some(socket) = activation.unix(path) {
        socket.set_nonblocking(true).map_err(failed)?;
        return Ok((UnixListener::from_std(socket).map_err(failed)?, None));
    }
    let (socket, file) = socket_file::bind(path, options)?;
    Ok((UnixListener::from_std(socket).map_err(failed)?, Some(file)))
}

fn tcp(
    address: &Address,
    host: &str,
    port: u16,
    activation: &mut Activation,
) -> Result<(TcpListener, SocketAddr), ListenError> {
    let resolved = (host, port).to_socket_addrs();
    let addresses: Vec<SocketAddr> =
        resolved.map_err(|source| ListenError::Resolve { address: address.to_string(), source })?.collect();
    let bound = match activation.tcp(&addresses) {
        Some(socket) => socket.set_nonblocking(true).and_then(|()| TcpListener::from_std(socket)),
        None => bind_first(&addresses),
    };
    bound.and_then(|socket| socket.local_addr().map(|local| (socket, local))).map_err(|source| {
        let advice = match source.kind() {
            io::ErrorKind::AddrInUse => "; stop the process that listens there, or choose another port",
            io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
            io::ErrorKind::PermissionDenied => "; choose a port above 1023, or grant CAP_NET_BIND_SERVICE",
            _ => "",
        };
        ListenError::Tcp { address: address.to_string(), source, advice }
    })
}

/// The first address that can be bound, as `std::net::TcpListener` does it.
fn bind_first(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
    for address in addresses {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        match socket.bind(*address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "{address}"),
        }
    }
}
