//! What a listener serves.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use std::pin::Pin;
use tower_service::Service as _;

/// Handles the requests of a listener. Called once for each request, at the same time for many.
pub trait Handler: Send + Sync + 'static {
    /// Handles one request. Its extensions hold the [`Peer`](crate::Peer) and, where the client asked for another
    /// protocol, hyper's `OnUpgrade`.
    fn handle(&self, request: Request<Body>) -> Pin<Box<dyn Future<Output = Response<Body>> + Send + '_>>;
}

impl Handler for Router {
    fn handle(&self, request: Request<Body>) -> Pin<Box<dyn Future<Output = Response<Body>> + Send + '_>> {
        let mut router = self.clone();
        Box::pin(async move {
            match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        })
    }
}
