//! The HTTPS client for servers that the host itself asks: Keystone, an OpenID Connect provider, AWS's federation
//! endpoint. And the core of a [reverse proxy](proxy).
//!
//! Every exchange of the client is bounded: a connect timeout, a request timeout, a limit on the response body, a limit on
//! concurrent work. Redirects are not followed. TLS is rustls with ring. Neither errors nor logs contain a URL, a
//! header or a body, since all of them can hold credentials.
//!
//! * [`HttpClient`]: the client, and its options
//! * [`Roots`]: which certificate authorities are trusted
//! * [`Proxies`]: which servers are asked through a proxy
//! * [`HttpError`]: why there is no response
//! * [`proxy`]: the core of a reverse proxy

mod client;
mod error;
pub mod proxy;
mod quiet;
mod roots;
mod tunnel;

#[cfg(test)]
mod tests;

pub use client::{ClientOptions, HttpClient, Response};
pub use error::HttpError;
pub use roots::{Roots, RootsError, tls_config};
pub use tunnel::Proxies;
