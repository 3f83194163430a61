//! One connection, from its first byte to its last.

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::{RequestBody, Watched};
use crate::clock::Clock;
use crate::drain::Stage;
use crate::progress::{Activity, Progress};
use crate::stream::WatchedReads;
use crate::upgrade::Upgradable;
use crate::{CloseReason, ConnectionStats, Handler, Limits};

/// Who is at the other end of the connection that a request came by; an extension of every request.
#[derive(Debug, Clone)]
pub struct Peer {
    /// `unix`, or address and port, e.g. `192.0.2.7:51234`.
    pub address: Arc<str>,
    /// The client's own certificate as DER, where the listener demands one and so has proved it.
    pub certificate: Option<Arc<Vec<u8>>>,
    /// The user of the process on a unix socket, as the kernel names it (`SO_PEERCRED`).
    pub user: Option<PeerUser>,
    /// The timeouts of the connection.
    pub timeouts: Timeouts,
}

/// The timeouts of the request in flight. Without a connection, in tests, there are none.
#[derive(Debug, Clone, Default)]
pub struct Timeouts(pub(crate) Option<Arc<Progress>>);

impl Timeouts {
    /// Lets the bodies of this request and of its response take any time, e.g. `docker logs -f` into a paused pager. To
    /// be called before the body is read.
    pub fn suspend(&self) {
        if let Some(progress) = &self.0 {
            progress.set_untimed();
        }
    }
}

/// The user and group of a process that connected to a unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerUser {
    /// The effective user id when it connected.
    pub uid: u32,
    /// The effective group id when it connected.
    pub gid: u32,
}

/// How a connection ended.
pub(crate) enum Ended {
    /// By its peer, or by a drain.
    Done,
    /// By a limit.
    Closed(CloseReason),
}

/// Passes the requests of one peer to the handler until the peer, a drain or a limit ends it.
pub(crate) async fn serve<IO>(
    io: IO,
    peer: Peer,
    handler: Arc<dyn Handler>,
    limits: &Limits,
    stats: &ConnectionStats,
    upgradable: Upgradable,
) -> Result<Ended, hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Upgradable { progress, mut stage, .. } = upgradable.clone();
    let mut clock = Clock::new(&progress, limits);
    let service = service_fn({
        let (progress, body_timeout, stats) = (Arc::clone(&progress), limits.body_timeout, stats.clone());
        move |request: Request<Incoming>| {
            progress.request();
            let mut request =
                request.map(|body| Body::new(RequestBody::new(body, &progress, body_timeout, &stats)));
            request.extensions_mut().insert(peer.clone());
            if request.extensions().get::<OnUpgrade>().is_some() {
                request.extensions_mut().insert(upgradable.clone());
            }
            let (handler, progress) = (Arc::clone(&handler), Arc::clone(&progress));
            // Made now, so that there is no moment at which the request seems to be over.
            let under_way = Watched::new((), &progress);
            async move {
                let mut response =
                    respond(&*handler, request).await.map(|body| Watched::new(body, &progress));
                drop(under_way);
                if progress.is_last() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            // Its limit would fall on idle connections too; `Clock` tells them apart.
            .header_read_timeout(None)
            .max_header_size(limits.max_header_bytes)
            .max_buf_size(limits.max_header_bytes.max(8192))
            .serve_connection(TokioIo::new(WatchedReads::new(io, &progress)), service)
            .with_upgrades()
    );
    let mut draining = pin!(async {
        // The sender outlives every connection.
        let _ = stage.wait_for(|stage| *stage > Stage::Serving).await;
        progress.set_last();
        let _ = stage.wait_for(|stage| *stage >= Stage::Closing).await;
    });
    let mut evicted = pin!(progress.evicted());
    let mut closing = false;
    let mut told = false;
    poll_fn(|cx| {
        loop {
            // Before the connection, which may answer at once, and be closed only after it had its turn.
            closing = closing || draining.as_mut().poll(cx).is_ready();
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(result.map(|()| Ended::Done));
            }
            // A head that has begun is a request under way, which hyper would not take it for.
            if closing && !told && progress.activity() != Activity::Head {
                told = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            if let Poll::Ready(reason) = clock.poll(cx) {
                return Poll::Ready(Ok(Ended::Closed(reason)));
            }
            if evicted.as_mut().poll(cx).is_ready() {
                if progress.activity() != Activity::Request {
                    return Poll::Ready(Ok(Ended::Closed(CloseReason::Evicted)));
                }
                // A request came in between. The listener looks for another connection.
                evicted.set(progress.evicted());
                continue;
            }
            return Poll::Pending;
        }
    })
    .await
}

/// The handler's response. A handler that panics has decided nothing: its peer is refused, and the others do not
/// notice.
async fn respond(handler: &dyn Handler, request: Request<Body>) -> Response<Body> {
    let mut handling = pin!(async { handler.handle(request).await });
    let result = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
        Err(_) => Poll::Ready(None),
    })
    .await;
    result.unwrap_or_else(|| {
        tracing::error!("a handler panicked; its request was refused");
        let mut response = Response::new(Body::from("internal error: the request was refused"));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
