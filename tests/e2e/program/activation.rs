//! A socket that belongs to the service manager: nobody who connects is ever turned away.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{BOTH, Connection, PATIENCE, PROGRAM, Place};
use portcullis_testing::child::Service;
use portcullis_testing::portcullis::clean;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const ACTIVATE: &[u8] =
    b"POST /Plugin.Activate HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Starts it as systemd does: the socket is descriptor 3, and the process is the one that is meant.
fn start(place: &Place, socket: &UnixListener) -> Service {
    let script =
        "exec 3<&0 </dev/null; exec env LISTEN_PID=$$ LISTEN_FDS=1 \"$0\" serve --config portcullis.toml";
    let mut command = Command::new("sh");
    clean(&mut command);
    command.args(["-c", script, PROGRAM]).current_dir(place.at(""));
    let log = place.at("log");
    let _ = fs::remove_file(&log);
    let input = Stdio::from(OwnedFd::from(socket.try_clone().unwrap()));
    let mut service = Service::start_with(&mut command, &log, input);
    service.wait_until(PATIENCE, || fs::read_to_string(&log).unwrap().contains("ready; "));
    service
}

#[test]
fn a_restart_turns_nobody_away() {
    let place = Place::new();
    fs::write(place.at("portcullis.toml"), place.config(&format!("[audit]\nfile = \"decisions\"\n{BOTH}")))
        .unwrap();
    let socket = UnixListener::bind(place.door()).unwrap();
    let mut service = start(&place, &socket);
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let answer = Connection::open(&place.door()).exchange(ACTIVATE);
                assert_eq!(answer.json()["Implements"][0], "authz");
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        for _ in 0..3 {
            let before = answered.load(Ordering::Relaxed);
            super::place::until("clients are answered", || {
                assert!(!client.is_finished(), "a client was turned away");
                answered.load(Ordering::Relaxed) > before
            });
            assert!(service.stop(PATIENCE).success(), "{}", service.log());
            assert!(place.door().exists(), "the socket's file is not ours to remove");
            // Nobody is there now; this one waits in the queue.
            let mut early = Connection::open(&place.door());
            early.send(ACTIVATE);
            service = start(&place, &socket);
            assert_eq!(early.answer().unwrap().status, 200);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(service.stop(Duration::from_mins(1)).success());
}

#[test]
fn a_socket_that_the_configuration_does_not_name_is_reported() {
    let place = Place::new();
    fs::write(place.at("portcullis.toml"), place.config(&format!("[audit]\nfile = \"decisions\"\n{BOTH}")))
        .unwrap();
    let socket = UnixListener::bind(place.at("other.sock")).unwrap();
    let service = start(&place, &socket);
    assert!(service.log().contains("that the configuration does not name"), "{}", service.log());
    assert!(place.door().exists());
}
