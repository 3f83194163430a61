//! Load over the sockets, as dockerd makes it: `cargo bench --bench load`.
//!
//! A recorded container create is posted again and again over 1 and 8 connections, by unix socket and TCP, to
//! `portcullis serve` and, in the same run, to a bare axum handler that parses the same JSON and answers a constant:
//! the ratio is what counts, since both see the same machine at the same time. Prints a table and the server's own
//! processor time per answer.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "this is a tool that prints figures"
)]

mod processor;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use portcullis_testing::Portcullis;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
const ROUND: Duration = Duration::from_secs(4);
const ROUTE: &str = "/AuthZPlugin.AuthZReq";

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--bare") {
        return bare(Path::new(&arguments[at + 1]), &arguments[at + 2]);
    }
    let folder = tempfile::tempdir().unwrap();
    let message = recorded_create();
    let bare = Bare::start(folder.path());
    println!("message: {} bytes; {} s a row; {} cores", message.len(), ROUND.as_secs(), cores());
    println!(
        "{:<34} {:>5} {:>10} {:>9} {:>9} {:>9} {:>12}",
        "server", "conns", "answers/s", "p50 us", "p99 us", "max us", "cpu us each"
    );
    for (name, policies) in
        [("docker-baseline and allow", SMALL.to_owned()), ("20,000 users in settings", large())]
    {
        let unix = folder.path().join("portcullis.sock");
        let port = free_port();
        let started = Instant::now();
        let portcullis = Portcullis::start(PROGRAM, &config(&unix, port, &policies));
        let cold = started.elapsed();
        first_answer(&unix, &message);
        drop(portcullis);
        let mut portcullis = Portcullis::start(PROGRAM, &config(&unix, port, &policies));
        first_answer(&unix, &message);
        let started = Instant::now();
        portcullis.restart();
        first_answer(&unix, &message);
        let warm = started.elapsed();
        let id = portcullis.id().unwrap();
        for connections in [1, 8] {
            let tcp = format!("127.0.0.1:{port}");
            row(&format!("{name}, unix"), connections, id, || UnixStream::connect(&unix).unwrap(), &message);
            row(
                "bare axum handler, unix",
                connections,
                bare.child.id(),
                || UnixStream::connect(&bare.unix).unwrap(),
                &message,
            );
            row(&format!("{name}, tcp"), connections, id, || connect(&tcp), &message);
            row("bare axum handler, tcp", connections, bare.child.id(), || connect(&bare.tcp), &message);
        }
        println!(
            "{name}: start to ready cold {cold:.0?}, to first answer warm {warm:.0?}, resident after load {} MiB",
            resident(id) >> 20
        );
    }
}

const SMALL: &str = r#"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
[[policies]]
name = "allow"
module = "builtin:allow"
"#;

/// docker-baseline with an exception for each of 20,000 users.
fn large() -> String {
    let users =
        (0..20_000).map(|user| format!("user{user} = [\"privileged\"]")).collect::<Vec<_>>().join("\n");
    SMALL.replace(
        "\n[[policies]]\nname = \"allow\"",
        &format!("\n[policies.settings.allow]\n{users}\n[[policies]]\nname = \"allow\""),
    )
}

fn config(unix: &Path, port: u16, policies: &str) -> String {
    format!(
        "state = \"state\"\n[listen]\ndocker = [\"unix:{}\", \"127.0.0.1:{port}\"]\nadmin = []\n[audit]\nfile = \"decisions.jsonl\"\n{policies}",
        unix.display()
    )
}

/// The body that dockerd sent for `docker create`, from the recording.
fn recorded_create() -> Vec<u8> {
    let recording = include_str!("../data/docker/authz-recorded.jsonl");
    let rows = recording.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let is_create = |row: &serde_json::Value| {
        row["label"].as_str().is_some_and(|label| label.starts_with("010 create"))
            && row["body"]["RequestUri"].as_str().is_some_and(|uri| uri.contains("/containers/create"))
    };
    rows.into_iter().find(is_create).unwrap()["body"].to_string().into_bytes()
}

fn first_answer(unix: &Path, message: &[u8]) {
    let answer =
        portcullis_testing::http::post_unix(unix, ROUTE, std::str::from_utf8(message).unwrap()).unwrap();
    assert_eq!(answer, (200, r#"{"Allow":true}"#.to_owned()));
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn row<S: Read + Write + Send + 'static>(
    name: &str,
    connections: usize,
    server: u32,
    open: impl Fn() -> S,
    message: &[u8],
) {
    let request = [
        format!("POST {ROUTE} HTTP/1.1\r\nHost: plugin\r\nContent-Length: {}\r\n\r\n", message.len())
            .as_bytes(),
        message,
    ]
    .concat();
    let server = server.to_string();
    let (before, begun) = (processor::time(&server), Instant::now());
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let (stream, request) = (open(), request.clone());
            std::thread::spawn(move || client(stream, &request, begun + ROUND))
        })
        .collect();
    let mut times: Vec<u32> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let (elapsed, processor) = (begun.elapsed(), processor::time(&server).saturating_sub(before));
    times.sort_unstable();
    let at = |share: f64| f64::from(times[((times.len() - 1) as f64 * share) as usize]) / 1e3;
    println!(
        "{name:<34} {connections:>5} {:>10.0} {:>9.1} {:>9.1} {:>9.0} {:>12.1}",
        times.len() as f64 / elapsed.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0),
        processor.as_secs_f64() * 1e6 / times.len() as f64
    );
}

/// Nanoseconds of each exchange until `end`.
fn client(mut stream: impl Read + Write, request: &[u8], end: Instant) -> Vec<u32> {
    let mut times = Vec::with_capacity(1 << 18);
    let mut answer = [0; 4096];
    while Instant::now() < end {
        let begun = Instant::now();
        stream.write_all(request).unwrap();
        let mut length = 0;
        // Every answer is short and ends with its JSON object.
        while !answer[..length].ends_with(b"}") {
            let read = stream.read(&mut answer[length..]).unwrap();
            assert_ne!(read, 0, "the server closed the connection");
            length += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
        times.push(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
    }
    times
}

/// The handler that everything else is measured against, in a process of its own.
struct Bare {
    child: Child,
    unix: PathBuf,
    tcp: String,
}

impl Bare {
    fn start(folder: &Path) -> Self {
        let (unix, tcp) = (folder.join("bare.sock"), format!("127.0.0.1:{}", free_port()));
        let program = std::env::current_exe().unwrap();
        let child = Command::new(program).arg("--bare").arg(&unix).arg(&tcp).spawn().unwrap();
        while UnixStream::connect(&unix).is_err() || TcpStream::connect(&tcp).is_err() {
            std::thread::yield_now();
        }
        Self { child, unix, tcp }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bare(unix: &Path, tcp: &str) {
    let router = Router::new().route(
        ROUTE,
        post(|body: Bytes| async move {
            serde_json::from_slice::<serde_json::Value>(&body).unwrap();
            r#"{"Allow":true}"#
        }),
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use axum::serve::ListenerExt as _;
        let tcp =
            tokio::net::TcpListener::bind(tcp).await.unwrap().tap_io(|io| io.set_nodelay(true).unwrap());
        let unix = tokio::net::UnixListener::bind(unix).unwrap();
        let by_tcp = async { axum::serve(tcp, router.clone()).await.unwrap() };
        let by_unix = async { axum::serve(unix, router.clone()).await.unwrap() };
        tokio::join!(by_tcp, by_unix);
    });
}

fn resident(process: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
