//! Portcullis beside the real Barbican: `cargo bench --bench barbican`.
//!
//! One client with one kept connection and a token that both have seen asks for an ACL, patches it, and lists a page of 10,000
//! secrets; the same requests go to both, in turns, in one run, both with a database file. What counts is the ratio: GET of an
//! ACL is to take at most a twentieth of Barbican's time, PATCH and the list a tenth. Prints a table, and fails where it is
//! more.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "this is a tool that prints figures"
)]

#[path = "../e2e/barbican/host.rs"]
mod host;

use host::{Host, PROGRAM};
use portcullis_testing::openstack::client::{Call, Connection};
use portcullis_testing::{Barbican, KeyManager, Openstack, Portcullis, Regime, Run, barbican};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

/// Rounds of both servers, and requests of each in a round: Barbican takes milliseconds.
const ROUNDS: usize = 10;
const REAL: usize = 40;
const OURS: usize = 400;

fn main() {
    // What `cargo test --benches` does is to see that it can be run.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let Some(openstack) = Openstack::needed() else { return };
    let real = Barbican::start(&openstack.tools, openstack.keystone, Regime::Default, "");
    let host = Host::start(&openstack);
    let token = openstack.keystone.token("owner_a");
    fill(&openstack, &real, &host, &token);
    println!(
        "{:<12} {:<10} {:>9} {:>9} {:>9} {:>9}",
        "server", "request", "p50 us", "p95 us", "max us", "ratio"
    );
    for (name, wanted, request) in [
        ("GET acl", 20.0, (|to, token| acl(to, token, "GET")) as fn(&KeyManager, &str) -> Call),
        ("PATCH acl", 10.0, |to, token| acl(to, token, "PATCH")),
        ("list", 10.0, |to, token| to.client.get("/v1/secrets?limit=100&offset=5000").token(token)),
    ] {
        let mut real = Side::new(&real.key_manager, &request(&real.key_manager, &token));
        let mut ours = Side::new(&host.key_manager, &request(&host.key_manager, &token));
        for _ in 0..ROUNDS {
            real.run(REAL);
            ours.run(OURS);
        }
        let ratio = real.row("Barbican", name, 1.0) / ours.at(0.5);
        ours.row("Portcullis", name, 1.0 / ratio);
        assert!(ratio >= wanted, "{name}: a {ratio:.1}th, and a {wanted}th is wanted");
    }
}

/// Copies a secret 10,000 times in Barbican's database, and imports that.
fn fill(openstack: &Openstack, real: &Barbican, host: &Host, token: &str) {
    real.key_manager.secret(token);
    let program = "import sqlite3, sys, uuid\nc = sqlite3.connect(sys.argv[1])\n\
        c.create_function('new_id', 0, lambda: str(uuid.uuid4()))\n\
        names = [row[1] for row in c.execute('PRAGMA table_info(secrets)') if row[1] != 'id']\n\
        c.execute('WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) '\n\
        '    INSERT INTO secrets (id, %s) SELECT new_id(), %s FROM secrets, n' % (', '.join(names), ', '.join(names)))\n\
        c.commit()";
    Run::of(Command::new(openstack.tools.program("python")).args(["-c", program]).arg(real.database())).ok();
    let kek = host.portcullis.folder().join("kek");
    fs::write(&kek, barbican::KEK).unwrap();
    fs::set_permissions(&kek, fs::Permissions::from_mode(0o600)).unwrap();
    let url = format!("sqlite:///{}", real.database().display());
    let import = ["barbican", "import", "--config", "portcullis.toml", "--kek-file", "kek", "--from", &url];
    Portcullis::run(PROGRAM, host.portcullis.folder(), &import).ok();
}

/// A request for the ACL of a secret of its own.
fn acl(server: &KeyManager, token: &str, method: &str) -> Call {
    let secret = server.secret(token);
    let acl = json!({ "users": ["u1", "u2", "u3"], "project-access": false });
    server.set_acl(token, "PUT", &secret, &acl);
    let call = server.client.call(method, &format!("/v1/secrets/{secret}/acl")).token(token);
    if method == "PATCH" { call.json(&json!({ "read": acl })) } else { call }
}

/// One server, and how long it took each time.
struct Side {
    connection: Connection,
    request: Vec<u8>,
    times: Vec<Duration>,
}

impl Side {
    fn new(server: &KeyManager, call: &Call) -> Self {
        let connection = Connection::open(server.client.address()).unwrap();
        let mut side = Self { connection, request: call.bytes(true), times: Vec::new() };
        side.run(REAL);
        side.times.clear();
        side
    }

    fn run(&mut self, times: usize) {
        for _ in 0..times {
            let begun = Instant::now();
            let answer = self.connection.exchange("GET", &self.request).unwrap();
            self.times.push(begun.elapsed());
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        self.times.sort_unstable();
    }

    /// Microseconds that this share of the requests did not exceed.
    fn at(&self, share: f64) -> f64 {
        self.times[((self.times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6
    }

    /// Prints a row, and gives its p50.
    fn row(&self, name: &str, what: &str, ratio: f64) -> f64 {
        let (p50, p95, max) = (self.at(0.5), self.at(0.95), self.at(1.0));
        println!("{name:<12} {what:<10} {p50:>9.0} {p95:>9.0} {max:>9.0} {ratio:>9.4}");
        p50
    }
}
