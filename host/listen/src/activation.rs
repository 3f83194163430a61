//! Sockets that a service manager has opened for us (`systemd.socket(5)`, `sd_listen_fds(3)`).
//!
//! With them a peer that comes before we are up waits in the socket's queue and is not turned away: dockerd
//! never finds the socket missing.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::ListenError;

/// The sockets that were passed and have not been used yet.
#[derive(Debug, Default)]
pub struct Activation {
    unix: Vec<UnixListener>,
    tcp: Vec<TcpListener>,
}

impl Activation {
    /// Takes the sockets that `LISTEN_FDS` speaks of, if it is there and `LISTEN_PID` means us. Removes both
    /// from the environment, so that no child takes itself to be meant: call it once, before there are threads.
    ///
    /// # Errors
    /// A descriptor is no listening stream socket.
    pub fn take() -> Result<Self, ListenError> {
        let mut passed = listenfd::ListenFd::from_env();
        let mut taken = Self::default();
        for at in 0..passed.len() {
            match passed.take_unix_listener(at) {
                Ok(listener) => taken.unix.extend(listener),
                Err(_) => match passed.take_tcp_listener(at) {
                    Ok(listener) => taken.tcp.extend(listener),
                    Err(source) => return Err(ListenError::Activation { number: at + 3, source }),
                },
            }
        }
        Ok(taken)
    }

    /// The socket bound to that path.
    pub(crate) fn unix(&mut self, path: &Path) -> Option<UnixListener> {
        let bound_to = |listener: &UnixListener| {
            listener.local_addr().is_ok_and(|address| address.as_pathname() == Some(path))
        };
        self.unix.iter().position(bound_to).map(|at| self.unix.swap_remove(at))
    }

    /// The socket bound to one of those addresses.
    pub(crate) fn tcp(&mut self, addresses: &[SocketAddr]) -> Option<TcpListener> {
        let bound_to =
            |listener: &TcpListener| listener.local_addr().is_ok_and(|address| addresses.contains(&address));
        self.tcp.iter().position(bound_to).map(|at| self.tcp.swap_remove(at))
    }

    /// The addresses of sockets that were passed and that no listener has used: the configuration and the
    /// service manager do not agree, and a peer that connects there gets no response.
    pub fn unused(&self) -> Vec<String> {
        let unix = self.unix.iter().filter_map(|listener| listener.local_addr().ok()).map(|address| {
            address
                .as_pathname()
                .map_or_else(|| "unix:(no path)".to_owned(), |path| format!("unix:{}", path.display()))
        });
        let tcp = self
            .tcp
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .map(|address| address.to_string());
        unix.chain(tcp).collect()
    }
}
