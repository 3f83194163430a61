//! Why there is no response.

use hyper_util::client::legacy;
use std::error::Error;
use std::time::Duration;

type Cause = Box<dyn Error + Send + Sync>;

/// Why there is no response. No text contains a URL, a header or a part of a body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// There was no whole response in time.
    #[error("no response within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// There is no connection: the name cannot be resolved, the port is closed, or the TLS handshake failed.
    #[error("cannot connect")]
    Connect(#[source] legacy::Error),
    /// The connection ended before the response began. A pooled connection may have been closed by the peer just then.
    #[error("the connection ended before the response")]
    NoResponse(#[source] legacy::Error),
    /// The connection ended within the response body.
    #[error("the connection ended within the response")]
    Body(#[source] Cause),
    /// The response body exceeds the limit.
    #[error("the response is longer than {0} bytes")]
    TooLarge(usize),
}
