//! `policy test`, `policy bench`, `completions`, `man`.

use portcullis_testing::Run;
use serde_json::{Value, json};
use std::fs;

use crate::engine::asking::repository;
use crate::program::place::Place;

/// Prints, and exits with status 1 where it says so.
fn run(place: &Place, arguments: &[&str]) -> Run {
    Run::of(place.command(arguments).env("PORTCULLIS__STATE", place.at("state")))
}

const YAML: &str = "
settings:
  allow: {alice: [privileged]}
cases:
  - name: alice may
    hook: docker-request
    input: {operation: ContainerCreate, principal: {name: alice}, body: {json: '{}'}, workload: {privileged: true}}
    expect: {verdict: abstain}
  - name: bob may not
    hook: docker-request
    input: {operation: ContainerCreate, principal: {name: bob}, body: {json: '{}'}, workload: {privileged: true}}
    expect: {verdict: deny, rule: privileged, reason_pattern: '(?i)privileged'}
";

#[test]
fn a_test_shows_every_case_that_fails_and_the_rules_that_are_reached() {
    let place = Place::new();
    fs::write(place.at("cases.yaml"), YAML).unwrap();
    let state = place.at("state").display().to_string();
    let test = ["policy", "test", "builtin:docker-baseline", "--cases", "cases.yaml", "--state", &state];
    let text = run(&place, &[&test[..], &["--rules", "privileged,host-pid"]].concat()).ok();
    assert_eq!(
        text,
        "ok    alice may\nok    bob may not\nrules reached: privileged 1\nrules that no case reaches: host-pid\n\
         2 cases, 0 failed\n"
    );
    // Both cases fail under other settings, and both are shown.
    fs::write(place.at("settings.json"), r#"{"allow": {"bob": ["privileged"]}}"#).unwrap();
    let settings = ["--settings", "settings.json"];
    let failed = run(&place, &[&test[..], &settings].concat());
    assert_eq!(failed.status.code(), Some(1));
    for part in [
        "FAIL  alice may (docker-request)\n      expected: abstain\n      said:     deny, rule `privileged`: ",
        "FAIL  bob may not (docker-request)\n      expected: deny, rule `privileged`, a reason like `(?i)privileged`\n\
         \x20     said:     abstain: excepted by `allow` from: privileged\n",
        "2 cases, 2 failed\n",
    ] {
        assert!(failed.stdout.contains(part), "{}", failed.stdout);
    }
    assert!(failed.stderr.contains("portcullis: 2 of 2 cases failed"), "{}", failed.stderr);
    let failed = run(&place, &[&test[..], &settings, &["--json"]].concat());
    let report: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!((failed.status.code(), &report["rules"]), (Some(1), &json!({"privileged": 1})));
    assert_eq!(report["cases"][0]["expected"], json!({"verdict": "abstain"}));
    assert_eq!(report["cases"][0]["said"]["opinion"]["rule"], "privileged");
    // A configuration names all of them too, in its one line.
    let config = place.config(
        "[[policies]]\nname = \"guard\"\nmodule = \"builtin:docker-baseline\"\ncases = \"cases.yaml\"\n\
         settings = { allow = { bob = [\"privileged\"] } }\n",
    );
    fs::write(place.at("portcullis.toml"), &config).unwrap();
    let said = place.assert_refused(&run(&place, &["check", "--config", "portcullis.toml"]));
    assert!(
        said.contains("2 of 2 cases fail: case `alice may`") && said.contains("; case `bob may not`"),
        "{said}"
    );
    let of_config = ["--config", "portcullis.toml", "--policy", "guard"];
    fs::write(place.at("portcullis.toml"), config.replace("cases = \"cases.yaml\"\n", "")).unwrap();
    assert_eq!(run(&place, &[&test[..], &of_config].concat()).status.code(), Some(1));
    let wrong = ["--config", "portcullis.toml", "--policy", "other"];
    let said = place.assert_refused(&run(&place, &[&test[..], &wrong].concat()));
    assert_eq!(said, "`portcullis.toml` has no policy `other`; it has `guard`");
}

/// The cases of the built-in policies, in their own files.
#[test]
fn the_cases_of_the_built_in_policies_hold() {
    let place = Place::new();
    for (policy, files) in [
        ("aws-roles", &["cases.json", "cases-single.json", "cases-settings.json"][..]),
        ("barbican-acl", &["cases.json"]),
        ("docker-baseline", &["cases.json"]),
        ("allow", &["cases.json"]),
    ] {
        for file in files {
            let cases = repository(&format!("policies/{policy}/{file}")).display().to_string();
            let test = ["policy", "test", &format!("builtin:{policy}"), "--cases", &cases, "--json"];
            let text = run(&place, &test).ok();
            let report: Value = serde_json::from_str(&text).unwrap();
            assert!(!report["cases"].as_array().unwrap().is_empty(), "{policy} {file}");
        }
    }
}

#[test]
fn a_bench_measures_decisions_memory_and_the_build() {
    let place = Place::new();
    fs::write(place.at("cases.yaml"), YAML).unwrap();
    let bench = ["policy", "bench", "builtin:docker-baseline", "--cases", "cases.yaml", "--for", "50ms"];
    let report: Value = serde_json::from_str(&run(&place, &[&bench[..], &["--json"]].concat()).ok()).unwrap();
    let number = |key: &str| report[key].as_f64().unwrap_or_else(|| panic!("{key}: {report}"));
    assert!(number("decisions") > 0.0 && number("decisions_per_second") > 0.0 && number("build_ms") > 0.0);
    assert_eq!((number("faults"), number("inputs")), (0.0, 2.0));
    assert!(number("instance_bytes") >= 65536.0 && number("module_bytes") > 10_000.0, "{report}");
    let percentiles = ["p50_us", "p99_us", "p999_us", "max_us"].map(number);
    assert!(percentiles.is_sorted() && percentiles[0] > 0.0, "{percentiles:?}");
    let guest = repository("tests/guests/prebuilt/every-hook.wasm").display().to_string();
    let text = run(&place, &["policy", "bench", &guest, "--for", "20ms"]).ok();
    assert!(text.contains(" of 5 inputs\n") && text.contains("\np99.9 "), "{text}");
    assert!(!place.at("state").exists(), "a bench keeps nothing");
}

#[test]
fn completions_and_man_pages_have_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&place, &["completions", shell]).ok();
        assert!(script.contains("recorded-policy") && script.contains("doctor"), "{shell}");
    }
    run(&place, &["man", "man1"]).ok();
    for page in ["portcullis.1", "portcullis-replay.1", "portcullis-policy-test.1"] {
        let text = fs::read_to_string(place.at("man1").join(page)).unwrap();
        assert!(text.contains(".SH"), "{page}");
    }
}
