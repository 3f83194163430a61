//! Many streams at once, and peers that do not read or do not speak.

use super::host::Gateway;
use portcullis_testing::{Dockerd, need_dockerd};
use serde_json::Value;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

const STREAMS: usize = 500;
/// How long all of them are watched.
const WATCHED: Duration = Duration::from_mins(1);

/// A stream and what came of it.
struct Stream {
    socket: UnixStream,
    received: usize,
    first_byte: Option<Duration>,
    begun: Instant,
}

impl Stream {
    fn open(socket: &Path, prefix: &str, path: &str, token: &str) -> Self {
        let mut stream = UnixStream::connect(socket).unwrap();
        let authorization =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        write!(stream, "GET {prefix}{path} HTTP/1.1\r\nHost: gateway\r\n{authorization}\r\n").unwrap();
        stream.set_nonblocking(true).unwrap();
        Self { socket: stream, received: 0, first_byte: None, begun: Instant::now() }
    }

    /// Reads what is there. Fails if the stream has ended.
    fn read(&mut self) -> Result<(), String> {
        let mut chunk = [0; 4096];
        loop {
            match self.socket.read(&mut chunk) {
                Ok(0) => return Err("the stream has ended".into()),
                Ok(length) => {
                    self.received += length;
                    self.first_byte.get_or_insert_with(|| self.begun.elapsed());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

/// Reads all of them until each has received `bytes`.
fn read_until(streams: &mut [Stream], bytes: usize) {
    let end = Instant::now() + Duration::from_mins(2);
    while streams.iter().any(|stream| stream.received < bytes) {
        assert!(Instant::now() < end, "some streams received nothing for two minutes");
        for stream in &mut *streams {
            stream.read().unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn median(streams: &[Stream]) -> Duration {
    let mut times: Vec<_> = streams.iter().filter_map(|stream| stream.first_byte).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Resident memory of a process, in MiB.
fn memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
fn hundreds_of_streams_live_beside_peers_that_do_not_read_or_speak() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let run = |name: &str, script: &str| {
        dockerd.docker(&["run", "-d", "--name", name, "--network", "none", "bb:1", "sh", "-c", script]).ok();
    };
    run("ticks", "while true; do echo tick; sleep 1; done");
    // 64 MiB, so that a reader that stands still stands in the way somewhere.
    run("flood", "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); head -c 65536 /dev/zero; done; sleep 1000");
    let gateway = Gateway::with_baseline(dockerd, "");
    let (alice, token) = gateway.user("alice");
    let (bob, bobs_token) = gateway.user("bob");
    gateway.grant(&[alice, bob]);
    let socket = gateway.sockets.path().join("api.sock");
    let logs = |name: &str| format!("/v1.41/containers/{name}/logs?follow=1&stdout=1&tail=1");
    let prefix = "/api/endpoints/1/docker";

    let silent: Vec<_> = (0..100).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    let flood = "/v1.41/containers/flood/logs?follow=1&stdout=1";
    let unread: Vec<_> = (0..20).map(|_| Stream::open(&socket, prefix, flood, &bobs_token)).collect();
    let mut streams = Vec::with_capacity(STREAMS);
    for number in 0..STREAMS {
        let path = if number % 2 == 0 { logs("ticks") } else { "/v1.41/events".into() };
        let token = if number < STREAMS / 2 { &token } else { &bobs_token };
        streams.push(Stream::open(&socket, prefix, &path, token));
        for stream in &mut streams {
            stream.read().unwrap();
        }
    }
    read_until(&mut streams, 1);
    let end = Instant::now() + WATCHED;
    let before: Vec<_> = streams.iter().map(|stream| stream.received).collect();
    while Instant::now() < end {
        for stream in &mut streams {
            stream.read().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // An event for those that wait for events.
    gateway.dockerd.docker(&["volume", "create", "seen-by-all"]).ok();
    for (stream, before) in streams.iter_mut().zip(before) {
        stream.received -= before;
    }
    read_until(&mut streams, 1);
    assert_eq!(gateway.call("GET", "/api/endpoints/1/docker/info", &token, &Value::Null).0, 200);
    let id = gateway.portcullis.id().unwrap();
    let memory = memory(id);
    // One after the other, in turns.
    let (mut direct, mut through) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        direct.push(Stream::open(&gateway.dockerd.socket(), "", &logs("ticks"), ""));
        read_until(direct.last_mut().map(std::slice::from_mut).unwrap(), 1);
        through.push(Stream::open(&socket, prefix, &logs("ticks"), &token));
        read_until(through.last_mut().map(std::slice::from_mut).unwrap(), 1);
    }
    println!(
        "first byte: {:?} direct, {:?} through the gateway, while {STREAMS} others are open; {memory} MiB",
        median(&direct),
        median(&through)
    );
    assert!(memory < 150, "{memory} MiB");
    drop((silent, unread));
}
