//! `X-Registry-Auth`: stored credentials reach their registry and no other, seen by stub registries that record.

use super::host::Gateway;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_testing::{Dockerd, need_dockerd};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A registry that asks for a password, has no images, and records what it was given.
struct StubRegistry {
    host: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl StubRegistry {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let mut authorization = None;
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    if let Some((name, value)) = line.split_once(": ")
                        && name.eq_ignore_ascii_case("authorization")
                    {
                        authorization = Some(value.trim().to_owned());
                    }
                }
                let status = match authorization {
                    None => "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"stub\"",
                    Some(given) => {
                        recorded.lock().unwrap().push(given);
                        "404 Not Found"
                    }
                };
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
                let _ = reader.get_mut().write_all(head.as_bytes());
            }
        });
        Self { host, seen }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

#[test]
fn stored_credentials_reach_their_registry_and_no_other() {
    let Some(needed) = need_dockerd() else { return };
    let gateway = Gateway::with_baseline(Dockerd::start(&needed, &[], None), "");
    let (ours, theirs) = (StubRegistry::start(), StubRegistry::start());
    let registry = json!({
        "Name": "ours", "Type": 3, "URL": ours.host, "Authentication": true, "Username": "robot", "Password": "hunter2",
    });
    let (status, answer) = gateway.call("POST", "/api/registries", &gateway.admin, &registry);
    assert_eq!((status, &answer["Id"]), (200, &1.into()), "{answer}");
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
    let (alice, token) = gateway.user("alice");
    let pull = |host: &str, header: &str, token: &str| {
        let path = format!("/api/endpoints/1/docker/v1.41/images/create?fromImage={host}/app&tag=1");
        let headers = format!("X-Registry-Auth: {header}\r\nContent-Length: 0\r\n");
        gateway.send("POST", &path, token, &headers, "")
    };
    let portainers = "eyJyZWdpc3RyeUlkIjoxfQ==";
    let basic = format!("Basic {}", STANDARD.encode("robot:hunter2"));

    // Not granted, unknown, of another host: dockerd is not asked.
    for (host, header, token, status) in [
        (&ours.host, portainers.to_owned(), token.as_str(), 403),
        (&ours.host, STANDARD.encode(r#"{"registryId":9}"#), &gateway.admin, 404),
        (&theirs.host, portainers.to_owned(), &gateway.admin, 403),
        (&"evil.invalid".to_owned(), portainers.to_owned(), &gateway.admin, 403),
        (&ours.host, STANDARD.encode(r#"{"registryId":"1"}"#), &gateway.admin, 400),
    ] {
        let (found, answer) = pull(host, &header, token);
        assert_eq!(found, status, "{host} {header}: {answer}");
    }
    assert_eq!((ours.take(), theirs.take()), (Vec::new(), Vec::new()));

    let grant = json!({ "UserAccessPolicies": { alice.to_string(): { "RoleId": 0 } } });
    let (status, answer) = gateway.call("PUT", "/api/endpoints/1/registries/1", &gateway.admin, &grant);
    assert_eq!(status, 204, "{answer}");
    for header in [portainers.to_owned(), URL_SAFE_NO_PAD.encode(r#"{"registryId":1}"#)] {
        // The stub has no such image.
        let (_, answer) = pull(&ours.host, &header, &token);
        let seen = ours.take();
        assert!(!seen.is_empty() && seen.iter().all(|given| *given == basic), "{answer}: {seen:?}");
    }
    assert_eq!(theirs.take(), Vec::<String>::new());

    // Real credentials pass through, and are in no record.
    let own = json!({ "username": "alice", "password": "swordfish" });
    pull(&theirs.host, &base64::engine::general_purpose::URL_SAFE.encode(own.to_string()), &token);
    let expected = format!("Basic {}", STANDARD.encode("alice:swordfish"));
    assert!(theirs.take().contains(&expected));
    let records = serde_json::to_string(&gateway.records()).unwrap();
    let secrets = ["hunter2", "swordfish", portainers, &STANDARD.encode("robot:hunter2")];
    for secret in secrets {
        assert!(!records.contains(secret) && !gateway.portcullis.log().contains(secret), "{secret}");
    }
    let refused: Vec<Value> =
        gateway.records().into_iter().filter(|record| record["rule"] == "host:registry").collect();
    assert_eq!(refused.len(), 5);
}
