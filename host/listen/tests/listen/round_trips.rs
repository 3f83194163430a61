//! Requests as clients really send them.

use super::support::{PATIENCE, listen, plain};
use portcullis_listen::{Activation, Address, Drain, Limits, Listener, Local, Options};

#[tokio::test]
async fn every_kind_of_socket_says_who_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let unix = format!("unix:{}/a/b.sock", folder.path().display());
    let place = listen(&unix, None, Limits::default(), Drain::default());
    assert_eq!(place.connect().await.get("/peer").await.text(), "unix");
    assert_eq!(place.local.to_string(), unix);

    for address in ["127.0.0.1:0", "tcp:localhost:0"] {
        let place = listen(address, None, Limits::default(), Drain::default());
        let mut client = place.connect().await;
        for _ in 0..3 {
            let answer = client.get("/peer").await;
            assert!(
                answer.text().starts_with("127.0.0.1:") || answer.text().starts_with("[::1]:"),
                "{answer:?}"
            );
        }
    }
}

/// dockerd 20.10 sends an empty `Host` to a plugin on a unix socket; older ones sent the socket's path.
#[tokio::test]
async fn any_host_will_do() {
    let place = plain();
    let mut client = place.connect().await;
    for host in [
        "Host: \r\n",
        "Host:\r\n",
        "",
        "Host: %2Frun%2Fdocker%2Fplugins%2Fx.sock\r\n",
        "Host: /run/x.sock\r\n",
    ] {
        client.send(&format!("POST /echo HTTP/1.1\r\n{host}Content-Length: 3\r\n\r\nabc")).await;
        let answer = client.answer().await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, "abc"), "{host:?}");
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks_and_requests_in_a_row() {
    let place = plain();
    let mut client = place.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    client
        .send("2\r\nde\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET /peer HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.unwrap().text(), "abcde");
    assert_eq!(client.answer().await.unwrap().text(), "hello");
    assert!(client.answer().await.unwrap().text().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn a_handler_that_panics_refuses_and_hurts_nobody() {
    let place = plain();
    let (mut client, mut other) = (place.connect().await, place.connect().await);
    assert_eq!(other.get("/").await.status, 200);
    let answer = client.get("/panic").await;
    assert_eq!((answer.status, answer.text()), (500, "internal error: the request was refused"));
    for client in [&mut client, &mut other, &mut place.connect().await] {
        assert_eq!(client.get("/").await.status, 200);
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_told() {
    let place = plain();
    let Local::Tcp(address) = place.local else { panic!() };
    let address = Address::parse(&address.to_string()).unwrap();
    let bound = Listener::bind(&address, None, &Options::default(), &mut Activation::default());
    let error = bound.err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot listen on `{address}`: ")), "{error}");
    assert!(error.ends_with("; stop the process that listens there, or choose another port"), "{error}");
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_told() {
    // No resolver has to be asked about an empty label.
    let address = Address::parse("no..host:1").unwrap();
    let bound = Listener::bind(&address, None, &Options::default(), &mut Activation::default());
    let error = bound.err().unwrap().to_string();
    assert!(error.starts_with("cannot listen on `no..host:1`: cannot resolve the host: "), "{error}");
}

#[tokio::test]
async fn http_2_is_refused() {
    let place = plain();
    let mut client = place.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let answer = tokio::time::timeout(PATIENCE, client.answer()).await.unwrap();
    assert!(answer.is_none_or(|answer| answer.status >= 400));
}
