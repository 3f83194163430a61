//! What survives: files that have become bad, and a kill at any moment of a swap.

use super::super::program::place::{PROGRAM, Place, until};
use super::*;
use std::io::Write as _;
use std::os::unix::net::UnixStream;

#[test]
fn the_last_good_set_is_served_where_the_files_have_become_bad() {
    let mut host = Host::start(ALLOWS);
    let revision = host.policy()["revision"].clone();
    host.configure(r#"{ "alowed_mounts": [] }"#, "");
    until("the refusal is seen", || !host.policies()["last_reload_error"].is_null());
    host.portcullis.restart();
    assert!(host.allows() && host.policy()["revision"] == revision);
    let listed = host.policies();
    let error = listed["last_reload_error"].as_str().unwrap();
    assert!(error.contains("portcullis.toml:7: policy `docker-baseline`: its settings"), "{error}");
    let ready = http::get_unix(&host.admin(), "/readyz").unwrap();
    assert!(ready.0 == 200 && ready.1.contains("warning: the last reload was refused"), "{ready:?}");
    assert!(host.portcullis.log().contains("those that were in force last are in force again"));
    let refusal = host.records("change").pop().unwrap();
    assert_eq!(
        (&refusal["operation"], &refusal["verdict"]),
        (&json!("LoadPolicies"), &json!("deny")),
        "{refusal}"
    );
    // A module that is gone is no other matter.
    host.portcullis
        .configure(&Host::config(&host.place, ALLOWS, "").replace("builtin:docker-baseline", "gone.wasm"));
    host.portcullis.restart();
    assert!(host.allows());
    host.configure(DENIES, "");
    until("the mended files are in force", || !host.allows());
}

#[test]
fn without_a_set_that_was_in_force_bad_files_start_nothing() {
    let place = Place::new();
    let line = place.refused(&Host::config(&place, r#"{ "alowed_mounts": [] }"#, ""));
    assert!(line.contains("alowed_mounts"), "{line}");
}

#[test]
fn a_set_of_files_that_was_refused_is_no_set_to_go_back_to() {
    let mut host = Host::start(ALLOWS);
    let none = host.place.config("[audit]\nfile = \"decisions.jsonl\"\n");
    host.portcullis.configure(&none);
    until("the refusal is seen", || !host.policies()["last_reload_error"].is_null());
    let changes = host.records("change");
    assert!(changes.iter().all(|change| change["verdict"] == "deny"), "{changes:#?}");
    host.configure(r#"{ "alowed_mounts": [] }"#, "");
    host.portcullis.restart();
    assert!(host.allows());
}

#[test]
fn a_broken_file_of_cases_keeps_the_last_good_set_and_is_looked_at_again() {
    let place = Place::new();
    let cases = |verdict: &str| {
        let case = json!({ "name": "a list", "hook": "docker-request",
            "input": { "operation": "ContainerList" }, "expect": { "verdict": verdict } });
        format!("{case}\n")
    };
    fs::write(place.at("cases.jsonl"), cases("allow")).unwrap();
    let more = format!("cases = {:?}\n", place.at("cases.jsonl"));
    let portcullis = Portcullis::start(PROGRAM, &Host::config(&place, ALLOWS, &more));
    let mut host = Host { place, portcullis };
    let error = |host: &Host| host.policies()["last_reload_error"].clone();
    fs::write(host.place.at("cases.jsonl"), "{").unwrap();
    until("the broken file is seen", || !error(&host).is_null());
    host.portcullis.restart();
    assert!(host.allows() && error(&host).as_str().unwrap().contains("cases.jsonl"), "{}", error(&host));
    fs::write(host.place.at("cases.jsonl"), cases("deny")).unwrap();
    until("the case fails", || error(&host).to_string().contains("a list"));
    fs::write(host.place.at("cases.jsonl"), cases("allow")).unwrap();
    until("the mended file is accepted", || error(&host).is_null());
}

#[test]
fn what_was_put_holds_and_what_was_withdrawn_stays_away_while_files_come_and_go() {
    let mut host = Host::start(ALLOWS);
    host.configure(DENIES, "");
    until("the second revision is in force", || !host.allows());
    host.accepted("POST", "/policies/docker-baseline/rollback", &Value::Null);
    assert!(host.allows() && host.policy()["origin"] == "api");
    // The file says again what is in force, and the policy is the file's.
    host.configure(ALLOWS, "");
    until("it comes from the file", || host.policy()["origin"] == "file");
    host.put_settings(r#"{ "otherwise": "allow", "allowed_mounts": ["/srv"] }"#);
    for restart in [false, true] {
        if restart {
            host.portcullis.restart()
        } else {
            host.portcullis.reload()
        }
        assert_eq!(host.policy()["settings"]["allowed_mounts"], json!(["/srv"]), "restart: {restart}");
    }
    host.configure(DENIES, "");
    until("the withdrawn revision is refused", || {
        host.policies()["last_reload_error"]
            .as_str()
            .unwrap_or_default()
            .contains("was withdrawn by a rollback")
    });
    assert!(host.allows());
}

/// Each round puts the other settings, and kills the host at another moment of that.
#[test]
fn a_kill_at_any_moment_of_a_swap_leaves_the_old_set_or_the_new_one() {
    let rounds: u32 = std::env::var("PORTCULLIS_SOAK").map_or(10, |_| 100);
    let mut host = Host::start(ALLOWS);
    let mut revisions = vec![host.policy()["revision"].clone()];
    let mut acknowledged = 0;
    for round in 0..rounds {
        let settings = if round % 2 == 0 { DENIES } else { ALLOWS };
        let before = host.policy()["revision"].clone();
        let body = format!("{{\"settings\":{settings}}}");
        let request = format!(
            "PUT /policies/docker-baseline HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = UnixStream::connect(host.admin()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        // Spread over the 40 ms or so that a swap from the cache takes; the last ones wait for the answer.
        let moment = std::time::Duration::from_millis(u64::from(round % 10) * 5);
        stream.set_read_timeout(Some(moment.max(std::time::Duration::from_millis(1)))).unwrap();
        let mut answer = [0; 12];
        let answered =
            std::io::Read::read_exact(&mut stream, &mut answer).is_ok() && answer.ends_with(b"200");
        host.portcullis.kill();
        host.portcullis.restart();
        let after = host.policy();
        let expected = match after["settings"]["otherwise"].as_str().unwrap() {
            "allow" => true,
            "abstain" => false,
            other => panic!("{other}"),
        };
        assert_eq!(host.allows(), expected, "round {round}");
        if answered {
            acknowledged += 1;
            assert_eq!(after["settings"], serde_json::from_str::<Value>(settings).unwrap(), "round {round}");
        }
        let known = revisions.contains(&after["revision"]) || after["revision"] != before;
        assert!(known, "round {round}: {after}");
        if !revisions.contains(&after["revision"]) {
            revisions.push(after["revision"].clone());
        }
    }
    assert!(revisions.len() <= 2, "{revisions:?}");
    println!("{rounds} kills, {acknowledged} swaps acknowledged before, none lost");
}
