//! A new API is one line: the echo API of `portcullis-testing`, with an upgrade and a runtime for each core, beside the
//! program's own.
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use portcullis_listen::Activation;
use portcullis_server::{ConfigSource, Register, Registration};
use portcullis_testing::echo::Echo;
use portcullis_testing::http;
use rustix::process::{Signal, getpid, kill_process};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The line of registration.
const ECHO: Register = |config| Registration { api: Arc::new(Echo), endpoints: &config.listen.api };

/// Connects as soon as it listens.
fn connect(socket: &Path) -> UnixStream {
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => {
                stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                return stream;
            }
            Err(_) => std::thread::yield_now(),
        }
    }
}

/// What the head of a response says, up to the empty line.
fn head(stream: &mut UnixStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn asks(folder: &Path) {
    let (echo, admin) = (folder.join("echo"), folder.join("admin"));
    let mut stream = connect(&echo);
    assert_eq!(http::post_unix(&echo, "/echo", r#"{"a":1}"#).unwrap(), (200, r#"{"a":1}"#.to_owned()));

    stream
        .write_all(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .unwrap();
    assert!(head(&mut stream).starts_with("HTTP/1.1 101 "));
    for text in ["one", "two"] {
        stream.write_all(text.as_bytes()).unwrap();
        let mut back = [0; 3];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, text.as_bytes());
    }
    assert_eq!(http::get_unix(&admin, "/healthz").unwrap().0, 200);
    kill_process(getpid(), Signal::TERM).unwrap();
    // The server ends while the upgraded connection is open.
    drop(stream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_api_is_registered_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let file = path.join("portcullis.toml");
    let place = path.display();
    let text = format!(
        "state = \"{place}/state\"\n[listen]\ndocker = []\napi = [\"unix:{place}/echo\"]\nadmin = [\"unix:{place}/admin\"]\n\
         [audit]\nfile = \"{place}/decisions.jsonl\"\n"
    );
    std::fs::write(&file, text).unwrap();
    let asking = tokio::task::spawn_blocking(move || asks(&path));
    portcullis_server::serve(ConfigSource::File(file), Activation::default(), &[ECHO]).await.unwrap();
    asking.await.unwrap();
}
