//! Load on the federation door: `cargo bench --bench federation`.
//!
//! `/account`, and `/credentials` from the cache, over TCP with 1, 8 and 32 connections, for a user in three groups whom a
//! proxy's header names. What AFP itself did on a machine of the same kind (one process, wsgiref, STS by moto) stands
//! beside it. Prints a table.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "this is a tool that prints figures"
)]

use portcullis_testing::Portcullis;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
const ROUND: Duration = Duration::from_secs(4);
/// Answers per second of AFP: of a list, and of credentials.
const AFP: [f64; 2] = [469.0, 151.0];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sts = runtime.block_on(portcullis_testing::fake_sts::FakeSts::start());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let portcullis = Portcullis::start(PROGRAM, &config(port, &sts.url()));
    println!("{} s a row", ROUND.as_secs());
    println!(
        "{:<14} {:>5} {:>10} {:>9} {:>9} {:>12}",
        "", "conns", "answers/s", "p50 us", "p99 us", "times AFP's"
    );
    for (name, path, afp) in
        [("/account", "/account", AFP[0]), ("/credentials", "/account/production/reader/credentials", AFP[1])]
    {
        for connections in [1, 8, 32] {
            let (rate, times) = row(port, path, connections);
            let at = |share: f64| f64::from(times[((times.len() - 1) as f64 * share) as usize]) / 1e3;
            println!(
                "{name:<14} {connections:>5} {rate:>10.0} {:>9.1} {:>9.1} {:>12.0}",
                at(0.5),
                at(0.99),
                rate / afp
            );
        }
    }
    println!("questions to STS: {}", sts.count());
    drop(portcullis);
}

fn config(port: u16, sts: &str) -> String {
    let folder = "[listen]\ndocker = []\nadmin = []\n";
    format!(
        r#"state = "state"
{folder}api = ["127.0.0.1:{port}"]
[audit]
file = "decisions.jsonl"
[federation.aws]
endpoint = "{sts}"
access_key = "AKIAIOSFODNN7EXAMPLE"
secret_key = {{ env = "PATH" }}
[[federation.mounts]]
identity = {{ header = "X-Remote-User", trusted = ["127.0.0.1"], groups_header = "X-Remote-Groups" }}
policies = ["aws-roles"]
accounts = {{ production = "111111111111", staging = "222222222222" }}
[[policies]]
name = "aws-roles"
module = "builtin:aws-roles"
settings = {{ groups = [{{ pattern = "aws-(?P<account>.+)-(?P<role>[^-]+)" }}] }}
"#
    )
}

/// Answers per second, and the nanoseconds of each in order.
fn row(port: u16, path: &str, connections: usize) -> (f64, Vec<u32>) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Remote-User: alice\r\nX-Remote-Groups: aws-production-reader, aws-staging-admin, users\r\n\r\n"
    );
    let begun = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_nodelay(true).unwrap();
            let request = request.clone();
            std::thread::spawn(move || client(stream, request.as_bytes(), begun + ROUND))
        })
        .collect();
    let mut times: Vec<u32> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    (rate, times)
}

fn client(mut stream: TcpStream, request: &[u8], end: Instant) -> Vec<u32> {
    let mut times = Vec::with_capacity(1 << 17);
    let mut answer = [0; 8192];
    while Instant::now() < end {
        let begun = Instant::now();
        stream.write_all(request).unwrap();
        let mut length = 0;
        while !is_whole(&answer[..length]) {
            let read = stream.read(&mut answer[length..]).unwrap();
            assert_ne!(read, 0, "the server closed the connection");
            length += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
        times.push(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX));
    }
    times
}

/// Whether head and body are there: every answer says how long it is.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = std::str::from_utf8(&answer[..head]).unwrap();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
    answer.len() >= head + 4 + length.parse::<usize>().unwrap()
}
