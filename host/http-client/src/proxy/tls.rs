//! TLS to an upstream, from certificates as PEM.

use std::sync::Arc;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};

/// How a connection is authenticated in both directions.
#[derive(Clone, Copy, Default)]
pub struct UpstreamTls<'a> {
    /// Authorities that the upstream's certificate must come from; absent means those of the system.
    pub ca: Option<&'a str>,
    /// Our own certificate and its key.
    pub identity: Option<(&'a str, &'a str)>,
    /// Whether any certificate is accepted.
    pub skip_verify: bool,
}

/// Why certificates cannot be used. No text contains any part of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamTlsError {
    /// The authorities are no certificates.
    #[error("the CA certificate is no certificate in PEM")]
    Ca,
    /// The client certificate or its key is none.
    #[error("the client certificate and its key are not a pair in PEM")]
    Identity,
    /// The TLS library refuses them.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] TlsError),
}

impl UpstreamTls<'_> {
    /// The configuration of the TLS library.
    ///
    /// # Errors
    /// A certificate or the key cannot be used.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, UpstreamTlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = if self.skip_verify {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        } else {
            builder.with_root_certificates(self.roots()?)
        };
        let config = match self.identity {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => {
                let certificates: Result<Vec<_>, _> =
                    CertificateDer::pem_slice_iter(certificates.as_bytes()).collect();
                let certificates = certificates.map_err(|_| UpstreamTlsError::Identity)?;
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
                let key = key.map_err(|_| UpstreamTlsError::Identity)?;
                builder.with_client_auth_cert(certificates, key)?
            }
        };
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, UpstreamTlsError> {
        let mut roots = RootCertStore::empty();
        match self.ca {
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Some(ca) => {
                for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
                    roots.add(certificate.map_err(|_| UpstreamTlsError::Ca)?)?;
                }
                if roots.is_empty() {
                    return Err(UpstreamTlsError::Ca);
                }
            }
        }
        Ok(roots)
    }
}

/// Accepts any certificate, for an administrator who says so (`TLSSkipVerify`).
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
