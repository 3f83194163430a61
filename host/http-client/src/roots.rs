//! Trusted certificate authorities.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, RootCertStore};

/// Which certificate authorities a server's certificate is verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// None, for a server without TLS.
    None,
    /// Those of the system, at least one of them.
    System,
    /// Those of the system. A system without any is an error of the first TLS connection, not of the client.
    SystemIfAny,
    /// Those of a PEM file, and no other.
    File(PathBuf),
}

impl Roots {
    /// The file if there is one, else those of the system.
    pub fn file_or_system(file: Option<&Path>) -> Self {
        file.map_or(Self::System, |file| Self::File(file.to_owned()))
    }
}

/// Why the trusted certificate authorities cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// The file cannot be read.
    #[error("cannot read `{path}`", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not PEM.
    #[error("`{path}` holds a certificate that cannot be read", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: PemError,
    },
    /// A certificate of the file is no certificate authority that TLS can work with.
    #[error("`{path}` cannot be used", path = path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the TLS library says.
        source: TlsError,
    },
    /// The file has no certificate.
    #[error("`{path}` holds no certificate in PEM", path = .0.display())]
    Empty(PathBuf),
    /// The system has no certificate authorities.
    #[error("the system has no CA certificates; `ca` may name a file")]
    NoneInSystem,
    /// The TLS library has no protocol version.
    #[error("TLS cannot be set up")]
    Tls(#[source] TlsError),
}

/// The TLS configuration of a client that trusts `roots`.
///
/// # Errors
/// The file that cannot be used, or a system without certificate authorities.
pub fn tls_config(roots: &Roots) -> Result<ClientConfig, RootsError> {
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(RootsError::Tls)?
        .with_root_certificates(store(roots)?)
        .with_no_client_auth())
}

fn store(roots: &Roots) -> Result<RootCertStore, RootsError> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::None => {}
        Roots::System | Roots::SystemIfAny => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() && *roots == Roots::System {
                return Err(RootsError::NoneInSystem);
            }
        }
        Roots::File(path) => {
            let pem = fs::read(path).map_err(|source| RootsError::Read { path: path.clone(), source })?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate =
                    certificate.map_err(|source| RootsError::Malformed { path: path.clone(), source })?;
                store
                    .add(certificate)
                    .map_err(|source| RootsError::Unusable { path: path.clone(), source })?;
            }
            if store.is_empty() {
                return Err(RootsError::Empty(path.clone()));
            }
        }
    }
    Ok(store)
}
