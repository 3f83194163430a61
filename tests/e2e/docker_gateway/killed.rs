//! `kill -9` in the middle of writes: what was acknowledged is there afterwards.

use super::host::{Gateway, PASSWORD};
use portcullis_testing::{Dockerd, http, need_dockerd};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const KILLS: usize = 30;

#[test]
fn no_acknowledged_user_or_grant_is_lost() {
    let Some(needed) = need_dockerd() else { return };
    let mut gateway = Gateway::with_baseline(Dockerd::start(&needed, &[], None), "");
    let socket = gateway.sockets.path().join("api.sock");
    let acknowledged = Arc::new(Mutex::new(Vec::<(i64, String)>::new()));
    let mut granted: Vec<i64> = Vec::new();
    for round in 0..KILLS {
        let admin = gateway.admin.clone();
        let ends = Arc::new(AtomicBool::new(false));
        let writing = {
            let (socket, acknowledged, ends) = (socket.clone(), Arc::clone(&acknowledged), Arc::clone(&ends));
            thread::spawn(move || {
                let mut last_grant = None;
                for number in 0.. {
                    if ends.load(Ordering::Acquire) {
                        break;
                    }
                    let name = format!("user-{round}-{number}");
                    let user = json!({ "Username": name, "Password": PASSWORD, "Role": 2 });
                    let Some(answer) = call(&socket, &admin, "POST", "/api/users", &user) else { break };
                    let id = answer["Id"].as_i64().unwrap();
                    acknowledged.lock().unwrap().push((id, name));
                    let grant = json!({ "UserAccessPolicies": { id.to_string(): { "RoleId": 0 } } });
                    // Unknown from now on until it is acknowledged.
                    last_grant = None;
                    if call(&socket, &admin, "PUT", "/api/endpoints/1", &grant).is_none() {
                        break;
                    }
                    last_grant = Some(id);
                }
                last_grant
            })
        };
        // At a moment that differs in each round.
        thread::sleep(Duration::from_millis(100 + 17 * round as u64 % 200));
        gateway.portcullis.kill();
        ends.store(true, Ordering::Release);
        let last_grant = writing.join().unwrap();
        gateway.portcullis.restart();
        if let Some(id) = last_grant {
            let (status, endpoint) = gateway.call("GET", "/api/endpoints/1", &gateway.admin, &Value::Null);
            assert_eq!(status, 200, "{endpoint}");
            let policies = endpoint["UserAccessPolicies"].as_object().unwrap();
            assert!(policies.contains_key(&id.to_string()), "the grant of {id} is lost: {endpoint}");
            granted.push(id);
        }
    }
    let (status, users) = gateway.call("GET", "/api/users", &gateway.admin, &Value::Null);
    assert_eq!(status, 200, "{users}");
    let found = |id: i64, name: &str| {
        users.as_array().unwrap().iter().any(|user| user["Id"] == id && user["Username"] == name)
    };
    let acknowledged = acknowledged.lock().unwrap();
    println!("{} users acknowledged in {KILLS} lives, {} grants checked", acknowledged.len(), granted.len());
    assert!(acknowledged.len() > KILLS / 2, "too few writes for the test to say anything");
    for (id, name) in &*acknowledged {
        assert!(found(*id, name), "{name} ({id}) is lost");
    }
}

/// The response, or none where the connection broke.
fn call(socket: &std::path::Path, token: &str, method: &str, path: &str, body: &Value) -> Option<Value> {
    let body = body.to_string();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, answer) = http::send_unix(socket, request.as_bytes()).ok()?;
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).ok()
}
