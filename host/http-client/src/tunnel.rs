//! Connections for HTTPS through a proxy of the network, by `CONNECT`.
//!
//! TLS is between the client and the server, so the proxy sees the server's name alone. A request in clear text is never
//! given to a proxy.

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tower_service::Service;

type Cause = Box<dyn Error + Send + Sync>;

/// Which servers are asked through a proxy.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// No server is.
    pub const fn none() -> Self {
        Self(None)
    }

    /// As `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in upper or lower case.
    pub fn from_environment() -> Self {
        Self(Some(Arc::new(Matcher::from_env())))
    }

    /// This proxy, for all servers but those that `no_proxy` names.
    pub fn of(proxy: &str, no_proxy: &str) -> Self {
        Self(Some(Arc::new(Matcher::builder().https(proxy).no(no_proxy).build())))
    }
}

/// Why a proxy gave no connection.
#[derive(Debug, thiserror::Error)]
enum TunnelError {
    /// TLS to the proxy, or SOCKS.
    #[error(
        "the proxy is named by `{scheme}://`: only `http://` is supported, with TLS to the server inside"
    )]
    Scheme { scheme: String },
    /// The proxy cannot be reached, or refused.
    #[error("the proxy `{proxy}` gives no connection to `{server}`")]
    Refused { proxy: String, server: String, source: Cause },
}

/// Connects directly or through a proxy.
#[derive(Clone)]
pub(crate) struct Connector {
    direct: HttpConnector,
    proxies: Proxies,
}

impl Connector {
    pub(crate) fn new(direct: HttpConnector, proxies: Proxies) -> Self {
        Self { direct, proxies }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = Cause;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Cause>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let is_https = server.scheme_str() == Some("https");
        let proxy =
            self.proxies.0.as_ref().filter(|_| is_https).and_then(|proxies| proxies.intercept(&server));
        let Some(proxy) = proxy else {
            let connection = self.direct.call(server);
            return Box::pin(async { connection.await.map_err(Into::into) });
        };
        let scheme = proxy.uri().scheme_str().unwrap_or_default().to_owned();
        if scheme != "http" {
            return Box::pin(async { Err(TunnelError::Scheme { scheme }.into()) });
        }
        let name = |uri: &Uri| uri.host().unwrap_or_default().to_owned();
        let names = (name(proxy.uri()), name(&server));
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.direct.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        Box::pin(async move {
            let connection = tunnel.call(server).await;
            let (proxy, server) = names;
            connection.map_err(|error| TunnelError::Refused { proxy, server, source: error.into() }.into())
        })
    }
}
