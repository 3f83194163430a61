//! An HTTP client that sends what it is told, right or wrong, and shows what came back.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take: the server may be starting, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server at `http://HOST:PORT`.
#[derive(Debug, Clone)]
pub struct Client {
    address: String,
}

/// A request that is being written.
#[derive(Debug, Clone)]
pub struct Call {
    address: String,
    method: String,
    path: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names as sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    /// `base` is a URL; a path in it is not kept.
    pub fn new(base: &str) -> Self {
        let address = base.strip_prefix("http://").unwrap_or(base);
        Self { address: address.split('/').next().unwrap_or_default().to_owned() }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        Call {
            address: self.address.clone(),
            method: method.to_owned(),
            path: path.as_bytes().to_vec(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }
}

impl Call {
    /// A path that is no text.
    #[must_use]
    pub fn path(mut self, path: &[u8]) -> Self {
        self.path = path.to_vec();
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("X-Auth-Token", token)
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    #[must_use]
    pub fn json(self, value: &Value) -> Self {
        self.header("Content-Type", "application/json").body(value.to_string())
    }

    /// The request as it is sent. Host, Content-Length and Connection are added where they are not given.
    pub fn bytes(&self, keep: bool) -> Vec<u8> {
        let given = |name: &str| self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let mut text = [self.method.as_bytes(), b" ", &self.path, b" HTTP/1.1\r\n"].concat();
        if !given("host") {
            text.extend(format!("Host: {}\r\n", self.address).bytes());
        }
        for (name, value) in &self.headers {
            text.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let has_body = self.body.is_some() || ["PUT", "PATCH", "POST"].contains(&&*self.method);
        if has_body && !given("content-length") && !given("transfer-encoding") {
            let length = self.body.as_ref().map_or(0, Vec::len);
            text.extend(format!("Content-Length: {length}\r\n").bytes());
        }
        if !keep && !given("connection") {
            text.extend(b"Connection: close\r\n");
        }
        text.extend(b"\r\n");
        text.extend(self.body.iter().flatten());
        text
    }

    /// One request on a connection of its own.
    pub fn try_send(&self) -> io::Result<Answer> {
        Connection::open(&self.address)?.exchange(&self.method, &self.bytes(false))
    }

    #[track_caller]
    pub fn send(&self) -> Answer {
        let what = || format!("{} {}", self.method, String::from_utf8_lossy(&self.path));
        self.try_send().unwrap_or_else(|error| panic!("{}: {error}", what()))
    }
}

/// One connection, which may be kept.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends these bytes, which ask with this method, and reads one answer.
    pub fn exchange(&mut self, method: &str, bytes: &[u8]) -> io::Result<Answer> {
        // A server may answer, and close, before it has read everything.
        let _ = self.0.get_mut().write_all(bytes);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let status = lines[0].split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(invalid)?;
        let headers: Vec<_> = lines[1..]
            .iter()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if method == "HEAD" || status == 204 || status == 304 {
            return Ok(answer);
        }
        if answer.header("transfer-encoding").is_some() {
            answer.body = self.chunks()?;
        } else if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().map_err(|_| invalid())?];
            self.0.read_exact(&mut answer.body)?;
        } else {
            self.0.read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
            let start = body.len();
            body.resize(start + length + 2, 0);
            self.0.read_exact(&mut body[start..])?;
            body.truncate(start + length);
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The same answer, since it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}
