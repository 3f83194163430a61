//! One HTTP request to an address, without TLS: to dockerd, to a plugin, and to the admin API.

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use portcullis_listen::Address;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// How long the head of a response may take: dockerd itself waits up to 15 s for a plugin.
const PATIENCE: Duration = Duration::from_secs(20);

/// The body of the response, with any status.
pub(crate) async fn call(address: &Address, method: &str, path: &str) -> Result<String, String> {
    let request = Request::builder().method(method).uri(path).body(Body::empty());
    let response = send(address, request.map_err(|error| error.to_string())?, PATIENCE).await?;
    let (_, bytes) = read(response).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Status and whole body.
pub(crate) async fn read(response: Response<Incoming>) -> Result<(StatusCode, Bytes), String> {
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
    Ok((status, body.to_bytes()))
}

/// Sends a request; the response's head comes within `patience`.
pub(crate) async fn send(
    address: &Address,
    request: Request<Body>,
    patience: Duration,
) -> Result<Response<Incoming>, String> {
    match address {
        Address::Unix(socket) => {
            let stream = UnixStream::connect(socket).await.map_err(|error| error.to_string())?;
            exchange(stream, request, patience).await
        }
        Address::Tcp { host, port } => {
            let stream =
                TcpStream::connect((host.as_str(), *port)).await.map_err(|error| error.to_string())?;
            exchange(stream, request, patience).await
        }
    }
}

async fn exchange<IO>(
    io: IO,
    mut request: Request<Body>,
    patience: Duration,
) -> Result<Response<Incoming>, String>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let host = hyper::header::HeaderValue::from_static("localhost");
    request.headers_mut().entry("host").or_insert(host);
    let exchange = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
        tokio::spawn(connection);
        sender.send_request(request).await
    };
    let answer = tokio::time::timeout(patience, exchange).await;
    answer
        .map_err(|_| format!("no answer within {} s", patience.as_secs()))?
        .map_err(|error| portcullis_errors::chain(&error))
}
