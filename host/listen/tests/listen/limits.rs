//! What one peer can occupy at most, and that others are served meanwhile.

use super::support::{LARGE, PATIENCE, child, listen, listen_with, plain};
use portcullis_listen::{CloseReason, Drain, Limits, Local, Options};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_slow_head_is_cut_off_and_nothing_else_is() {
    let limits = Limits { header_timeout: Duration::from_millis(500), ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let mut idle = place.connect().await;
    assert_eq!(idle.get("/").await.status, 200);
    let mut body = place.connect().await;
    body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab").await;
    let mut answered_late = place.connect().await;
    answered_late.send("GET /wait/1500 HTTP/1.1\r\nHost: x\r\n\r\n").await;

    let mut silent = place.connect().await;
    silent.is_hung_up_on().await;
    let mut slow = place.connect().await;
    slow.send("GET / HTTP/1.1\r\nHost: x\r\nX-").await;
    slow.is_hung_up_on().await;
    let mut slow = place.connect().await;
    assert_eq!(slow.get("/").await.status, 200);
    slow.send("G").await;
    slow.is_hung_up_on().await;

    body.send("cd").await;
    assert_eq!(body.answer().await.unwrap().text(), "abcd");
    assert_eq!(answered_late.answer().await.unwrap().text(), "waited");
    assert_eq!(idle.get("/").await.status, 200);
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let limits = Limits { header_timeout: SHORT, ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let mut slow = place.connect().await;
    slow.send("GET / HTTP/1.1\r\nX: ").await;
    let hung_up = async {
        while let Err(_still_open) = tokio::time::timeout(SHORT / 10, slow.answer()).await {
            slow.try_send("x").await;
        }
    };
    tokio::time::timeout(PATIENCE, hung_up).await.unwrap();
}

/// dockerd's HTTP client may open a connection, use another one that became free first, and keep both.
#[tokio::test]
async fn an_unused_connection_on_a_unix_socket_is_kept_where_idle_ones_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, idle_timeout| {
        let limits = Limits { header_timeout: SHORT, idle_timeout, ..Limits::default() };
        listen(folder.path().join(name).to_str().unwrap(), None, limits, Drain::default())
    };
    let (docker, other) = (at("docker.sock", None), at("other.sock", Some(PATIENCE * 9)));
    let mut kept = docker.connect().await;
    other.connect().await.is_hung_up_on().await;
    assert_eq!(kept.get("/").await.status, 200);
    kept.send("G").await;
    kept.is_hung_up_on().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_where_that_is_wished() {
    let limits = Limits { idle_timeout: Some(SHORT), ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let mut client = place.connect().await;
    for _ in 0..3 {
        assert_eq!(client.get("/wait/100").await.status, 200);
    }
    assert_eq!(client.get("/wait/300").await.status, 200, "who waits for an answer is not idle");
    client.is_hung_up_on().await;
}

#[tokio::test]
async fn a_body_that_stops_coming_is_refused() {
    let limits = Limits { body_timeout: SHORT, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let place = listen_with("127.0.0.1:0", None, &options, Drain::default());
    for half in [
        "Content-Length: 4\r\n\r\nab",
        "Content-Length: 4\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0;x",
    ] {
        let mut client = place.connect().await;
        client.send(&format!("POST /echo HTTP/1.1\r\nHost: x\r\n{half}")).await;
        assert_eq!(client.answer().await.unwrap().status, 400, "{half:?}");
        client.is_hung_up_on().await;
    }
    assert_eq!(options.stats.closed(CloseReason::BodyTimeout), 4);
}

/// The body is not read, so no timeout of its own applies.
#[tokio::test]
async fn a_body_that_is_not_read_does_not_keep_the_connection() {
    let place = plain();
    let mut client = place.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab").await;
    assert_eq!(client.answer().await.unwrap().text(), "hello");
    client.is_hung_up_on().await;
}

#[tokio::test]
async fn a_response_that_the_peer_does_not_read_is_cut_off() {
    let limits = Limits { write_timeout: SHORT, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let place = listen_with("127.0.0.1:0", None, &options, Drain::default());
    let mut client = place.connect().await;
    client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let closed = async {
        while options.stats.closed(CloseReason::WriteTimeout) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
    assert!(client.read_all().await < LARGE);
}

#[tokio::test]
async fn a_head_has_a_greatest_length() {
    let place = plain();
    let mut client = place.connect().await;
    let ten_kib = "x".repeat(10 * 1024);
    client.send(&format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {ten_kib}\r\n\r\n")).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    client.send(&format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", ten_kib.repeat(7))).await;
    assert_eq!(client.answer().await.unwrap().status, 431);
}

#[tokio::test]
async fn with_a_request_in_flight_on_every_connection_the_next_one_waits() {
    let limits = Limits { max_connections: 2, ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let (mut first, mut second) = (place.connect().await, place.connect().await);
    for client in [&mut first, &mut second] {
        assert_eq!(client.get("/").await.status, 200);
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na").await;
    }
    let mut third = place.connect().await;
    third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(tokio::time::timeout(SHORT, third.answer()).await.is_err());
    second.send("b").await;
    assert_eq!(second.answer().await.unwrap().text(), "ab");
    // The second connection is idle now, and makes room.
    assert_eq!(third.answer().await.unwrap().status, 200);
    second.is_hung_up_on().await;
    first.send("b").await;
    assert_eq!(first.answer().await.unwrap().text(), "ab");
}

#[tokio::test]
async fn at_the_limit_connections_without_a_request_make_room() {
    let limits = Limits { max_connections: 3, header_timeout: PATIENCE * 9, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let place = listen_with("127.0.0.1:0", None, &options, Drain::default());
    let mut used = place.connect().await;
    assert_eq!(used.get("/").await.status, 200);
    let (mut silent, mut begun) = (place.connect().await, place.connect().await);
    begun.send("GET / HTTP/1.1\r\nHost").await;
    let mut younger = Vec::new();
    // First the oldest of those that never sent a complete head, last the one that did.
    for closed in [&mut silent, &mut begun, &mut used] {
        let mut client = place.connect().await;
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na").await;
        closed.is_hung_up_on().await;
        client.send("b").await;
        assert_eq!(client.answer().await.unwrap().text(), "ab");
        younger.push(client);
    }
    assert_eq!(options.stats.closed(CloseReason::Evicted), 3);
}

#[tokio::test]
async fn a_response_in_flight_is_not_cut_off_for_a_new_connection() {
    let limits = Limits { max_connections: 1, ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let mut reader = place.connect().await;
    reader.send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let mut next = place.connect().await;
    next.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(tokio::time::timeout(SHORT, next.answer()).await.is_err());
    assert!(reader.read_all().await > LARGE);
    assert_eq!(next.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn dockerd_keeps_its_idle_connections_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let limits = Limits { max_connections: 2, ..Limits::default() };
    let place = listen(path.to_str().unwrap(), None, limits, Drain::default());
    let (mut idle, mut unused) = (place.connect().await, place.connect().await);
    assert_eq!(idle.get("/").await.status, 200);
    let mut used = place.connect().await;
    assert_eq!(used.get("/").await.status, 200);
    unused.is_hung_up_on().await;
    let mut waiting = place.connect().await;
    waiting.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(tokio::time::timeout(SHORT, waiting.answer()).await.is_err());
    drop(used);
    assert_eq!(waiting.answer().await.unwrap().status, 200);
    assert_eq!(idle.get("/").await.status, 200);
}

#[tokio::test]
async fn one_address_has_a_limit_of_its_own() {
    let limits = Limits { max_connections_per_peer: 2, header_timeout: PATIENCE * 9, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let place = listen_with("127.0.0.1:0", None, &options, Drain::default());
    let silent = [place.connect_from("127.0.0.1").await, place.connect_from("127.0.0.1").await];
    for _ in 0..3 {
        place.connect_from("127.0.0.1").await.is_hung_up_on().await;
    }
    assert_eq!(options.stats.closed(CloseReason::PeerLimit), 3);
    assert_eq!(place.connect_from("127.0.0.2").await.get("/").await.status, 200);
    drop(silent);
    let admitted = async {
        loop {
            let mut client = place.connect_from("127.0.0.1").await;
            client.try_send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
            if client.answer().await.is_some() {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, admitted).await.unwrap();
}

#[tokio::test]
async fn proxies_and_unix_sockets_have_no_limit_per_peer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let limits = Limits { max_connections_per_peer: 1, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    options.proxies.set(vec!["127.0.0.2/31".parse().unwrap()]);
    for address in [path.to_str().unwrap(), "127.0.0.1:0"] {
        let place = listen_with(address, None, &options, Drain::default());
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(match place.local {
                Local::Unix(_) => place.connect().await,
                Local::Tcp(_) => place.connect_from("127.0.0.3").await,
            });
        }
        for client in &mut clients {
            assert_eq!(client.get("/").await.status, 200, "{address}");
        }
    }
}

#[test]
fn it_outlives_a_lack_of_descriptors() {
    let output = child("limits::child_without_descriptors").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("answered after all"));
}

#[test]
fn without_descriptors_an_idle_connection_makes_room() {
    let output = child("limits::child_evicts_for_a_descriptor").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("answered by eviction"));
}

/// Opens files until there is no descriptor left.
fn take_descriptors() -> Vec<std::fs::File> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = Rlimit { current: Some(64), ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).unwrap();
    std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect()
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn child_evicts_for_a_descriptor() {
    let place = plain();
    let mut idle = place.connect().await;
    assert_eq!(idle.get("/").await.status, 200);
    let mut taken = take_descriptors();
    taken.pop();
    // The client takes the last descriptor, and its connection can be accepted when the idle one is closed.
    let mut client = place.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    idle.is_hung_up_on().await;
    drop(taken);
    println!("answered by eviction");
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn child_without_descriptors() {
    let place = plain();
    let Local::Tcp(address) = place.local else { panic!() };
    let mut taken = take_descriptors();
    taken.pop();
    let mut client = place.connect().await;
    let full = tokio::net::TcpStream::connect(address).await.unwrap_err();
    assert_eq!(full.raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(tokio::time::timeout(SHORT, client.answer()).await.is_err(), "it could not be accepted");
    drop(taken);
    assert_eq!(client.answer().await.unwrap().status, 200);
    println!("answered after all");
}
