//! The body of an engine's response, which ends with the session of its user.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::SessionEnd;

/// A body that breaks off when the session ends.
pub(super) struct SessionBody {
    body: Incoming,
    session_end: SessionEnd,
}

impl SessionBody {
    /// A body for a response.
    pub(super) fn wrap(body: Incoming, session_end: SessionEnd) -> Body {
        Body::new(Self { body, session_end })
    }
}

impl HttpBody for SessionBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // The session is asked only where the engine has nothing now: most bodies never wait.
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        self.session_end
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the session has ended"))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
