//! The body of a request: read whole where dockerd would obey it, else a stream that nothing is read of.

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Frame, SizeHint};
use portcullis_docker_api::operation::BodyKind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A body on its way to an engine.
pub(super) enum ReadBody {
    /// Read whole, so that it can be judged.
    Whole(Bytes),
    /// An archive, or what a hijacked connection carries.
    Stream(Body),
}

/// Why a body was not read whole.
pub(super) enum BodyError {
    /// It is larger than a policy is shown.
    TooLarge,
    /// It broke off.
    Broken,
}

impl ReadBody {
    /// Reads as much of `body` as its kind demands.
    pub(super) async fn read(kind: BodyKind, body: Body, limit: usize) -> Result<Self, BodyError> {
        let is_stream = matches!(kind, BodyKind::Stream | BodyKind::Archive | BodyKind::ArchiveOrForm);
        if is_stream && !body.is_end_stream() {
            return Ok(Self::Stream(body));
        }
        match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(Self::Whole(body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
            Err(_) => Err(BodyError::Broken),
        }
    }

    /// What is sent to the engine.
    pub(super) fn into_body(self) -> Body {
        match self {
            Self::Whole(bytes) => Body::from(bytes),
            Self::Stream(body) => body,
        }
    }
}

/// What is read of a body that no one wants any more, at most.
const DRAINED: usize = 16 << 20;

/// How long.
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// A body whose rest is read and thrown away when it is dropped before its end: a client that is still sending would see
/// a broken connection, and not the response that says why.
pub(super) fn drained(body: Body) -> Body {
    if body.is_end_stream() { body } else { Body::new(Drained(body)) }
}

struct Drained(Body);

impl HttpBody for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if self.0.is_end_stream() {
            return;
        }
        let mut rest = std::mem::take(&mut self.0);
        let reading = async move {
            let mut length = 0;
            while let Some(Ok(frame)) = rest.frame().await {
                length += frame.data_ref().map_or(0, Bytes::len);
                if length > DRAINED {
                    break;
                }
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(DRAIN_TIME, reading));
        }
    }
}
