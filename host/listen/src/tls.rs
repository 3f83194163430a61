//! Certificate, key and client CA, read again when they change.

use portcullis_files::{Access, FileError, FileSet, FileWatcher, ReloadError, Watched};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// The files that TLS needs, all of them PEM.
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
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or others can read the private key.
    #[error(transparent)]
    File(#[from] FileError),
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

/// The TLS configuration of its files as they are now. Clones share it.
#[derive(Clone)]
pub struct Tls(Watched<Arc<ServerConfig>>);

impl Tls {
    /// Reads the files, and has `watcher` read them again when they change. Only the owner of the private key and its
    /// group may be able to read it.
    ///
    /// # Errors
    /// The file that cannot be used, and why.
    pub fn load(files: TlsFiles, watcher: &FileWatcher) -> Result<Self, TlsError> {
        let mut paths = vec![(files.certificate.clone(), Access::Any), (files.key.clone(), Access::Secret)];
        paths.extend(files.client_ca.clone().map(|path| (path, Access::Any)));
        let set = FileSet { kind: "certificates", files: paths, max_stale: None };
        Watched::open(set, watcher, move |contents| config(&files, contents).map(Arc::new)).map(Self)
    }

    /// Reads the files again, and says whether anything has changed. New connections use the new contents.
    ///
    /// # Errors
    /// The file that cannot be used, and why. The last good configuration stays in use.
    pub fn reload(&self) -> Result<bool, ReloadError> {
        self.0.reload()
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&*self.0.last_good()))
    }
}

/// The configuration of a certificate, its key and, where there is one, the CA of clients.
fn config(files: &TlsFiles, contents: &[&[u8]]) -> Result<ServerConfig, TlsError> {
    let content = |at: usize| contents.get(at).copied().unwrap_or_default();
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(content(0), &files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(content(1)).map_err(|_| TlsError::Pem {
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
    let builder = match &files.client_ca {
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(content(2), path)? {
                roots.add(certificate).map_err(|error| unusable(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| unusable(path, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
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

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = |detail| TlsError::Pem { path: path.to_owned(), what: "certificate", detail };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(none(String::new())),
        Ok(found) => Ok(found),
        Err(error) => Err(none(format!(": {error}"))),
    }
}
