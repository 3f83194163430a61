//! Open streams end with the session of their user.

use super::host::Gateway;
use portcullis_testing::{Dockerd, need_dockerd};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A stream of the engine, of which the head and the first bytes were read.
fn open(gateway: &Gateway, token: &str, request_line: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&gateway.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n{headers}\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"started") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&head));
        head.push(byte[0]);
    }
    stream
}

/// Whether the stream ends, and not by a timeout.
fn ends(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    !matches!(stream.read_to_end(&mut rest), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn streams_end_when_the_token_the_grant_or_the_user_goes() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let script = "echo started; sleep 1000";
    dockerd.docker(&["run", "-d", "--name", "web", "--network", "none", "bb:1", "sh", "-c", script]).ok();
    let gateway = Gateway::with_baseline(dockerd, "");
    let (id, token) = gateway.user("alice");
    let logs = "GET /api/endpoints/1/docker/v1.41/containers/web/logs?follow=1&stdout=1";
    let attach = "POST /api/endpoints/1/docker/v1.41/containers/web/attach?logs=1&stream=1&stdout=1";
    let upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    let both = |token: &str| (open(&gateway, token, logs, ""), open(&gateway, token, attach, upgrade));
    let call = |method: &str, path: &str, token: &str| gateway.call(method, path, token, &Value::Null).0;

    let (log, attached) = both(&token);
    assert_eq!(call("POST", "/api/auth/logout", &token), 204);
    assert!(ends(log) && ends(attached), "the token was revoked");
    assert_eq!(call("GET", "/api/endpoints/1/docker/info", &token), 401);

    let token = gateway.login("alice", super::host::PASSWORD);
    let (log, attached) = both(&token);
    gateway.grant(&[]);
    assert!(ends(log) && ends(attached), "the grant was withdrawn");
    assert_eq!(call("GET", "/api/endpoints/1/docker/info", &token), 403);

    gateway.grant(&[id]);
    let (log, attached) = both(&token);
    assert_eq!(call("DELETE", &format!("/api/users/{id}"), &gateway.admin), 204);
    assert!(ends(log) && ends(attached), "the user was deleted");
    assert_eq!(call("GET", "/api/endpoints/1/docker/info", &token), 401);
}
