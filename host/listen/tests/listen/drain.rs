//! Ending without dropping a request.

use super::support::{Client, PATIENCE, Place, listen, plain};
use portcullis_listen::{Drain, Limits, Local};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const GRACE: Duration = Duration::from_millis(400);

fn short(address: &str, limit: Duration) -> Place {
    listen(address, None, Limits::default(), Drain::new(GRACE, limit))
}

async fn ended(place: Place) -> usize {
    tokio::time::timeout(PATIENCE, place.served).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_idle_connection_gets_a_last_answer_or_a_clean_end() {
    let place = short("127.0.0.1:0", PATIENCE);
    let (mut used, mut unused, mut late) =
        (place.connect().await, place.connect().await, place.connect().await);
    for client in [&mut used, &mut unused] {
        assert!(!client.get("/").await.closes());
    }
    late.send("GET /wait/700 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    place.drain.start();
    place.drain.started().await;
    let mut answer = used.get("/").await;
    while !answer.closes() {
        answer = used.get("/").await;
    }
    used.is_hung_up_on().await;
    unused.is_hung_up_on().await;
    let answer = late.answer().await.unwrap();
    assert_eq!((answer.text(), answer.closes()), ("waited", true));
    late.is_hung_up_on().await;
    assert_eq!(ended(place).await, 0);
}

#[tokio::test]
async fn a_head_that_has_begun_is_waited_for() {
    let place = short("127.0.0.1:0", PATIENCE);
    let (mut client, mut idle) = (place.connect().await, place.connect().await);
    for client in [&mut client, &mut idle] {
        assert_eq!(client.get("/").await.status, 200);
    }
    client.send("GET / HTTP/1.1\r\nHost").await;
    place.drain.start();
    // When the idle one is closed, the grace is over.
    idle.is_hung_up_on().await;
    client.send(": x\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.text(), answer.closes()), ("hello", true));
    assert_eq!(ended(place).await, 0);
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off_and_counted() {
    let place = short("127.0.0.1:0", Duration::from_millis(50));
    let (mut slow, mut quick) = (place.connect().await, place.connect().await);
    slow.send("GET /wait/60000 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(quick.get("/").await.status, 200);
    place.drain.start();
    slow.is_hung_up_on().await;
    assert_eq!(ended(place).await, 1);
}

#[tokio::test]
async fn it_ends_at_once_when_nobody_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let place = listen(path.to_str().unwrap(), None, Limits::default(), Drain::new(PATIENCE * 9, PATIENCE));
    assert_eq!(place.connect().await.get("/").await.status, 200);
    place.drain.start();
    assert_eq!(ended(place).await, 0);
    assert!(!path.exists());
}

#[tokio::test]
async fn who_had_knocked_is_let_in() {
    let limits = Limits { max_connections: 1, ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::new(PATIENCE, PATIENCE));
    let mut first = place.connect().await;
    assert_eq!(first.get("/").await.status, 200);
    first.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na").await;
    // One is accepted and waits for a permit, the other one is in the system's queue.
    let mut waiting = [place.connect().await, place.connect().await];
    place.drain.start();
    for client in &mut waiting {
        let answer = client.get("/").await;
        assert_eq!((answer.status, answer.closes()), (200, true));
    }
    first.send("b").await;
    assert!(first.answer().await.unwrap().closes());
    assert_eq!(ended(place).await, 0);
}

#[tokio::test]
async fn every_listener_hears_of_it() {
    let drain = Drain::default();
    let places = [0; 2].map(|_| listen("127.0.0.1:0", None, Limits::default(), drain.clone()));
    assert!(!drain.has_started());
    drain.start();
    assert!(drain.has_started());
    for place in places {
        assert_eq!(ended(place).await, 0);
    }
}

/// What dockerd does: connections are kept and used again and again. Each request that was sent is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_no_request_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let unix = folder.path().join(format!("{round}.sock"));
        let answered = Arc::new(AtomicUsize::new(0));
        let places = [short(unix.to_str().unwrap(), PATIENCE), short("127.0.0.1:0", PATIENCE)];
        let mut clients = Vec::new();
        for place in &places {
            for number in 0..8 {
                let path = ["/", "/wait/1", "/wait/7", "/peer"][number % 4];
                clients.push(tokio::spawn(keep_asking(place.local.clone(), path, Arc::clone(&answered))));
            }
        }
        while answered.load(Ordering::Relaxed) < 400 {
            tokio::task::yield_now().await;
        }
        for place in &places {
            place.drain.start();
        }
        for client in clients {
            tokio::time::timeout(PATIENCE, client).await.unwrap().unwrap();
        }
        for place in places {
            assert_eq!(ended(place).await, 0);
        }
    }
}

async fn keep_asking(local: Local, path: &str, answered: Arc<AtomicUsize>) {
    loop {
        let mut client = match &local {
            Local::Unix(path) => match tokio::net::UnixStream::connect(path).await {
                Ok(stream) => Client::new(Box::new(stream)),
                Err(_) => return,
            },
            Local::Tcp(address) => match tokio::net::TcpStream::connect(address).await {
                Ok(stream) => Client::new(Box::new(stream)),
                Err(_) => return,
            },
        };
        loop {
            client.send(&format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")).await;
            let answer = client.answer().await.expect("a request that was sent is answered");
            answered.fetch_add(1, Ordering::Relaxed);
            if answer.closes() {
                break;
            }
        }
        if matches!(local, Local::Tcp(_)) {
            // Between a TCP socket's last accept and its end the system may take one more connection.
            return;
        }
    }
}

#[tokio::test]
async fn a_drain_can_be_waited_for() {
    let place = plain();
    let waiting = tokio::spawn({
        let drain = place.drain.clone();
        async move { drain.started().await }
    });
    place.drain.start();
    waiting.await.unwrap();
}
