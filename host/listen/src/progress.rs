//! How far a connection's peer has got: hyper's own limit for a request's head would also close connections
//! that are merely idle.

use axum::body::HttpBody;
use hyper::body::{Frame, SizeHint};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::Limits;

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Between requests.
    Idle,
    /// A request's head has begun.
    Head,
    /// A request is being read or answered.
    Request,
}

/// Shared by a connection's stream, its requests and its clock. All of them run in one task, but for a body that
/// a handler has taken elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    head: AtomicBool,
    bodies: AtomicUsize,
    requests: AtomicUsize,
    last: AtomicBool,
}

impl Progress {
    /// Bytes have come.
    fn read(&self) {
        if self.bodies.load(Ordering::Acquire) == 0 {
            self.head.store(true, Ordering::Release);
        }
    }

    /// A head is complete.
    pub(crate) fn request(&self) {
        self.head.store(false, Ordering::Release);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// From now on every answer is the connection's last.
    pub(crate) fn set_last(&self) {
        self.last.store(true, Ordering::Release);
    }

    pub(crate) fn is_last(&self) -> bool {
        self.last.load(Ordering::Acquire)
    }

    pub(crate) fn in_head(&self) -> bool {
        self.at() == At::Head
    }

    fn at(&self) -> At {
        if self.bodies.load(Ordering::Acquire) > 0 {
            At::Request
        } else if self.head.load(Ordering::Acquire) {
            At::Head
        } else {
            At::Idle
        }
    }
}

/// A request's or answer's body; the request lasts while one of them is there.
pub(crate) struct Watched<B> {
    body: B,
    progress: Arc<Progress>,
}

impl<B> Watched<B> {
    pub(crate) fn new(body: B, progress: &Arc<Progress>) -> Self {
        progress.bodies.fetch_add(1, Ordering::AcqRel);
        Self { body, progress: Arc::clone(progress) }
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        self.progress.bodies.fetch_sub(1, Ordering::AcqRel);
    }
}

impl<B: HttpBody + Unpin> HttpBody for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        pin!(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection's stream, which tells when bytes come.
pub(crate) struct Stream<IO> {
    io: IO,
    progress: Arc<Progress>,
}

impl<IO> Stream<IO> {
    pub(crate) fn new(io: IO, progress: &Arc<Progress>) -> Self {
        Self { io, progress: Arc::clone(progress) }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Stream<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(pin!(&mut self.io).poll_read(cx, to))?;
        if to.filled().len() > before {
            self.progress.read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Stream<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        pin!(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        pin!(&mut self.io).poll_write_vectored(cx, bytes)
    }
}

/// Tells when a peer has been at one thing for too long.
pub(crate) struct Clock {
    progress: Arc<Progress>,
    head: std::time::Duration,
    idle: Option<std::time::Duration>,
    seen: (At, usize),
    since: Instant,
    /// Fires at or before what is due; it is set back only when it has fired, which spares a timer per request.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    pub(crate) fn new(progress: &Arc<Progress>, limits: &Limits) -> Self {
        Self {
            progress: Arc::clone(progress),
            head: limits.head,
            idle: limits.idle,
            seen: (At::Idle, 0),
            since: Instant::now(),
            sleep: None,
        }
    }

    /// Ready when the peer has taken too long. To be polled after the connection.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let seen = (self.progress.at(), self.progress.requests.load(Ordering::Relaxed));
        if seen != self.seen {
            self.seen = seen;
            self.since = Instant::now();
        }
        let limit = match seen.0 {
            At::Request => None,
            At::Head => Some(self.head),
            At::Idle => self.idle,
        };
        let Some(due) = limit.map(|limit| self.since + limit) else { return Poll::Pending };
        loop {
            let sleep = match &mut self.sleep {
                Some(sleep) => {
                    if sleep.deadline() > due {
                        sleep.as_mut().reset(due);
                    }
                    sleep
                }
                none => none.insert(Box::pin(tokio::time::sleep_until(due))),
            };
            ready!(sleep.as_mut().poll(cx));
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
    }
}
