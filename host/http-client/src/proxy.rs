//! The core of a reverse proxy: streams in both directions, upgrades included.
//!
//! Nothing is buffered: a chunk is passed on when it comes, and a body has no limit in size or time. A request whose
//! client is gone is dropped, and with it the connection to the upstream. Connections are pooled per user, so that no
//! user's request is ever sent on a connection that carried another user's.
//!
//! * [`Upstream`]: where requests are forwarded to
//! * [`ReverseProxy`]: forwards one request
//! * [`relay()`]: what an upgraded connection carries
//! * [`strip_hop_by_hop`]: headers that are not passed on
//! * [`ProxyError`]: why there is no response

mod error;
mod headers;
mod relay;
mod tls;
mod upstream;

pub use error::ProxyError;
pub use headers::strip_hop_by_hop;
pub use relay::relay;
pub use tls::{UpstreamTls, UpstreamTlsError};
pub use upstream::{AddressCheck, Upstream, UpstreamAddress};

use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use hyper::body::{Body, Bytes, Incoming};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::error::Error;
use std::time::Duration;

use crate::quiet::{QuietExecutor, quiet};
use upstream::Connector;

/// How long an idle connection stays in the pool.
const IDLE: Duration = Duration::from_secs(30);

/// Idle connections that stay in the pool for each user.
const MAX_IDLE: usize = 4;

/// Forwards requests to one upstream.
#[derive(Debug)]
pub struct ReverseProxy<B> {
    upstream: Upstream,
    pooled: legacy::Client<Connector, B>,
}

impl<B> ReverseProxy<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Nothing is connected to yet.
    pub fn new(upstream: Upstream) -> Self {
        let pooled = legacy::Client::builder(QuietExecutor)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .set_host(false)
            .build(Connector(upstream.clone()));
        Self { upstream, pooled }
    }

    /// Forwards a request as it is: its URI has a path and a query alone, and its headers are complete. `user` is whose
    /// connections may carry it.
    ///
    /// # Errors
    /// The upstream cannot be reached, or sends no response.
    pub async fn send(&self, user: i64, request: Request<B>) -> Result<Response<Incoming>, ProxyError> {
        let (mut head, body) = request.into_parts();
        head.uri = pool_uri(user, head.uri)?;
        let sent = quiet(self.pooled.request(Request::from_parts(head, body))).await;
        sent.map_err(ProxyError::of_client)
    }

    /// Forwards a request for another protocol, on a connection of its own. A response with status 101 carries hyper's
    /// upgrade.
    ///
    /// # Errors
    /// The upstream cannot be reached, or sends no response.
    pub async fn upgrade(&self, request: Request<B>) -> Result<Response<Incoming>, ProxyError> {
        let stream = self.upstream.connect().await?;
        let exchange = async {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(quiet(connection.with_upgrades()));
            sender.send_request(request).await
        };
        quiet(exchange).await.map_err(ProxyError::NoResponse)
    }
}

/// The URI by which the pool tells connections apart: its host is never resolved nor sent.
fn pool_uri(user: i64, uri: Uri) -> Result<Uri, ProxyError> {
    let mut parts = uri.into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Authority::try_from(format!("user-{user}")).ok();
    Uri::from_parts(parts).map_err(|_| ProxyError::Target)
}
