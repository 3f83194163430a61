//! Why a request was not forwarded, or got no response.

use hyper_util::client::legacy;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// Why there is no response. No text contains a header or a part of a body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The connection was refused, or the socket is not there.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The upstream.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// There was no connection in time.
    #[error("no connection to {address} within {}", humantime::format_duration(*.timeout))]
    Timeout {
        /// The upstream.
        address: String,
        /// The connect timeout.
        timeout: Duration,
    },
    /// The name resolves to an address that is not allowed.
    #[error("{address} is at {ip}, which is not allowed")]
    NotAllowed {
        /// The upstream.
        address: String,
        /// The address.
        ip: IpAddr,
    },
    /// The connection ended before the response.
    #[error("the connection ended before the response")]
    NoResponse(#[source] hyper::Error),
    /// The same, on a connection of the pool.
    #[error("the connection ended before the response")]
    NoPooledResponse(#[source] legacy::Error),
    /// The request target is no path.
    #[error("the request target is no path")]
    Target,
}

impl ProxyError {
    /// The connector's own error, where it was the connector's.
    pub(super) fn of_client(error: legacy::Error) -> Self {
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            if let Some(ours) = cause.downcast_ref::<ConnectError>() {
                return ours.0.lock().ok().and_then(|mut error| error.take()).unwrap_or(Self::Target);
            }
            source = cause.source();
        }
        Self::NoPooledResponse(error)
    }
}

/// An error of the connector on its way through the pool, which shows it by reference alone.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect")]
pub(super) struct ConnectError(std::sync::Mutex<Option<ProxyError>>);

impl From<ProxyError> for ConnectError {
    fn from(error: ProxyError) -> Self {
        Self(std::sync::Mutex::new(Some(error)))
    }
}
