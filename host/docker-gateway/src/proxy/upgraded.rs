//! A hijacked connection: `attach`, `exec`, and sessions of builds.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use portcullis_docker_api::Operation;
use portcullis_http_client::proxy::relay;
use portcullis_listen::{Upgradable, UpgradedConnection};

use super::SessionEnd;

/// The client's side of a connection that it asks to hijack.
pub(super) struct Hijack {
    client: OnUpgrade,
    connection: Upgradable,
}

/// Whether dockerd makes a stream of the connection for this operation. Elsewhere it ignores the header, and what would
/// follow it would be requests that no policy sees.
fn is_hijacked(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::ContainerAttach | O::ContainerAttachWebsocket | O::ExecStart | O::Session | O::Grpc
    )
}

impl Hijack {
    /// Takes the client's side from a request that asks for another protocol.
    pub(super) fn of(head: &mut Parts, operation: Operation) -> Option<Self> {
        let client = head.extensions.remove::<OnUpgrade>()?;
        let connection = head.extensions.get::<Upgradable>()?.clone();
        is_hijacked(operation).then_some(Self { client, connection })
    }

    /// Connects both sides once the client has read `response`, whose status is 101.
    pub(super) fn connect(self, mut response: Response<Incoming>, session_end: SessionEnd) -> Response {
        debug_assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let upstream = hyper::upgrade::on(&mut response);
        let connection = self.connection.upgrade();
        tokio::spawn(run(self.client, upstream, connection, session_end));
        response.map(|_| Body::empty())
    }
}

/// Copies until one side breaks, the session ends, or the listener closes.
async fn run(
    client: OnUpgrade,
    upstream: OnUpgrade,
    mut connection: UpgradedConnection,
    session_end: SessionEnd,
) {
    let copied = async {
        let (client, upstream) = tokio::try_join!(client, upstream)?;
        relay(TokioIo::new(client), TokioIo::new(upstream)).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    tokio::select! {
        copied = copied => {
            if let Err(error) = copied {
                tracing::debug!(%error, "a hijacked connection broke");
            }
        }
        () = session_end => tracing::debug!("a hijacked connection ends with its session"),
        () = connection.closing() => tracing::debug!("a hijacked connection ends with the program"),
    }
}
