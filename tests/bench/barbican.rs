//! Portcullis beside the real Barbican: `cargo bench --bench barbican`.
//!
//! One client with one kept connection and a token that both have seen asks for an ACL and patches it; the same
//! requests go to both, in turns, in one run, both with a database file. What counts is the ratio: GET of an ACL is to take
//! at most a twentieth of Barbican's time, PATCH a tenth. Prints a table, and fails where it is more.
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

use host::Host;
use portcullis_testing::openstack::client::Connection;
use portcullis_testing::{KeyManager, Openstack, Regime};
use serde_json::json;
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
    let barbican = openstack.barbican(Regime::Default);
    let host = Host::start(&openstack);
    let token = openstack.keystone.token("owner_a");
    println!(
        "{:<12} {:<10} {:>9} {:>9} {:>9} {:>9}",
        "server", "request", "p50 us", "p95 us", "max us", "ratio"
    );
    for (method, wanted) in [("GET", 20.0), ("PATCH", 10.0)] {
        let mut real = Side::new(&barbican.key_manager, &token, method);
        let mut ours = Side::new(&host.key_manager, &token, method);
        for _ in 0..ROUNDS {
            real.run(REAL);
            ours.run(OURS);
        }
        let ratio = real.row("Barbican", method, 1.0) / ours.at(0.5);
        ours.row("Portcullis", method, 1.0 / ratio);
        assert!(ratio >= wanted, "{method}: a {ratio:.1}th, and a {wanted}th is wanted");
    }
}

/// One server, and how long it took each time.
struct Side {
    connection: Connection,
    method: &'static str,
    request: Vec<u8>,
    times: Vec<Duration>,
}

impl Side {
    fn new(server: &KeyManager, token: &str, method: &'static str) -> Self {
        let secret = server.secret(token);
        let acl = json!({ "users": ["u1", "u2", "u3"], "project-access": false });
        server.set_acl(token, "PUT", &secret, &acl);
        let call = server.client.call(method, &format!("/v1/secrets/{secret}/acl")).token(token);
        let call = if method == "PATCH" { call.json(&json!({ "read": acl })) } else { call };
        let connection = Connection::open(server.client.address()).unwrap();
        let mut side = Self { connection, method, request: call.bytes(true), times: Vec::new() };
        side.run(REAL);
        side.times.clear();
        side
    }

    fn run(&mut self, times: usize) {
        for _ in 0..times {
            let begun = Instant::now();
            let answer = self.connection.exchange(self.method, &self.request).unwrap();
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
    fn row(&self, name: &str, method: &str, ratio: f64) -> f64 {
        let (p50, p95, max) = (self.at(0.5), self.at(0.95), self.at(1.0));
        println!("{name:<12} {:<10} {p50:>9.0} {p95:>9.0} {max:>9.0} {ratio:>9.4}", format!("{method} acl"));
        p50
    }
}
