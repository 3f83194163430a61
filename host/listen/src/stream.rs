//! A connection's streams, which tell its [progress](crate::progress) when bytes come and go.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::progress::Progress;

/// Tells when bytes of requests come. It is above TLS: bytes of TLS itself begin no request.
pub(crate) struct WatchedReads<IO> {
    io: IO,
    progress: Arc<Progress>,
}

/// Tells whether the peer takes bytes. It is below TLS, which takes bytes from us that the peer has not taken.
pub(crate) struct WatchedWrites<IO> {
    io: IO,
    progress: Arc<Progress>,
}

impl<IO> WatchedReads<IO> {
    pub(crate) fn new(io: IO, progress: &Arc<Progress>) -> Self {
        Self { io, progress: Arc::clone(progress) }
    }
}

impl<IO> WatchedWrites<IO> {
    pub(crate) fn new(io: IO, progress: &Arc<Progress>) -> Self {
        Self { io, progress: Arc::clone(progress) }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for WatchedReads<IO> {
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

impl<IO: AsyncRead + Unpin> AsyncRead for WatchedWrites<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        pin!(&mut self.io).poll_read(cx, to)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for WatchedReads<IO> {
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

impl<IO: AsyncWrite + Unpin> AsyncWrite for WatchedWrites<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = pin!(&mut self.io).poll_write(cx, bytes);
        self.progress.wrote(written.is_ready());
        written
    }

    // TCP and unix sockets buffer nothing in this process: flushing and shutting down do not wait for the peer.
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
        let written = pin!(&mut self.io).poll_write_vectored(cx, bytes);
        self.progress.wrote(written.is_ready());
        written
    }
}
