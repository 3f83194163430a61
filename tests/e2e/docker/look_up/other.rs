//! Another authorization plugin of the same daemon. It allows everything, and sees what Portcullis sees.

use portcullis_testing::Plugin;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

/// A plugin that is served until the test ends.
pub(super) struct Other {
    pub(super) name: String,
    _plugin: Plugin,
}

type OnRequest = dyn Fn(&Value) + Send + Sync;

impl Other {
    /// `on_request` is called with each question about a request, and the answer waits for it.
    pub(super) fn serve(on_request: impl Fn(&Value) + Send + Sync + 'static) -> Self {
        let plugin = Plugin::socket();
        std::fs::create_dir_all(plugin.path().parent().unwrap()).unwrap();
        let listener = UnixListener::bind(plugin.path()).unwrap();
        let on_request: Arc<OnRequest> = Arc::new(on_request);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let on_request = Arc::clone(&on_request);
                std::thread::spawn(move || answer(stream, &*on_request));
            }
        });
        Self { name: plugin.name.clone(), _plugin: plugin }
    }
}

/// Answers on one connection until dockerd closes it.
fn answer(stream: UnixStream, on_request: &OnRequest) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(text) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        if path == "/AuthZPlugin.AuthZReq" {
            on_request(&serde_json::from_slice(&body).ok()?);
        }
        let text =
            if path == "/Plugin.Activate" { r#"{"Implements":["authz"]}"# } else { r#"{"Allow":true}"# };
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).ok()?;
    }
}
