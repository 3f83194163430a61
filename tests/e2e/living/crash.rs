//! What survives: files that have become bad, and a kill at any moment of a swap.

use super::super::program::place::{Place, until};
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
