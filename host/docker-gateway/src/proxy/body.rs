//! The body of a request: read whole where dockerd would obey it, else a stream that nothing is read of.

use axum::body::{Body, Bytes, HttpBody as _};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use portcullis_docker_api::operation::BodyKind;

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
