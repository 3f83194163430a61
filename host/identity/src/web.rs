//! The HTTP client that servers of identity are asked with: by rustls and ring, and no redirect is ever followed.

use http::Uri;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::IdentityError;

pub(crate) type Https = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client that keeps at most `idle` connections to a host for the next question.
pub(crate) fn client(
    url: &Uri,
    ca: Option<&Path>,
    connect_timeout: Duration,
    idle: usize,
) -> Result<Https, IdentityError> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(connect_timeout));
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls(url.scheme_str() == Some("https"), ca)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(idle)
        .build(https))
}

/// Believes servers for which the CAs of the file `ca` vouch. Without one those of the system do, which are looked
/// for only where they are `needed`.
pub(crate) fn tls(needed: bool, ca: Option<&Path>) -> Result<ClientConfig, IdentityError> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| IdentityError::Ca(error.to_string()))?
        .with_root_certificates(roots(needed, ca)?)
        .with_no_client_auth())
}

fn roots(needed: bool, ca: Option<&Path>) -> Result<RootCertStore, IdentityError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        let pem = fs::read(path).map_err(|source| IdentityError::Read { path: path.into(), source })?;
        let wrong = |reason: &str| IdentityError::Ca(format!("`{}` {reason}", path.display()));
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| wrong("holds a certificate that cannot be read"))?;
            roots.add(certificate).map_err(|error| wrong(&format!("cannot be used: {error}")))?;
        }
        if roots.is_empty() {
            return Err(wrong("holds no certificate in PEM"));
        }
    } else if needed {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(IdentityError::Ca("the system has no CA certificates; `ca` may name a file".into()));
        }
    }
    Ok(roots)
}

/// An error with all its causes, which is where the reason stands.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}
