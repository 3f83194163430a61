//! SIGTERM and SIGHUP.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{BOTH, Connection, Place, ask, get_json, message, signal};
use rustix::process::Signal;
use std::fs;

const ACTIVATE: &[u8] = b"POST /Plugin.Activate HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";

#[test]
fn sigterm_lets_kept_connections_go_in_good_order() {
    let place = Place::new();
    let mut portcullis = place.start("");
    let mut kept = Connection::open(&place.door());
    let first = kept.exchange(ACTIVATE);
    assert!(first.status == 200 && !first.head.contains("connection: close"), "{}", first.head);
    signal(portcullis.id().unwrap(), Signal::TERM);
    while !kept.exchange(ACTIVATE).head.contains("connection: close") {}
    assert!(kept.answer().is_none(), "it is closed after the answer that says so");
    assert_eq!(portcullis.terminate().code(), Some(0));
    assert!(!place.door().exists() && !place.admin().exists());
}

#[test]
fn sigint_ends_it_too_and_a_record_under_way_is_written() {
    let place = Place::new();
    let mut portcullis = place.start("");
    ask(&place.door(), &message("GET", "/containers/json", None));
    signal(portcullis.id().unwrap(), Signal::INT);
    assert_eq!(portcullis.terminate().code(), Some(0));
    let records = fs::read_to_string(portcullis.folder().join("decisions.jsonl")).unwrap();
    assert!(records.lines().count() == 1 && records.contains("ContainerList"), "{records}");
}

#[test]
fn sighup_opens_a_moved_log_anew() {
    let place = Place::new();
    let mut portcullis = place.start("");
    let (log, moved) = (portcullis.folder().join("decisions.jsonl"), portcullis.folder().join("moved"));
    ask(&place.door(), &message("GET", "/containers/json", None));
    fs::rename(&log, &moved).unwrap();
    ask(&place.door(), &message("GET", "/images/json", None));
    portcullis.reload();
    ask(&place.door(), &message("GET", "/volumes", None));
    assert!(portcullis.terminate().success());
    let lines = |file| fs::read_to_string(file).unwrap().lines().count();
    assert_eq!((lines(&moved), lines(&log)), (2, 1));
}

#[test]
fn a_reload_takes_policies_and_says_what_takes_a_restart() {
    let place = Place::new();
    let mut portcullis = place.start("");
    let policies = || get_json(&place.admin(), "/policies");
    let audit = "[audit]\nfile = \"decisions.jsonl\"\n";
    let settings = "settings = { allowed_mounts = [\"/srv\"] }\n[[policies]]\nname = \"allow";
    let changed = BOTH.replace("[[policies]]\nname = \"allow", settings);
    portcullis.configure(&place.config(&format!("{audit}{changed}")));
    portcullis.reload();
    assert_eq!(policies()["generation"], 2);
    assert!(!portcullis.log().contains("takes a restart"), "{}", portcullis.log());

    portcullis.configure(&place.config(&format!("{audit}{}", changed.replace("allowed_mounts", "alowed"))));
    portcullis.reload();
    let refused = policies();
    let complaint = refused["last_reload_error"].as_str().unwrap();
    assert!(
        complaint.starts_with("portcullis.toml:7: policy `docker-baseline`: its settings: "),
        "{complaint}"
    );
    assert_eq!(refused["generation"], 2);

    let elsewhere =
        place.config(&format!("[docker]\ndaemon = \"x\"\n{BOTH}")).replace("door.sock", "other.sock");
    portcullis.configure(&elsewhere);
    portcullis.reload();
    for section in ["[listen]", "[docker]", "[audit]"] {
        let warning = format!("{section} has changed, which takes a restart; it stays as it was");
        assert!(portcullis.log().contains(&warning), "{}", portcullis.log());
    }
    assert!(policies()["last_reload_error"].is_null() && policies()["generation"] == 3);
    assert!(place.door().exists());
}
