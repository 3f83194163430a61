//! The HTTP client of all requests: bounded, through the proxy of the environment, and with the user's own certificate
//! authorities.

use portcullis_http_client::{ClientOptions, HttpClient, Proxies, Roots};
use std::path::Path;
use std::time::Duration;

use crate::error::AwsClientError;

/// The longest response: a list of 10,000 roles has a tenth of that.
const MAX_RESPONSE: usize = 4 << 20;

/// A client for one host.
pub(crate) fn http_client(
    host: &str,
    ca: Option<&Path>,
    timeout: Duration,
) -> Result<HttpClient, AwsClientError> {
    let roots = ca.map_or(Roots::SystemIfAny, |file| Roots::File(file.to_owned()));
    let options = ClientOptions {
        roots,
        proxies: Proxies::from_environment(),
        timeout,
        max_response_bytes: MAX_RESPONSE,
        max_concurrent: 1,
        max_idle: 1,
    };
    HttpClient::new(&options).map_err(|source| AwsClientError::Roots { host: host.to_owned(), source })
}
