//! The body of a POST, read before the request is authenticated and decided: a client that sends it slowly would else act by
//! an identity, an approval or policies that are no longer in force.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::Method;
use std::time::Duration;

use crate::response::Failure;

/// The longest body, in bytes.
const MAX_BODY: usize = 8 << 10;
/// Time for the whole body.
const TIME: Duration = Duration::from_secs(30);

/// A body, or why it could not be read: the handler reports that, once the request is authenticated.
pub(super) struct RequestBody(Result<Bytes, &'static str>);

impl RequestBody {
    /// Reads the body of a POST. No other request has one.
    pub(super) async fn read(method: &Method, body: Body) -> Self {
        Self::read_within(TIME, method, body).await
    }

    async fn read_within(time: Duration, method: &Method, body: Body) -> Self {
        if *method != Method::POST {
            return Self(Ok(Bytes::new()));
        }
        Self(match tokio::time::timeout(time, to_bytes(body, MAX_BODY)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(_)) => Err("the body is longer than 8 KiB, or broke off"),
            Err(_) => Err("the body did not arrive within 30 s"),
        })
    }

    /// # Errors
    /// 400, where it could not be read.
    pub(super) fn bytes(&self) -> Result<&[u8], Failure> {
        self.0.as_deref().map_err(|why| Failure::bad_request(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, Full};
    use std::convert::Infallible;

    async fn read(body: Body) -> Result<usize, String> {
        let body = RequestBody::read_within(Duration::from_millis(1), &Method::POST, body).await;
        body.bytes().map(<[u8]>::len).map_err(|failure| failure.to_string())
    }

    #[tokio::test]
    async fn a_body_has_a_size_and_a_time() {
        assert_eq!(read(Body::from(vec![b'a'; MAX_BODY])).await, Ok(MAX_BODY));
        let long = read(Body::from(vec![b'a'; MAX_BODY + 1])).await.unwrap_err();
        assert!(long.contains("longer than 8 KiB"), "{long}");
        let never = std::future::pending::<Option<Result<axum::http::HeaderMap, Infallible>>>();
        let slow = read(Body::new(Full::new(Bytes::from("{}")).with_trailers(never))).await.unwrap_err();
        assert!(slow.contains("within 30 s"), "{slow}");
        let get = RequestBody::read(&Method::GET, Body::from("ignored")).await;
        assert_eq!(get.bytes().ok(), Some(&[][..]));
    }
}
