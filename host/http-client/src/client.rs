//! The client: HTTP/1.1 over TLS or in clear text, each exchange bounded in time and size.

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use std::fmt;
use std::time::Duration;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::quiet::{QuietExecutor, quiet};
use crate::roots::tls_config;
use crate::tunnel::{Connector, Proxies};
use crate::{HttpError, Roots, RootsError};

/// How long an idle connection stays in the pool.
const IDLE: Duration = Duration::from_secs(30);

/// The bounds of one client.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Which certificate authorities are trusted.
    pub roots: Roots,
    /// Which servers are asked through a proxy.
    pub proxies: Proxies,
    /// How long a whole exchange may take, from the first byte sent to the last byte received. Half of it is for
    /// the connection.
    pub timeout: Duration,
    /// The longest response body.
    pub max_response_bytes: usize,
    /// How many exchanges run at once within [`HttpClient::limited`].
    pub max_concurrent: usize,
    /// How many idle connections stay in the pool.
    pub max_idle: usize,
}

/// A bounded HTTPS client for one server.
pub struct HttpClient {
    http: legacy::Client<HttpsConnector<Connector>, Full<Bytes>>,
    timeout: Duration,
    max_response_bytes: usize,
    permits: Semaphore,
}

/// A whole response.
pub struct Response {
    /// Its status. A redirect is a response like any other.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, wiped from memory when it is dropped.
    pub body: Zeroizing<Vec<u8>>,
}

impl HttpClient {
    /// Reads the trusted certificate authorities. Nothing is connected to yet.
    ///
    /// # Errors
    /// The trusted certificate authorities cannot be used.
    pub fn new(options: &ClientOptions) -> Result<Self, RootsError> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(options.timeout / 2));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config(&options.roots)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector::new(connector, options.proxies.clone()));
        let http = legacy::Client::builder(QuietExecutor)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(options.max_idle)
            .build(https);
        Ok(Self {
            http,
            timeout: options.timeout,
            max_response_bytes: options.max_response_bytes,
            permits: Semaphore::new(options.max_concurrent),
        })
    }

    /// One exchange. It is cancelled when the future is dropped.
    ///
    /// # Errors
    /// There is no whole response within the timeout and the limit on its body.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response, HttpError> {
        let exchange = quiet(self.exchange(request.map(|body| Full::new(body.into()))));
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or_else(|_| Err(HttpError::Timeout(self.timeout)))
    }

    /// `work` under a permit, so that at most `max_concurrent` of them run. Waiting for the permit and all exchanges
    /// of `work` together take no longer than the timeout of one.
    ///
    /// # Errors
    /// Those of `work`, or [`HttpError::Timeout`].
    pub async fn limited<T, E: From<HttpError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let permitted = async {
            // INVARIANT: the semaphore is never closed, so there is always a permit.
            let _permit = self.permits.acquire().await;
            work.await
        };
        tokio::time::timeout(self.timeout, permitted)
            .await
            .unwrap_or_else(|_| Err(HttpError::Timeout(self.timeout).into()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response, HttpError> {
        let response = self.http.request(request).await.map_err(|error| {
            if error.is_connect() { HttpError::Connect(error) } else { HttpError::NoResponse(error) }
        })?;
        let (head, body) = response.into_parts();
        let body = self.collect(body).await?;
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    async fn collect(&self, body: Incoming) -> Result<Zeroizing<Vec<u8>>, HttpError> {
        let length = body.size_hint().lower();
        let mut body = std::pin::pin!(Limited::new(body, self.max_response_bytes));
        let expected = usize::try_from(length).unwrap_or(usize::MAX).min(self.max_response_bytes);
        let mut collected = Zeroizing::new(Vec::with_capacity(expected));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    HttpError::TooLarge(self.max_response_bytes)
                } else {
                    HttpError::Body(error)
                }
            })?;
            if let Some(data) = frame.data_ref() {
                collected.extend_from_slice(data);
            }
        }
        Ok(collected)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Shows neither headers nor body: both can hold credentials.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
