//! A listener with a small router, and a client that says exactly what it is told to.

use axum::extract::Request;
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use portcullis_listen::{
    Activation, Address, Drain, Limits, Listener, Local, Options, Peer, Tls, Upgradable, serve,
};
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::task::JoinHandle;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a response that no socket's buffers hold.
pub(crate) const LARGE: usize = 64 << 20;

/// Somewhere that is being listened at.
pub(crate) struct Place {
    pub(crate) local: Local,
    pub(crate) drain: Drain,
    pub(crate) served: JoinHandle<usize>,
}

pub(crate) fn router() -> Router {
    Router::new()
        .route("/", any(|| async { "hello" }))
        .route("/peer", get(|Extension(peer): Extension<Peer>| async move { peer.address.to_string() }))
        .route(
            "/certificate",
            get(|Extension(peer): Extension<Peer>| async move {
                peer.certificate.map(|certificate| certificate.to_vec()).unwrap_or_default()
            }),
        )
        .route("/echo", post(|body: String| async move { body }))
        .route("/wait/{millis}", any(wait))
        .route("/large", get(|| async { vec![b'x'; LARGE] }))
        .route("/upgrade", any(upgrade))
        .route("/panic", any(|_: Request| async { panic!("a handler that panics") as () }))
}

async fn wait(axum::extract::Path(millis): axum::extract::Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    "waited"
}

/// Echoes what comes after the upgrade, until the listener closes.
async fn upgrade(mut request: Request) -> axum::response::Response {
    let mut connection = request.extensions().get::<Upgradable>().unwrap().upgrade();
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let stream = hyper_util::rt::TokioIo::new(upgraded.await.unwrap());
        let (mut from, mut to) = tokio::io::split(stream);
        tokio::select! {
            _ = tokio::io::copy(&mut from, &mut to) => {}
            () = connection.closing() => {}
        }
    });
    let mut response = axum::response::Response::default();
    *response.status_mut() = axum::http::StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert("upgrade", "echo".parse().unwrap());
    response.headers_mut().insert("connection", "upgrade".parse().unwrap());
    response
}

pub(crate) fn listen(address: &str, tls: Option<Tls>, limits: Limits, drain: Drain) -> Place {
    listen_with(address, tls, &Options { limits, ..Options::default() }, drain)
}

pub(crate) fn listen_with(address: &str, tls: Option<Tls>, options: &Options, drain: Drain) -> Place {
    let address = Address::parse(address).unwrap();
    let listener = Listener::bind(&address, tls, options, &mut Activation::default()).unwrap();
    let local = listener.local().clone();
    let served = tokio::spawn(serve(listener, router(), drain.clone()));
    Place { local, drain, served }
}

/// On TCP, with nothing out of the ordinary.
pub(crate) fn plain() -> Place {
    listen("127.0.0.1:0", None, Limits::default(), Drain::default())
}

impl Place {
    pub(crate) async fn connect(&self) -> Client {
        Client::new(match &self.local {
            Local::Tcp(address) => Box::new(TcpStream::connect(address).await.unwrap()),
            Local::Unix(path) => Box::new(UnixStream::connect(path).await.unwrap()),
        })
    }

    /// Connects from an address of the loopback network, e.g. `127.0.0.2`.
    pub(crate) async fn connect_from(&self, address: &str) -> Client {
        let Local::Tcp(to) = &self.local else { panic!("{} has no peer addresses", self.local) };
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address.parse::<IpAddr>().unwrap(), 0).into()).unwrap();
        Client::new(Box::new(socket.connect(*to).await.unwrap()))
    }
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One connection.
pub(crate) struct Client(Box<dyn Stream>);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn closes(&self) -> bool {
        self.head.to_lowercase().contains("\r\nconnection: close")
    }
}

impl Client {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Self {
        Self(stream)
    }

    pub(crate) async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Sends bytes that the peer may not take any more.
    pub(crate) async fn try_send(&mut self, bytes: &str) {
        let _ = self.0.write_all(bytes.as_bytes()).await;
    }

    /// Asks for the protocol of `/upgrade`.
    pub(crate) async fn upgrade(&mut self) {
        self.send("GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n").await;
        assert_eq!(self.answer().await.unwrap().status, 101);
    }

    /// Reads as many bytes.
    pub(crate) async fn read(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        tokio::time::timeout(PATIENCE, self.0.read_exact(&mut bytes)).await.unwrap().unwrap();
        bytes
    }

    /// Reads until the peer hangs up, and counts the bytes.
    pub(crate) async fn read_all(&mut self) -> usize {
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.unwrap();
        bytes.len()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        self.answer().await.unwrap()
    }

    /// The next answer; none if the peer hangs up before.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        tokio::time::timeout(PATIENCE, self.read_answer()).await.unwrap()
    }

    /// Waits until the peer hangs up without a word.
    pub(crate) async fn is_hung_up_on(&mut self) {
        assert!(self.answer().await.is_none(), "an answer that nobody asked for");
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Answer { status, head, body })
    }
}

/// Runs one of the ignored tests here in a process of its own: what it does to its environment or limits is
/// its own affair.
pub(crate) fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    command.stdin(Stdio::null());
    command
}
