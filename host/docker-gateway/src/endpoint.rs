//! The Docker engines that users reach: Portainer calls them endpoints, and later environments.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// Whether an administrator may name this address, e.g. no metadata service. The error says what is allowed instead.
pub type EnginePolicy = Arc<dyn Fn(&EngineUrl) -> Result<(), String> + Send + Sync>;

/// A Docker engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The number in paths.
    pub id: i64,
    /// Unique. Policies see it as `daemon`.
    pub name: String,
    /// Where the engine listens.
    pub engine: EngineUrl,
    /// With `tcp`: certificates, as PEM.
    pub tls: Option<EngineTls>,
}

/// Where a Docker engine listens: `unix:///var/run/docker.sock` or `tcp://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EngineUrl {
    /// A unix socket.
    Unix(PathBuf),
    /// A host and a port.
    Tcp {
        /// A name, or an address without brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

/// How a connection to an engine is authenticated. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct EngineTls {
    /// Authorities that the engine's certificate must come from; absent means those of the system.
    pub ca: Option<String>,
    /// Our own certificate and its key.
    pub identity: Option<(String, String)>,
    /// Whether any certificate is accepted.
    pub skip_verify: bool,
}

/// A text that is no address of a Docker engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a Docker engine: write `unix:///var/run/docker.sock` or `tcp://HOST:PORT`")]
pub struct EngineUrlError(String);

impl FromStr for EngineUrl {
    type Err = EngineUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || EngineUrlError(text.chars().take(200).collect());
        if let Some(path) = text.strip_prefix("unix://") {
            let is_path = path.starts_with('/') && path.len() > 1 && !path.contains(['\0', '\n']);
            return is_path.then(|| Self::Unix(path.into())).ok_or_else(wrong);
        }
        let address = text.strip_prefix("tcp://").ok_or_else(wrong)?;
        let (host, port) = address.trim_end_matches('/').rsplit_once(':').ok_or_else(wrong)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        let is_host = bare.map_or_else(|| is_host(host), |bare| bare.parse::<std::net::Ipv6Addr>().is_ok());
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        is_host.then(|| Self::Tcp { host: bare.unwrap_or(host).to_owned(), port }).ok_or_else(wrong)
    }
}

impl fmt::Display for EngineUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl fmt::Debug for EngineTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineTls").field("skip_verify", &self.skip_verify).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_back() {
        for text in [
            "unix:///var/run/docker.sock",
            "tcp://10.0.0.1:2376",
            "tcp://docker.example.org:2375",
            "tcp://[::1]:2375",
        ] {
            assert_eq!(text.parse::<EngineUrl>().map(|url| url.to_string()), Ok(text.into()));
        }
        for text in [
            "",
            "unix://",
            "unix://docker.sock",
            "/var/run/docker.sock",
            "http://h:1",
            "tcp://h",
            "tcp://h:0",
            "tcp://h:70000",
            "tcp://:1",
            "tcp://user@h:1",
            "tcp://h:1/x",
            "tcp://[h]:1",
            "tcp://a b:1",
        ] {
            assert!(text.parse::<EngineUrl>().is_err(), "{text}");
        }
    }
}
