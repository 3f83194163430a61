//! Bodies of requests and responses: a request lasts while one of its bodies is there, and a request's body must not
//! stop coming.

use axum::body::HttpBody;
use hyper::body::{Frame, SizeHint};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

use crate::progress::Progress;
use crate::{CloseReason, ConnectionStats};

/// A request's or response's body; the request lasts while one of them is there.
pub(crate) struct Watched<B> {
    body: B,
    progress: Arc<Progress>,
}

impl<B> Watched<B> {
    pub(crate) fn new(body: B, progress: &Arc<Progress>) -> Self {
        progress.body_begins();
        Self { body, progress: Arc::clone(progress) }
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        self.progress.body_ends();
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

/// Why a request's body ended before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError<E> {
    #[error("the body stopped coming for {0:?}")]
    Timeout(Duration),
    #[error(transparent)]
    Read(E),
}

/// A request's body. The handler gets an error when the body stops coming: it can still respond, and hyper closes the
/// connection after a response to a body that was not read to its end.
pub(crate) struct RequestBody<B> {
    body: Watched<B>,
    timeout: Duration,
    /// Set when the handler first waits for bytes, and used again.
    sleep: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
    stats: ConnectionStats,
}

impl<B> RequestBody<B> {
    pub(crate) fn new(body: B, progress: &Arc<Progress>, timeout: Duration, stats: &ConnectionStats) -> Self {
        let body = Watched::new(body, progress);
        Self { body, timeout, sleep: None, is_waiting: false, stats: stats.clone() }
    }

    /// Ready when the body has not come for too long.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let due = Instant::now() + self.timeout;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if !self.is_waiting {
            self.is_waiting = true;
            sleep.as_mut().reset(due);
        }
        sleep.as_mut().poll(cx)
    }
}

impl<B: HttpBody + Unpin> HttpBody for RequestBody<B> {
    type Data = B::Data;
    type Error = BodyError<B::Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = pin!(&mut self.body).poll_frame(cx) {
            self.is_waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Read)));
        }
        if self.body.progress.is_untimed() {
            return Poll::Pending;
        }
        ready!(self.poll_timeout(cx));
        self.stats.count(CloseReason::BodyTimeout);
        Poll::Ready(Some(Err(BodyError::Timeout(self.timeout))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use std::future::poll_fn;
    use tokio::sync::mpsc;

    const LIMIT: Duration = Duration::from_mins(1);

    /// A body whose bytes the test sends.
    struct Sent(mpsc::Receiver<u8>);

    impl HttpBody for Sent {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            self.0.poll_recv(cx).map(|byte| byte.map(|byte| Ok(Frame::data(vec![byte].into()))))
        }
    }

    fn body() -> (mpsc::Sender<u8>, RequestBody<Sent>, ConnectionStats) {
        let ((sender, receiver), stats) = (mpsc::channel(1), ConnectionStats::default());
        let body = RequestBody::new(Sent(receiver), &Arc::new(Progress::new()), LIMIT, &stats);
        (sender, body, stats)
    }

    async fn frame(body: &mut RequestBody<Sent>) -> Option<Result<Bytes, BodyError<std::io::Error>>> {
        let frame = poll_fn(|cx| pin!(&mut *body).poll_frame(cx)).await?;
        Some(frame.map(|frame| frame.into_data().unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_makes_progress_has_no_limit() {
        let (sender, mut body, stats) = body();
        let sending = tokio::spawn(async move {
            for _ in 0..20 {
                tokio::time::sleep(LIMIT / 10 * 9).await;
                sender.send(b'x').await.unwrap();
            }
        });
        let begun = Instant::now();
        for _ in 0..20 {
            assert_eq!(frame(&mut body).await.unwrap().unwrap(), "x");
        }
        assert!(frame(&mut body).await.is_none());
        assert!(begun.elapsed() > LIMIT * 10);
        sending.await.unwrap();
        assert_eq!(stats.closed(CloseReason::BodyTimeout), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_an_error() {
        let (sender, mut body, stats) = body();
        sender.send(b'x').await.unwrap();
        assert_eq!(frame(&mut body).await.unwrap().unwrap(), "x");
        // The time in which the handler does something else does not count.
        tokio::time::sleep(LIMIT * 2).await;
        let begun = Instant::now();
        let error = frame(&mut body).await.unwrap().unwrap_err();
        assert!(matches!(error, BodyError::Timeout(LIMIT)), "{error}");
        assert!(begun.elapsed() >= LIMIT);
        assert_eq!(stats.closed(CloseReason::BodyTimeout), 1);
    }
}
