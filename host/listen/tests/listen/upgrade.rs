//! Connections that became streams.

use super::support::{PATIENCE, listen};
use portcullis_listen::{Drain, Limits};
use std::time::Duration;

#[tokio::test]
async fn a_stream_counts_as_a_connection_and_is_not_evicted() {
    let limits = Limits { max_connections: 1, ..Limits::default() };
    let place = listen("127.0.0.1:0", None, limits, Drain::default());
    let mut stream = place.connect().await;
    stream.upgrade().await;
    let mut other = place.connect().await;
    other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // The time in which an idle connection would have made room.
    let waited = tokio::time::timeout(Duration::from_secs(1), other.answer()).await;
    assert!(waited.is_err(), "a second connection was served");
    stream.send("still here").await;
    assert_eq!(stream.read(10).await, b"still here");
    drop(stream);
    assert_eq!(other.answer().await.unwrap().text(), "hello");
}

#[tokio::test]
async fn a_drain_ends_streams_and_counts_none_as_cut_off() {
    let place =
        listen("127.0.0.1:0", None, Limits::default(), Drain::new(Duration::from_millis(400), PATIENCE));
    let mut stream = place.connect().await;
    stream.upgrade().await;
    place.drain.start();
    place.drain.started().await;
    stream.send("within the grace").await;
    assert_eq!(stream.read(16).await, b"within the grace");
    assert_eq!(stream.read_all().await, 0);
    assert_eq!(tokio::time::timeout(PATIENCE, place.served).await.unwrap().unwrap(), 0);
}
