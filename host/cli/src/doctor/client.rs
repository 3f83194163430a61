//! One HTTP request to an address, without TLS.

use axum::body::Body;
use http_body_util::{BodyExt as _, Collected};
use hyper::Request;
use hyper_util::rt::TokioIo;
use portcullis_listen::Address;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// How long an answer may take: dockerd itself waits up to 15 s for a plugin.
const PATIENCE: Duration = Duration::from_secs(20);

/// The body of the response, with any status.
pub(super) async fn call(address: &Address, method: &str, path: &str) -> Result<String, String> {
    match address {
        Address::Unix(socket) => {
            let stream = UnixStream::connect(socket).await.map_err(|error| error.to_string())?;
            send(stream, method, path).await
        }
        Address::Tcp { host, port } => {
            let stream =
                TcpStream::connect((host.as_str(), *port)).await.map_err(|error| error.to_string())?;
            send(stream, method, path).await
        }
    }
}

async fn send<IO>(io: IO, method: &str, path: &str) -> Result<String, String>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::builder().method(method).uri(path).header("host", "localhost").body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let exchange = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
        tokio::spawn(connection);
        let answer = sender.send_request(request).await?;
        answer.into_body().collect().await.map(Collected::to_bytes)
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await;
    let bytes = answer
        .map_err(|_| format!("no answer within {} s", PATIENCE.as_secs()))?
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
