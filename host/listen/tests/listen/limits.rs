//! What a peer may not do, and that others do not suffer from it.

use super::support::{child, listen, plain};
use portcullis_listen::{Drain, Limits, Local};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_slow_head_is_cut_off_and_nothing_else_is() {
    let limits = Limits { head: SHORT, ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let mut idle = place.connect().await;
    assert_eq!(idle.get("/").await.status, 200);
    let silent = place.connect().await;
    let mut body = place.connect().await;
    body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab").await;
    let mut answered_late = place.connect().await;
    answered_late.send("GET /wait/600 HTTP/1.1\r\nHost: x\r\n\r\n").await;

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
    for mut client in [idle, silent] {
        assert_eq!(client.get("/").await.status, 200);
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_where_that_is_wished() {
    let limits = Limits { idle: Some(SHORT), ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let (mut silent, mut client) = (place.connect().await, place.connect().await);
    for _ in 0..3 {
        assert_eq!(client.get("/wait/100").await.status, 200);
    }
    assert_eq!(client.get("/wait/300").await.status, 200, "who waits for an answer is not idle");
    client.is_hung_up_on().await;
    silent.is_hung_up_on().await;
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
async fn who_comes_after_the_last_place_waits() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let (mut first, mut second, mut third) =
        (place.connect().await, place.connect().await, place.connect().await);
    for client in [&mut first, &mut second] {
        assert_eq!(client.get("/").await.status, 200);
    }
    third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(tokio::time::timeout(SHORT, third.answer()).await.is_err());
    drop(first);
    assert_eq!(third.answer().await.unwrap().status, 200);
}

#[test]
fn it_outlives_a_lack_of_descriptors() {
    let output = child("limits::child_without_descriptors").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("answered after all"));
}

#[tokio::test]
#[ignore = "run in a process of its own"]
async fn child_without_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let place = plain();
    let Local::Tcp(address) = place.local else { panic!() };
    let limit = Rlimit { current: Some(64), ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
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
