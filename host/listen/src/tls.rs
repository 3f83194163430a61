//! Certificate, key and client CA, read again when they change.

use arc_swap::ArcSwap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// The files that TLS needs, all PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and its CA.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The CAs of clients. Where there is one, a client without a certificate of theirs is turned away in the
    /// handshake.
    pub client_ca: Option<PathBuf>,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{path}` holds no {what} in PEM{detail}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Why not, where that is known; begins with `: `.
        detail: String,
    },
    /// Certificate and key are not a pair.
    #[error("the key in `{key}` does not belong to the certificate in `{certificate}`", key = key.display(), certificate = certificate.display())]
    NotAPair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A certificate or key that TLS cannot work with.
    #[error("`{path}` cannot be used: {reason}", path = path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// TLS as its files were when they were last read. Clones share it.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
    contents: Mutex<Contents>,
}

#[derive(PartialEq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// The file that cannot be used, and why.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let contents = Contents::read(&files)?;
        let current = ArcSwap::from_pointee(contents.config(&files)?);
        Ok(Self(Arc::new(Inner { files, current, contents: Mutex::new(contents) })))
    }

    /// Reads the files again, and says whether anything has changed. New connections use what they say now.
    ///
    /// # Errors
    /// The file that cannot be used, and why. What was in use stays in use.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let mut known = self.0.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = Contents::read(&self.0.files)?;
        if contents == *known {
            return Ok(false);
        }
        self.0.current.store(Arc::new(contents.config(&self.0.files)?));
        *known = contents;
        drop(known);
        tracing::info!(certificate = %self.0.files.certificate.display(), "the certificate has been read again");
        Ok(true)
    }

    /// Reads the files again and again, for ever. Contents are compared, not times: whoever renews a
    /// certificate may copy, rename or turn a symbolic link. A pair that is half written is told of once, and
    /// taken when it is whole.
    pub async fn watch(self, every: Duration) {
        let mut told = None;
        loop {
            tokio::time::sleep(every).await;
            let tls = self.clone();
            let reloaded =
                tokio::task::spawn_blocking(move || tls.reload().map_err(|error| error.to_string()));
            let error = reloaded.await.map_err(|error| error.to_string()).and_then(|result| result).err();
            if let Some(error) = error.as_ref().filter(|error| told.as_ref() != Some(*error)) {
                tracing::warn!(error, "the certificate on disk cannot be used; the one in use stays");
            }
            told = error;
        }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.current.load_full())
    }
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read =
            |path: &Path| fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source });
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn config(&self, files: &TlsFiles) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let chain = certificates(&self.certificate, &files.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| TlsError::Pem {
            path: files.key.clone(),
            what: "private key",
            // The reason is left out: it may quote the key.
            detail: String::new(),
        })?;
        let unusable = |path: &Path, reason: &dyn std::fmt::Display| TlsError::Unusable {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&files.certificate, &error))?;
        let builder = match (&self.client_ca, &files.client_ca) {
            (Some(contents), Some(path)) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(contents, path)? {
                    roots.add(certificate).map_err(|error| unusable(path, &error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|error| unusable(path, &error))?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::NotAPair { certificate: files.certificate.clone(), key: files.key.clone() }
            }
            error => unusable(&files.certificate, &error),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = |detail| TlsError::Pem { path: path.to_owned(), what: "certificate", detail };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(none(String::new())),
        Ok(found) => Ok(found),
        Err(error) => Err(none(format!(": {error}"))),
    }
}
