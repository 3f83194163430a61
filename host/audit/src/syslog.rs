//! Records to a syslog daemon, one message each, in the form of RFC 5424: on its unix socket, or by UDP (RFC 5426).
//!
//! A daemon that is away fails the write, and what cannot be recorded is refused. A loss in the network by UDP is not
//! noticed: the unix socket of a daemon that forwards is the better choice.

use std::fmt;
use std::io;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::SystemTime;

/// Facility 10 (security), severity 6 (informational): RFC 5424, 6.2.1.
const PRIORITY: u8 = 10 * 8 + 6;
/// Bytes of a record that is too large for a datagram, which is sent cut off rather than lost.
const CUT: usize = 8 * 1024;

/// Where the daemon is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syslog {
    /// On this machine, e.g. `/dev/log`.
    Unix(PathBuf),
    /// On another, as `HOST:PORT`.
    Udp(String),
}

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Udp(address) => write!(f, "udp:{address}"),
        }
    }
}

/// A socket to it.
pub(crate) enum Socket {
    Unix(UnixDatagram),
    Udp(UdpSocket),
}

impl Syslog {
    pub(crate) fn connect(&self) -> io::Result<Socket> {
        match self {
            Self::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                Ok(Socket::Unix(socket))
            }
            Self::Udp(address) => {
                let mut failed = None;
                for address in std::net::ToSocketAddrs::to_socket_addrs(address.as_str())? {
                    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    match UdpSocket::bind(any).and_then(|socket| socket.connect(address).map(|()| socket)) {
                        Ok(socket) => return Ok(Socket::Udp(socket)),
                        Err(error) => failed = Some(error),
                    }
                }
                Err(failed.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
            }
        }
    }
}

impl Socket {
    /// Sends the first of `lines`, and says how many bytes that were.
    pub(crate) fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let end = lines.iter().position(|byte| *byte == b'\n').unwrap_or(lines.len());
        let line = &lines[..end];
        let sent = self.send(line);
        if sent.as_ref().is_err_and(|error| error.raw_os_error() == Some(TOO_LARGE)) {
            self.send(&line[..line.len().min(CUT)])?;
        } else {
            sent?;
        }
        Ok((end + 1).min(lines.len()))
    }

    fn send(&self, line: &[u8]) -> io::Result<()> {
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        let head = format!("<{PRIORITY}>1 {now} - portcullis {} decision - ", std::process::id());
        let message = [head.as_bytes(), line].concat();
        match self {
            Self::Unix(socket) => socket.send(&message),
            Self::Udp(socket) => socket.send(&message),
        }
        .map(drop)
    }
}

/// `EMSGSIZE`.
const TOO_LARGE: i32 = 90;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_for_each_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let daemon = UnixDatagram::bind(&path).unwrap();
        let mut socket = Syslog::Unix(path).connect().unwrap();
        let lines = b"{\"id\":1}\n{\"id\":2}\n";
        let first = socket.write(lines).unwrap();
        assert_eq!(first, 9);
        assert_eq!(socket.write(&lines[first..]).unwrap(), 9);
        for record in ["{\"id\":1}", "{\"id\":2}"] {
            let mut message = [0; 1024];
            let length = daemon.recv(&mut message).unwrap();
            let message = std::str::from_utf8(&message[..length]).unwrap();
            assert!(
                message.starts_with("<86>1 20") && message.ends_with(&format!(" decision - {record}")),
                "{message}"
            );
        }
    }

    #[test]
    fn by_udp_and_cut_where_it_must_be() {
        let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut socket = Syslog::Udp(daemon.local_addr().unwrap().to_string()).connect().unwrap();
        let line = [vec![b'x'; 100_000], vec![b'\n']].concat();
        assert_eq!(socket.write(&line).unwrap(), line.len());
        let mut message = vec![0; 65_536];
        assert!(daemon.recv(&mut message).unwrap() > CUT);
    }

    #[test]
    fn a_daemon_that_is_away_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert!(Syslog::Unix(path.clone()).connect().is_err());
        let daemon = UnixDatagram::bind(&path).unwrap();
        let mut socket = Syslog::Unix(path).connect().unwrap();
        drop(daemon);
        assert!(socket.write(b"{}\n").is_err());
    }
}
