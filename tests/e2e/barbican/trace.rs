//! What the `openstack` command sent when it was recorded, again: `tests/data/barbican/cli-trace.jsonl`. The command
//! itself is run in `clients.rs`.

use super::host::Host;
use super::normal::normal;
use portcullis_testing::{KeyManager, Openstack, Regime};
use serde_json::Value;

const TRACE: &str = include_str!("../../data/barbican/cli-trace.jsonl");
const HEADERS: [&str; 3] = ["Content-Type", "OpenStack-API-Version", "Vary"];

/// Sends all of it as owner_a, or as member_b where that was refused, and gives a line for each that is answered
/// otherwise.
fn replay(openstack: &Openstack, host: &KeyManager) -> (usize, Vec<String>) {
    let users = openstack.keystone.users();
    let (mut ids, mut count, mut wrong) = (Vec::<(String, String)>::new(), 0, Vec::new());
    for row in TRACE.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        count += 1;
        let text = |name: &str| {
            ids.iter()
                .fold(row[name].as_str().unwrap().to_owned(), |text, (then, now)| text.replace(then, now))
        };
        let is_refused = row["status"] == 403;
        let mut call = host.client.call(&text("method"), &text("path"));
        for (name, value) in row["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            call = match name.as_str() {
                "Host" | "Content-Length" => call,
                "X-Auth-Token" => {
                    call.token(&openstack.keystone.token(if is_refused { "member_b" } else { "owner_a" }))
                }
                _ => call.header(name, value),
            };
        }
        let body = text("body").replace("127.0.0.1:9312", host.client.address());
        let answer = if body.is_empty() { call } else { call.body(body) }.send();
        let then = row["response_body"].as_str().unwrap();
        let (is, wanted) = (normal(&answer.text(), users), normal(then, users));
        let same = if is_refused { is.contains("attempt not allowed") } else { is == wanted };
        if u64::from(answer.status) != row["status"].as_u64().unwrap() || !same {
            wrong.push(format!("{count}: {} {is} instead of {} {wanted}", answer.status, row["status"]));
        }
        let headers = row["response_headers"].as_object().unwrap();
        for name in HEADERS {
            let wanted = headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
            let wanted = wanted.map(|(_, value)| value.as_str().unwrap());
            if answer.header(name) != wanted {
                wrong.push(format!("{count}: {name} {:?} instead of {wanted:?}", answer.header(name)));
            }
        }
        if answer.status == 201 {
            let id = |body: &str| body.rsplit('/').next().unwrap()[..36].to_owned();
            ids.push((id(then), id(&answer.text())));
        }
    }
    (count, wrong)
}

#[track_caller]
fn assert_replayed(openstack: &Openstack, host: &KeyManager) {
    let (count, wrong) = replay(openstack, host);
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 51);
}

#[test]
fn the_real_barbican_answers_the_command_as_it_did() {
    let Some(openstack) = Openstack::needed() else { return };
    assert_replayed(&openstack, &openstack.barbican(Regime::Default).key_manager);
}

#[test]
fn portcullis_answers_the_command_as_barbican_did() {
    let Some(openstack) = Openstack::needed() else { return };
    assert_replayed(&openstack, &Host::start(&openstack).key_manager);
}
