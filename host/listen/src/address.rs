//! What an operator may write for a place to listen at.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The longest path that fits into `sockaddr_un` on Linux, in bytes (unix(7)).
const PATH_BYTES: usize = 107;

/// A place to listen at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// `unix:/path`, `unix:///path` or `/path`.
    Unix(PathBuf),
    /// `tcp:HOST:PORT`, `tcp://HOST:PORT` or `HOST:PORT`; an IPv6 address stands in brackets.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// 0 lets the system choose.
        port: u16,
    },
}

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("the address is empty; write `unix:/path`, `HOST:PORT` or `tcp:HOST:PORT`")]
    Empty,
    /// Neither a path nor a host and port.
    #[error("`{0}` is no address; write `unix:/path`, `HOST:PORT` or `tcp:HOST:PORT`")]
    Unknown(String),
    /// A scheme that we do not serve.
    #[error(
        "`{0}`: only `unix:` and `tcp:` are served; TLS is set beside the address, with `tls = {{ ... }}`"
    )]
    Scheme(String),
    /// A relative or abstract path.
    #[error("`{0}`: the path of a socket begins with `/`")]
    Relative(String),
    /// More than the system takes.
    #[error("`{0}`: the path of a socket has at most {PATH_BYTES} bytes")]
    TooLong(String),
    /// The path names a folder.
    #[error("`{0}`: the path names no socket")]
    Folder(String),
    /// No host.
    #[error(
        "`{0}` names no host; write `127.0.0.1:PORT` for this machine alone, `0.0.0.0:PORT` for every network"
    )]
    NoHost(String),
    /// No port, or none that is a number.
    #[error("`{0}` names no port between 0 and 65535")]
    Port(String),
    /// An IPv6 address without its brackets.
    #[error("`{0}`: write an IPv6 address in brackets, `[::1]:PORT`")]
    Brackets(String),
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Each says what to write instead.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let whole = || text.to_owned();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.chars().any(|character| character.is_control() || character == ' ') {
            return Err(AddressError::Unknown(text.escape_debug().to_string()));
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return path_of(path.strip_prefix("//").unwrap_or(path), text);
        }
        if text.starts_with('/') {
            return path_of(text, text);
        }
        if let Some(rest) = text.strip_prefix("tcp:") {
            return host_and_port(rest.strip_prefix("//").unwrap_or(rest), text);
        }
        if text.contains("://") {
            return Err(AddressError::Scheme(whole()));
        }
        if !text.contains(':') {
            return Err(AddressError::Unknown(whole()));
        }
        host_and_port(text, text)
    }

    /// The path, where it is a unix socket's.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            Self::Tcp { .. } => None,
        }
    }
}

fn path_of(path: &str, text: &str) -> Result<Address, AddressError> {
    if !path.starts_with('/') {
        return Err(AddressError::Relative(text.to_owned()));
    }
    let path = format!("/{}", path.trim_start_matches('/'));
    if path.len() > PATH_BYTES {
        return Err(AddressError::TooLong(text.to_owned()));
    }
    if path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..") {
        return Err(AddressError::Folder(text.to_owned()));
    }
    Ok(Address::Unix(path.into()))
}

fn host_and_port(rest: &str, text: &str) -> Result<Address, AddressError> {
    let whole = || text.to_owned();
    let (host, port) = rest.rsplit_once(':').ok_or_else(|| AddressError::Port(whole()))?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => {
            let host = bracketed.strip_suffix(']').ok_or_else(|| AddressError::Port(whole()))?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| AddressError::Unknown(whole()))?;
            host
        }
        None if rest.contains('[') => return Err(AddressError::Port(whole())),
        None if host.contains(':') => return Err(AddressError::Brackets(whole())),
        None => host,
    };
    if host.is_empty() {
        return Err(AddressError::NoHost(whole()));
    }
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte)) {
        return Err(AddressError::Unknown(whole()));
    }
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::Port(whole()));
    }
    let port = port.parse().map_err(|_| AddressError::Port(whole()))?;
    Ok(Address::Tcp { host: host.to_owned(), port })
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_may_be_written() {
        for (text, shown) in [
            ("unix:/run/docker/plugins/portcullis.sock", "unix:/run/docker/plugins/portcullis.sock"),
            ("unix:///run/x.sock", "unix:/run/x.sock"),
            ("/run/x.sock", "unix:/run/x.sock"),
            ("//run/x.sock", "unix:/run/x.sock"),
            ("tcp:127.0.0.1:8181", "127.0.0.1:8181"),
            ("tcp://127.0.0.1:8181", "127.0.0.1:8181"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("localhost:65535", "localhost:65535"),
            ("[::1]:8181", "[::1]:8181"),
            ("tcp:[::]:1", "[::]:1"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!(Address::parse(shown).unwrap(), address, "{text}");
        }
    }

    #[test]
    fn what_may_not() {
        use AddressError as E;
        type Why = fn(String) -> E;
        let cases: [(&str, Why); 21] = [
            ("8181", E::Unknown),
            ("portcullis.sock", E::Unknown),
            ("127.0.0.1", E::Unknown),
            (":8181", E::NoHost),
            ("tcp::8181", E::NoHost),
            ("tcp:", E::Port),
            ("localhost:", E::Port),
            ("localhost:http", E::Port),
            ("localhost:+80", E::Port),
            ("localhost:65536", E::Port),
            ("::1:8181", E::Brackets),
            ("[::1]", E::Port),
            ("[::1:8181", E::Port),
            ("[localhost]:1", E::Unknown),
            ("https://127.0.0.1:1", E::Scheme),
            ("fd://3", E::Scheme),
            ("unix:run/x.sock", E::Relative),
            ("unix:@abstract", E::Relative),
            ("unix:", E::Relative),
            ("/run/docker/", E::Folder),
            ("user@host:1", E::Unknown),
        ];
        for (text, why) in cases {
            assert_eq!(Address::parse(text), Err(why(text.to_owned())), "{text}");
        }
        assert_eq!(Address::parse(""), Err(E::Empty));
        let long = format!("/{}", "x".repeat(PATH_BYTES));
        assert_eq!(Address::parse(&long), Err(E::TooLong(long.clone())));
        assert!(Address::parse("127.0.0.1:1\n").unwrap_err().to_string().contains("\\n"));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "(unix:|tcp:|/)?(//)?[a-z0-9.:/\\[\\]-]{0,20}(:[0-9]{1,5})?") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert_eq!(Address::parse(&address.to_string()), Ok(address));
            }
        }
    }
}
