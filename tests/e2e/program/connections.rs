//! Peers that hold connections without a token: others are answered.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{BOTH, PATIENCE, PROGRAM, Place, get_json, until};
use portcullis_testing::{Portcullis, http};
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

/// More than a listener's connections.
const SILENT: usize = 1100;
const ONE: &str = "127.0.0.1";
const OTHER: &str = "127.0.0.2";

/// A server with one more API on TCP.
struct Server {
    place: Place,
    portcullis: Portcullis,
    address: SocketAddrV4,
}

impl Server {
    /// The Barbican API, with these keys of `[listen]`.
    fn barbican(limits: &str) -> Self {
        let place = Place::new();
        let tokens = place.at("tokens.toml");
        let token = format!("[[tokens]]\nsha256 = \"{}\"\nuser = \"u\"\nproject = \"p\"\n", "0".repeat(64));
        secret_file(&tokens, &format!("{token}roles = [\"member\"]\n"));
        let barbican = format!("[barbican]\nlisten = [\"127.0.0.1:0\"]\ntokens = {tokens:?}\n");
        let policy = "[[policies]]\nname = \"barbican-acl\"\nmodule = \"builtin:barbican-acl\"\n";
        Self::start(place, limits, &format!("{barbican}{policy}{BOTH}"), "barbican")
    }

    fn start(place: Place, limits: &str, rest: &str, api: &str) -> Self {
        let config = place.config(&format!("{limits}\n[audit]\nfile = \"decisions.jsonl\"\n{rest}"));
        let portcullis = Portcullis::start(PROGRAM, &config);
        let log = portcullis.log();
        let (_, said) = log.split_once(&format!("{api} listens on ")).unwrap();
        let address = said.split(';').next().unwrap().parse().unwrap();
        Self { place, portcullis, address }
    }

    /// Connects from one of this machine's addresses.
    fn connect(&self, from: &str) -> TcpStream {
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&socket, &SocketAddrV4::new(from.parse::<Ipv4Addr>().unwrap(), 0)).unwrap();
        rustix::net::connect(&socket, &self.address).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn connect_silently(&self, from: &str) -> Vec<TcpStream> {
        allow_descriptors();
        (0..SILENT).map(|_| self.connect(from)).collect()
    }

    /// The status of a response, if there is one.
    fn status(&self, from: &str, path: &str) -> io::Result<u16> {
        let mut stream = self.connect(from);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        response
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or(io::ErrorKind::UnexpectedEof.into())
    }

    /// Connections that were closed for this reason.
    fn closed(&self, reason: &str) -> usize {
        let (_, metrics) = http::get_unix(&self.place.admin(), "/metrics").unwrap();
        let sample = format!("portcullis_connections_closed_total{{reason=\"{reason}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&sample)).unwrap().parse().unwrap()
    }
}

fn secret_file(path: &std::path::Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The test holds as many connections as the server, and so does every other test of this process.
fn allow_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// Whether the peer hangs up, in its own time, without a response.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn silent_connections_of_one_address_leave_the_others_answered() {
    // Nothing but the limit per peer can help in the time of the test.
    let server = Server::barbican("header_timeout = \"10m\"");
    let mut silent = server.connect_silently(ONE);
    assert_eq!(server.status(OTHER, "/healthcheck").unwrap(), 200);
    assert!(is_closed(&mut silent[SILENT - 1]), "it is one too many of its address");
    until("all that are too many are closed", || server.closed("peer-limit") == SILENT - 256);
    assert_eq!(server.closed("evicted"), 0);
    let log = server.portcullis.log();
    assert_eq!(log.matches("a peer has too many connections").count(), 1, "{log}");
}

#[test]
fn silent_connections_make_room_at_the_limit() {
    let server = Server::barbican("header_timeout = \"10m\"\nmax_connections_per_peer = 5000");
    let mut silent = server.connect_silently(ONE);
    for from in [OTHER, ONE] {
        assert_eq!(server.status(from, "/healthcheck").unwrap(), 200);
    }
    assert!(is_closed(&mut silent[0]), "it is the oldest");
    assert!(server.closed("evicted") >= SILENT - 1024);
    let log = server.portcullis.log();
    assert_eq!(log.matches("all connections are taken").count(), 1, "{log}");
}

#[test]
fn silent_connections_end_in_time() {
    let server = Server::barbican("header_timeout = \"1s\"\nmax_connections_per_peer = 8");
    let mut silent: Vec<_> = (0..8).map(|_| server.connect(ONE)).collect();
    assert!(silent.iter_mut().all(is_closed));
    until("the address is answered again", || {
        server.status(ONE, "/healthcheck").is_ok_and(|status| status == 200)
    });
    until("all are counted", || server.closed("header-timeout") == 8);
}

#[test]
fn unix_sockets_have_no_limit_per_peer() {
    let server = Server::barbican("max_connections_per_peer = 1");
    let _silent = [(); 5].map(|()| UnixStream::connect(server.place.admin()).unwrap());
    assert_eq!(get_json(&server.place.admin(), "/policies")["generation"], 1);
}

#[test]
fn proxies_have_no_limit_per_peer_and_a_reload_changes_them() {
    let place = Place::new();
    let key = place.at("key");
    secret_file(&key, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let rest = |trusted: &str| {
        format!(
            "[federation]\nlisten = [\"127.0.0.1:0\"]\n\
             [federation.aws]\naccess_key = \"AKIAIOSFODNN7EXAMPLE\"\nsecret_key = {{ file = {key:?} }}\n\
             [[federation.mounts]]\npolicies = [\"people\"]\naccounts = {{ a = \"111111111111\" }}\n\
             identity = {{ header = \"X-Remote-User\", trusted = [\"{trusted}\"] }}\n\
             [[policies]]\nname = \"people\"\nmodule = \"builtin:aws-roles\"\n{BOTH}"
        )
    };
    let limits = |proxy: &str| format!("max_connections_per_peer = 1\nproxies = [\"{proxy}\"]");
    let mut server = Server::start(place, &limits("127.0.1.0/24"), &rest("127.0.2.1"), "federation");
    let is_limited = |server: &Server, from: &str| {
        let mut held = server.connect(from);
        write!(held, "GET /status HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert_ne!(held.read(&mut [0]).unwrap(), 0, "{from}: it has one connection");
        server.status(from, "/status").is_err()
    };
    for (from, limited) in [(ONE, true), ("127.0.1.7", false), ("127.0.2.1", false), ("127.0.3.1", true)] {
        assert_eq!(is_limited(&server, from), limited, "{from}");
    }
    let audit = "[audit]\nfile = \"decisions.jsonl\"\n";
    let config = format!("{}\n{audit}{}", limits("127.0.3.1"), rest("127.0.4.1"));
    server.portcullis.configure(&server.place.config(&config));
    server.portcullis.reload();
    for (from, limited) in
        [("127.0.1.7", true), ("127.0.2.1", true), ("127.0.3.1", false), ("127.0.4.1", false)]
    {
        assert_eq!(is_limited(&server, from), limited, "{from}");
    }
    assert!(!server.portcullis.log().contains("takes a restart"), "{}", server.portcullis.log());
}
