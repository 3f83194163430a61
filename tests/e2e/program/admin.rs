//! The admin listener, and what happens while decisions cannot be recorded.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{ALLOW, PROGRAM, Place, ask, get_json, message, until};
use portcullis_testing::{Portcullis, http};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Samples by their name with its labels, after a look at the form (`OpenMetrics` 1.0): families are declared
/// before their samples, names end as their type demands, and the end is marked.
#[track_caller]
fn samples(text: &str) -> Vec<(String, f64)> {
    let text = text.strip_suffix("# EOF\n").unwrap();
    let mut families: Vec<(String, String)> = Vec::new();
    let mut samples = Vec::new();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (kind, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            assert!(["HELP", "TYPE", "UNIT"].contains(&kind), "{line}");
            if kind == "TYPE" {
                families.push((name.to_owned(), rest.to_owned()));
            }
            continue;
        }
        let (key, value) = line.rsplit_once(' ').unwrap();
        let name = key.split('{').next().unwrap();
        let (family, kind) = families.last().unwrap();
        let endings: &[&str] = match kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("a type called {other}"),
        };
        assert!(endings.iter().any(|ending| name == format!("{family}{ending}")), "{line} in {family}");
        assert!(seen.insert(key.to_owned()), "{line} stands twice");
        samples.push((key.to_owned(), value.parse().unwrap()));
    }
    samples
}

#[test]
fn health_policies_and_decisions() {
    let place = Place::new();
    let portcullis = place.start("");
    let admin = place.admin();
    assert_eq!(http::get_unix(&admin, "/healthz").unwrap(), (200, "ok\n".into()));
    assert_eq!(http::get_unix(&admin, "/readyz").unwrap(), (200, "ready\n".into()));
    assert_eq!(http::get_unix(&admin, "/nowhere").unwrap().0, 404);
    let policies = get_json(&admin, "/policies");
    assert_eq!(policies["generation"], 1);
    let baseline = &policies["policies"][0];
    assert_eq!(baseline["name"], "docker-baseline");
    for digest in ["module_sha256", "settings_sha256"] {
        assert_eq!(baseline[digest].as_str().unwrap().len(), 64, "{baseline}");
    }
    assert_eq!(baseline["imports"], serde_json::json!(["portcullis:policy/log@0.1.0"]));
    assert!(baseline["not_preinitialized_because"].is_null() && policies["last_reload_error"].is_null());

    ask(&place.door(), &message("GET", "/containers/json", None));
    let refused = ask(&place.door(), &message("GET", "/no/such/route", None)).1;
    let id =
        refused["Msg"].as_str().unwrap().rsplit("decision ").next().unwrap().trim_end_matches(')').to_owned();
    until("the record is there", || http::get_unix(&admin, &format!("/decisions/{id}")).unwrap().0 == 200);
    let record = get_json(&admin, &format!("/decisions/{id}"));
    assert_eq!((&record["id"], &record["verdict"]), (&id.clone().into(), &"deny".into()));
    let (_, lines) = http::get_unix(&admin, "/decisions").unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]), (2, &record), "newest first");
    let file = fs::read_to_string(portcullis.folder().join("decisions.jsonl")).unwrap();
    assert!(file.lines().any(|line| serde_json::from_str::<Value>(line).unwrap() == record));
    assert_eq!(http::get_unix(&admin, "/decisions/none").unwrap().0, 404);
}

/// What the description says can be read without a parameter can be read.
#[test]
fn the_description_names_the_routes_that_answer() {
    let place = Place::new();
    let _portcullis = place.start("");
    let admin = place.admin();
    let description = get_json(&admin, "/openapi.json");
    assert!(description["openapi"].as_str().unwrap().starts_with("3."), "{description}");
    let paths = description["paths"].as_object().unwrap();
    let readable = paths.iter().filter(|(path, methods)| !path.contains('{') && methods.get("get").is_some());
    let readable: BTreeSet<_> = readable.map(|(path, _)| path.as_str()).collect();
    let readable = Vec::from_iter(readable);
    assert_eq!(readable, ["/decisions", "/healthz", "/metrics", "/openapi.json", "/policies", "/readyz"]);
    for path in readable {
        assert_eq!(http::get_unix(&admin, path).unwrap().0, 200, "{path}");
    }
    let described = |path: &str, method: &str| paths[path][method]["summary"].as_str().unwrap().to_owned();
    assert_eq!(described("/policies/{name}", "put"), "Puts a policy, or a part of it, in force");
    assert!(described("/break-glass", "post").contains("limited time"));
    assert!(description["components"]["schemas"]["PutPolicy"]["properties"]["cases"].is_object());
}

#[test]
fn metrics_are_well_formed_and_move() {
    let place = Place::new();
    let _portcullis = place.start("");
    let metrics = || samples(&http::get_unix(&place.admin(), "/metrics").unwrap().1);
    let value =
        |key: &str| metrics().into_iter().find(|(name, _)| name == key).map_or(0.0, |(_, value)| value);
    let allowed = r#"portcullis_decisions_total{api="docker-plugin",hook="docker-request",verdict="allow"}"#;
    let denied = allowed.replace("allow", "deny");
    let count = r#"portcullis_decision_duration_seconds_count{api="docker-plugin"}"#;
    assert!((value(allowed) - 0.0).abs() < f64::EPSILON);
    for _ in 0..3 {
        ask(&place.door(), &message("GET", "/containers/json", None));
    }
    ask(&place.door(), &message("GET", "/no/such/route", None));
    until("four decisions are counted", || value(count) >= 4.0);
    let found = (value(allowed), value(&denied), value("portcullis_generation"));
    assert_eq!(found, (3.0, 1.0, 1.0));
    let bounds: Vec<f64> = metrics()
        .iter()
        .filter(|(name, _)| name.starts_with("portcullis_decision_duration_seconds_bucket"))
        .map(|(name, _)| name.split("le=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
        .collect();
    assert!(bounds.is_sorted() && bounds.iter().filter(|bound| **bound < 0.001).count() >= 6, "{bounds:?}");
    assert!(bounds.first().unwrap() <= &1e-5 && bounds.last().unwrap().is_infinite(), "{bounds:?}");
    assert!(
        metrics()
            .iter()
            .any(|(name, _)| name.starts_with("portcullis_policy_outcomes_total{policy=\"allow\""))
    );
    let head = super::place::Connection::open(&place.admin())
        .exchange(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        .head;
    assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
}

#[test]
fn what_cannot_be_recorded_is_refused_and_works_again_after() {
    let place = Place::new();
    let log = place.at("decisions");
    symlink("/dev/full", &log).unwrap();
    let rest = format!("[audit]\nfile = {log:?}\n{ALLOW}");
    let portcullis = Portcullis::start(PROGRAM, &place.config(&rest));
    let call = || ask(&place.door(), &message("GET", "/containers/json", None));
    let ready = || http::get_unix(&place.admin(), "/readyz").unwrap();
    // The first one finds out, and is refused like all that follow.
    let (status, answer) = call();
    assert_eq!((status, &answer["Allow"]), (500, &false.into()), "{answer}");
    assert_eq!(ready().0, 503);
    let reason = ready().1;
    assert!(reason.starts_with("not ready: ") && reason.contains("No space left on device"), "{reason}");
    let (status, answer) = call();
    assert_eq!((status, &answer["Allow"]), (500, &false.into()));
    assert!(answer["Err"].as_str().unwrap().starts_with("the decision cannot be recorded"), "{answer}");
    assert_eq!(http::get_unix(&place.admin(), "/healthz").unwrap().0, 200);
    fs::remove_file(&log).unwrap();
    until("it is ready again", || ready().0 == 200);
    assert_eq!(call().1["Allow"], true);
    let lines = fs::read_to_string(&log).unwrap();
    let rules: Vec<_> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["rule"].clone()).collect();
    assert_eq!(rules, ["host:unrecorded", "allow"], "the refused call is recorded as refused");
    assert!(portcullis.log().contains("decisions can be recorded again"), "{}", portcullis.log());
}

#[test]
fn whatever_was_allowed_before_a_crash_is_recorded() {
    let place = Place::new();
    let rest = format!("[audit]\nfile = {:?}\n{ALLOW}", place.at("decisions"));
    let mut portcullis = Portcullis::start(PROGRAM, &place.config(&rest));
    let (started, allowed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (place, started, allowed) = (&place, &started, &allowed);
            scope.spawn(move || {
                for number in 0.. {
                    let uri = format!("/containers/c{client}-{number}/json");
                    let body = message("GET", &uri, None).to_string();
                    started.fetch_add(1, Ordering::Relaxed);
                    let Ok((200, answer)) = http::post_unix(&place.door(), "/AuthZPlugin.AuthZReq", &body)
                    else {
                        break;
                    };
                    assert_eq!(answer, r#"{"Allow":true}"#);
                    allowed.lock().unwrap().push(uri);
                }
            });
        }
        until("it is under load", || started.load(Ordering::Relaxed) > 500);
        portcullis.kill();
    });
    let lines = fs::read_to_string(place.at("decisions")).unwrap();
    let recorded: BTreeSet<_> = lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["uri"].as_str().map(String::from))
        .collect();
    let allowed = allowed.into_inner().unwrap();
    assert!(allowed.len() > 400, "{}", allowed.len());
    let lost: Vec<_> = allowed.iter().filter(|uri| !recorded.contains(*uri)).collect();
    assert!(lost.is_empty(), "{} of {} responses have no record: {lost:?}", lost.len(), allowed.len());
}

#[test]
fn not_ready_where_no_policy_answers_and_no_door_means_nothing_to_be_ready_for() {
    let place = Place::new();
    let portcullis = Portcullis::start(PROGRAM, &place.config(""));
    let not_ready = (503, "not ready: no policy serves `docker-request`\n".to_owned());
    assert_eq!(http::get_unix(&place.admin(), "/readyz").unwrap(), not_ready);
    drop(portcullis);
    let config = place.config("").replace(&format!("\"unix:{}\"", place.door().display()), "");
    let _portcullis = Portcullis::start(PROGRAM, &config);
    assert_eq!(http::get_unix(&place.admin(), "/readyz").unwrap().0, 200);
}
