//! Where requests are forwarded to, and connections to it.

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tower_service::Service;

use super::error::{ConnectError, ProxyError};

/// How long a connection may take, with its TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether an address may be connected to. Asked about what a name resolves to, each time.
pub type AddressCheck = Arc<dyn Fn(SocketAddr) -> bool + Send + Sync>;

/// The address of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UpstreamAddress {
    /// A unix socket.
    Unix(PathBuf),
    /// A host name or address, and a port.
    Tcp(String, u16),
}

/// Where requests are forwarded to.
#[derive(Clone)]
pub struct Upstream {
    /// The address.
    pub address: UpstreamAddress,
    /// Absent means without TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// For TCP.
    pub allowed: AddressCheck,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection to an upstream.
pub(super) struct UpstreamStream(Box<dyn Stream>);

impl Upstream {
    /// A new connection.
    pub(super) async fn connect(&self) -> Result<UpstreamStream, ProxyError> {
        let address = || self.address.to_string();
        match tokio::time::timeout(CONNECT_TIMEOUT, self.try_connect()).await {
            Ok(Ok(Ok(stream))) => Ok(stream),
            Ok(Ok(Err(ip))) => Err(ProxyError::NotAllowed { address: address(), ip }),
            Ok(Err(source)) => Err(ProxyError::Connect { address: address(), source }),
            Err(_) => Err(ProxyError::Timeout { address: address(), timeout: CONNECT_TIMEOUT }),
        }
    }

    /// `Ok(Err)` is an address that is not allowed.
    async fn try_connect(&self) -> io::Result<Result<UpstreamStream, IpAddr>> {
        let (host, port) = match &self.address {
            UpstreamAddress::Unix(path) => {
                let stream = UnixStream::connect(path).await?;
                return Ok(Ok(UpstreamStream(Box::new(stream))));
            }
            UpstreamAddress::Tcp(host, port) => (host.as_str(), *port),
        };
        let resolved: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
        let allowed: Vec<_> = resolved.iter().copied().filter(|address| (self.allowed)(*address)).collect();
        if let ([], Some(refused)) = (&allowed[..], resolved.first()) {
            return Ok(Err(refused.ip()));
        }
        let stream = TcpStream::connect(&allowed[..]).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else { return Ok(Ok(UpstreamStream(Box::new(stream)))) };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?;
        Ok(Ok(UpstreamStream(Box::new(stream))))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(host, port) if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl AsyncRead for UpstreamStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, to)
    }
}

impl AsyncWrite for UpstreamStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bytes)
    }
}

impl Connection for UpstreamStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Connects for the pool, to the one upstream, regardless of the URI.
#[derive(Debug, Clone)]
pub(super) struct Connector(pub(super) Upstream);

impl Service<Uri> for Connector {
    type Response = TokioIo<UpstreamStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let upstream = self.0.clone();
        Box::pin(async move { Ok(TokioIo::new(upstream.connect().await?)) })
    }
}
