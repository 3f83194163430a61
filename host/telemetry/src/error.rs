//! Why nothing can be sent.

use portcullis_http_client::RootsError;

/// Why nothing can be sent, for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The URL is no address of a collector.
    #[error(
        "`{0}` is no URL of a collector: write `http://HOST:PORT` or `https://HOST`, with a path where it has one, and \
         credentials in `headers`"
    )]
    Endpoint(String),
    /// A header cannot be sent.
    #[error("the header `{0}` cannot be sent: its name or its value has characters that HTTP does not allow")]
    Header(String),
    /// The trusted certificate authorities cannot be used.
    #[error(transparent)]
    Roots(#[from] RootsError),
}
