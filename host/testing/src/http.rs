//! The smallest HTTP client that will do: one request, one connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// `GET` on a unix socket: status and body.
pub fn get_unix(socket: &Path, path: &str) -> io::Result<(u16, String)> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    exchange(stream, "GET", path, "")
}

/// `GET` on `HOST:PORT`: status and body.
pub fn get(address: &str, path: &str) -> io::Result<(u16, String)> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    exchange(stream, "GET", path, "")
}

/// `POST` of a JSON text on a unix socket: status and body.
pub fn post_unix(socket: &Path, path: &str, json: &str) -> io::Result<(u16, String)> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    exchange(stream, "POST", path, json)
}

/// Sends a request as it stands on a unix socket: status and body. The server may answer before it has read all.
pub fn send_unix(socket: &Path, request: &[u8]) -> io::Result<(u16, String)> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    match stream.write_all(request) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => read_answer(stream),
    }
}

fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<(u16, String)> {
    let length = body.len();
    // HTTP/1.0: the answer ends with the connection, and has no chunks.
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{body}")?;
    read_answer(stream)
}

fn read_answer(mut stream: impl Read) -> io::Result<(u16, String)> {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // The server closed while the rest of the request was on its way.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset && !answer.is_empty() => {}
        result => drop(result?),
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status =
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}

/// Any request with a body of that media type on a unix socket: status and body.
pub fn call_unix(
    socket: &Path,
    method: &str,
    path: &str,
    media_type: &str,
    body: &[u8],
) -> io::Result<(u16, String)> {
    let length = body.len();
    let mut request = format!(
        "{method} {path} HTTP/1.0\r\nHost: test\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    send_unix(socket, &request)
}
