//! Bad input, of every kind that there is: a clear 4xx, never a 500, and nothing is changed by it.
//!
//! Where the real Barbican beside it answers with a 4xx too, it must be the same one.

use super::host::Host;
use super::wrong::{IDS, acls, containers, secrets};
use portcullis_testing::openstack::client::{Answer, Call, Connection};
use portcullis_testing::{KeyManager, Openstack, Regime};
use serde_json::json;

/// One secret and one container with an ACL, in one host.
struct Target<'a> {
    host: &'a KeyManager,
    token: String,
    ids: [(&'static str, String); 2],
}

impl<'a> Target<'a> {
    fn new(openstack: &Openstack, host: &'a KeyManager) -> Self {
        let token = openstack.keystone.token("owner_a");
        let ids = [("secrets", host.secret(&token)), ("containers", host.container(&token))];
        let target = Self { host, token, ids };
        for path in target.paths() {
            let acl = json!({ "read": { "users": ["kept"], "project-access": false } });
            target.call("PUT", &path).json(&acl).send().expect(200);
        }
        target
    }

    fn paths(&self) -> Vec<String> {
        self.ids.iter().map(|(kind, id)| format!("/v1/{kind}/{id}/acl")).collect()
    }

    fn call(&self, method: &str, path: &str) -> Call {
        self.host.client.call(method, path).token(&self.token)
    }

    /// Everything that bad input might change.
    fn state(&self) -> Vec<String> {
        let lists = ["/v1/secrets?limit=100", "/v1/containers?limit=100"].map(str::to_owned);
        let calls = self.paths().into_iter().chain(lists).map(|path| self.call("GET", &path));
        calls.map(|call| call.send().expect(200).text()).collect()
    }

    /// All the bad calls, by what is wrong with them; their order is the same for every host.
    fn calls(&self) -> Vec<(String, Call)> {
        let mut calls = Vec::new();
        for path in self.paths() {
            let kind = path.split('/').nth(2).unwrap().to_owned();
            for method in ["PUT", "PATCH"] {
                for (what, body) in acls() {
                    let start = String::from_utf8_lossy(&body[..body.len().min(70)]).into_owned();
                    let call = self.call(method, &path).header("Content-Type", "application/json").body(body);
                    calls.push((format!("{method} {kind} {what}: {start}"), call));
                }
                for media in
                    ["", "text/plain", "APPLICATION/JSON", "application/x-www-form-urlencoded", "json", ";"]
                {
                    let call = self.call(method, &path).header("Content-Type", media).body("{}");
                    calls.push((format!("{method} {kind} content type `{media}`"), call));
                }
            }
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                for id in IDS {
                    let call = self.call(method, &format!("/v1/{kind}/{id}/acl"));
                    calls.push((format!("{method} {kind} id {id}"), call.json(&json!({ "read": {} }))));
                }
                let long = "a".repeat(6000);
                for tail in ["acl/read", "acls", "acl/acl", "ACL", "acl%00", &long] {
                    let call = self.call(method, &path.replace("/acl", &format!("/{tail}")));
                    let what = format!("{method} {kind} path {tail:.20}");
                    calls.push((what, call.json(&json!({ "read": {} }))));
                }
                let call = self.call(method, &path).header("Accept", "text/plain");
                calls.push((format!("{method} {kind} accept"), call.json(&json!({ "read": {} }))));
                let call = self.call(method, &path).header("OpenStack-API-Version", "key-manager 99.9");
                calls.push((format!("{method} {kind} version"), call.json(&json!({ "read": {} }))));
            }
            for method in ["POST", "HEAD", "TRACE", "LOCK"] {
                calls.push((
                    format!("{method} {kind}"),
                    self.call(method, &path).json(&json!({ "read": {} })),
                ));
            }
        }
        calls.extend(self.creations());
        calls
    }

    /// Secrets and containers that must not come to be.
    fn creations(&self) -> Vec<(String, Call)> {
        let secret = &self.ids[0].1;
        let base = format!("http://{}", self.host.client.address());
        let (secrets, containers) = (secrets(), containers(&base, secret));
        let mut calls = Vec::new();
        for (path, bodies) in [("/v1/secrets", &secrets[..]), ("/v1/containers", &containers[..])] {
            for body in bodies {
                calls.push((
                    format!("POST {path} {:.90}", body.to_string()),
                    self.call("POST", path).json(body),
                ));
            }
            // A secret with a key that nobody knows is a secret.
            let json =
                ["a user", "users", "project-access", "shape", "infinity", "not a number", "huge number"];
            for (what, body) in acls().into_iter().filter(|(what, _)| !json.contains(what)) {
                let call = self.call("POST", path).header("Content-Type", "application/json").body(body);
                calls.push((format!("POST {path} {what}"), call));
            }
        }
        let payload = |media: &str, body: &[u8]| {
            self.call("PUT", &format!("/v1/secrets/{secret}")).header("Content-Type", media).body(body)
        };
        calls.push(("a second payload".to_owned(), payload("text/plain", b"again")));
        calls.push(("payload of no type".to_owned(), payload("", b"again")));
        calls.push(("payload as JSON".to_owned(), payload("application/json", b"{}")));
        calls.push(("no payload".to_owned(), payload("text/plain", b"")));
        calls
    }
}

#[test]
fn bad_input_is_refused_clearly_and_changes_nothing() {
    let Some(openstack) = Openstack::needed() else { return };
    let barbican = openstack.barbican(Regime::Default);
    let host = Host::start(&openstack);
    let real = Target::new(&openstack, &barbican.key_manager);
    let ours = Target::new(&openstack, &host.key_manager);
    let before = ours.state();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for ((what, call), (_, theirs)) in ours.calls().into_iter().zip(real.calls()) {
        count += 1;
        // waitress answers nothing at all to some.
        let theirs = theirs.try_send().map_or(0, |answer| answer.status);
        match call.try_send() {
            Err(error) => wrong.push(format!("{what}: no answer ({error}), Barbican {theirs}")),
            Ok(answer) => {
                let same = answer.status == theirs || !(400..500).contains(&theirs);
                if !is_clear(&answer) || !same {
                    let text = answer.text();
                    wrong.push(format!("{what}: {} {text:.120}, Barbican {theirs}", answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(ours.state(), before);
    println!("{count} bad calls, each refused");
}

/// A 4xx with words in it, and no secret of ours or trace of the program.
fn is_clear(answer: &Answer) -> bool {
    let text = answer.text();
    (400..500).contains(&answer.status) && !text.contains("panicked") && !text.contains(".rs:")
}

/// Bytes that are not quite HTTP: the listener's own business, and as little of a reason to fail.
#[test]
fn what_is_not_http_is_refused_and_the_next_caller_is_served() {
    let Some(openstack) = Openstack::needed() else { return };
    let host = Host::start(&openstack);
    let target = Target::new(&openstack, &host.key_manager);
    let before = target.state();
    let path = &target.paths()[0];
    let head = |line: &str, headers: &str| {
        format!("{line}\r\nHost: x\r\nX-Auth-Token: {}\r\n{headers}Connection: close\r\n\r\n", target.token)
    };
    let put = format!("PUT {path} HTTP/1.1");
    let get = format!("GET {path} HTTP/1.1");
    let json = "Content-Type: application/json\r\n";
    let long = "x".repeat(1 << 20);
    let raw: Vec<(&str, Vec<u8>)> = vec![
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("a header of 1 MB", head(&get, &format!("X-Long: {long}\r\n")).into_bytes()),
        ("a token of 1 MB", format!("{get}\r\nHost: x\r\nX-Auth-Token: {long}\r\n\r\n").into_bytes()),
        ("10,000 headers", head(&get, &"X-Many: x\r\n".repeat(10_000)).into_bytes()),
        ("a path of 1 MB", head(&format!("GET /v1/secrets/{long} HTTP/1.1"), "").into_bytes()),
        ("a NUL in the path", head("GET /v1/secrets/\0/acl HTTP/1.1", "").into_bytes()),
        ("a NUL in a header", head(&get, "X-Nul: a\0b\r\n").into_bytes()),
        ("a bad header name", head(&get, "X Y: z\r\n").into_bytes()),
        ("a length that is none", head(&put, &format!("{json}Content-Length: -1\r\n")).into_bytes()),
        (
            "two lengths",
            head(&put, &format!("{json}Content-Length: 2\r\nContent-Length: 3\r\n")).into_bytes(),
        ),
        (
            "a bad chunk",
            [
                head(&put, &format!("{json}Transfer-Encoding: chunked\r\n")).as_bytes(),
                b"zz\r\n{}\r\n0\r\n\r\n",
            ]
            .concat(),
        ),
        ("an odd version", head(&format!("GET {path} HTTP/9.9"), "").into_bytes()),
    ];
    for (what, bytes) in raw {
        let answer = Connection::open(host.key_manager.client.address()).unwrap().exchange("GET", &bytes);
        let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    }
    assert_eq!(target.state(), before);
}
