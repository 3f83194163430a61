//! A configuration that does not hold: one line that says where and what to do, and nothing is started.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{ALLOW, PROGRAM, Place};
use portcullis_testing::{Portcullis, Run};
use std::fs;

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What stands from line 5 on, the line that is named, and a part of the message.
#[track_caller]
fn assert_named(place: &Place, rest: &str, line: usize, message: &str) -> String {
    let said = place.refused(&place.config(rest));
    let at = format!("portcullis.toml:{line}: ");
    assert!(said.starts_with(&at) && said.contains(message), "{rest}\n{said}\n{at}{message}");
    said
}

#[test]
fn a_bad_key_of_a_policy_is_named_with_its_line() {
    let sha256 = format!("sha256 = \"{ZEROS}\"");
    // The key is on line 8; what only building the policy can tell is said of its first line.
    let cases = [
        ("setings = {}", 8, "unknown key `setings`, expected one of `name`, `module`, `sha256`,"),
        ("mode = 5", 8, "expected text in quotes, found the integer `5`"),
        ("mode = \"guard\"", 8, "`guard` is no mode: it is `enforce` or `monitor`"),
        ("hooks = \"docker-request\"", 8, "expected a list, found the text `docker-request`"),
        ("hooks = [\"docker\"]", 8, "there is no hook `docker`; there are `docker-request`, "),
        (
            "hooks = [\"docker-response\"]",
            5,
            "policy `allow`: it does not export `docker-response`; it exports",
        ),
        ("deadline = 5", 8, "expected text in quotes, found the integer `5`"),
        ("deadline = \"soon\"", 8, "`soon` is no duration, e.g. \"100ms\": "),
        ("deadline = \"5h\"", 8, "`deadline` is between 1ms and 30s, not `5h`"),
        ("memory = \"5 apples\"", 8, "`5 apples` is no size: write a number and a unit, e.g. \"64MiB\""),
        ("memory = \"64\"", 8, "`memory` is between 1MiB and 4GiB, not `64`"),
        ("concurrency = \"x\"", 8, "expected a whole number that is not negative, found the text `x`"),
        ("concurrency = -1", 8, "expected a whole number that is not negative, found the integer `-1`"),
        ("concurrency = 0", 8, "`concurrency` is between 1 and 1000, not `0`"),
        ("wasi = [\"clocks\"]", 8, "`clocks` is no WASI interface; e.g. `wasi:clocks/wall-clock`"),
        ("sha256 = \"abc\"", 8, "`abc`: a SHA-256 digest has 64 hexadecimal digits"),
        (&sha256, 5, "policy `allow`: its sha256 is "),
        ("cases = \"none.json\"", 8, "cannot read `none.json`: No such file"),
        ("cases = \"bad.json\"", 8, "`bad.json`, line 1: expected ident"),
        (
            "cases = \"unknown.json\"",
            8,
            "`unknown.json`, line 1, case `all is refused`: `input.opperation`: unknown field `opperation`",
        ),
        ("cases = \"wrong.json\"", 5, "policy `allow`: case `all is refused` (hook `docker-request`): it"),
        ("settings = 5", 8, "expected a table, found the integer `5`"),
        ("settings = { a = { b = nan } }", 5, "the settings of `allow`: `a`: `b`: JSON knows neither"),
    ];
    let place = Place::new();
    fs::write(place.at("bad.json"), "no JSON").unwrap();
    for (name, input) in [("unknown.json", "opperation"), ("wrong.json", "operation")] {
        let case = format!(
            r#"{{"name": "all is refused", "hook": "docker-request", "input": {{"{input}": "ContainerList"}}, "expect": {{"verdict": "deny"}}}}"#
        );
        fs::write(place.at(name), format!(r#"{{"cases": [{case}]}}"#)).unwrap();
    }
    for (key, line, message) in cases {
        assert_named(&place, &format!("{ALLOW}{key}\n"), line, message);
    }
    let said = assert_named(&place, &format!("{ALLOW}{sha256}\n"), 5, "its sha256 is ");
    assert!(said.ends_with(&format!("but the configuration says {ZEROS}")), "{said}");
}

#[test]
fn a_bad_policy_is_named_with_its_line() {
    let place = Place::new();
    fs::write(place.at("text.wasm"), "text").unwrap();
    let cases = [
        ("a b", "builtin:allow", "", 6, "`a b` is no name for a policy: use up to 64 letters, digits, "),
        ("", "builtin:allow", "", 6, "`` is no name for a policy"),
        ("x", "none.wasm", "", 5, "policy `x`: there is no file `none.wasm`"),
        (
            "x",
            "builtin:alow",
            "",
            7,
            "there is no `builtin:alow`; there are `builtin:allow`, `builtin:aws-roles`, `builtin:barbican-acl`, `builtin:cedar`, `builtin:docker-allowlist`, `builtin:docker-baseline`, `builtin:docker-leash`, `builtin:docker-ownership`",
        ),
        ("x", "text.wasm", "", 5, "policy `x`: not a usable module: "),
        (
            "x",
            "builtin:docker-baseline",
            "alow = 1",
            5,
            "policy `x`: its settings: the policy refuses them: unknown key: `alow`",
        ),
        (
            "x",
            "builtin:docker-baseline",
            "allow = { alice = [\"privilegd\"] }",
            5,
            "`allow.alice`: there is no rule `privilegd`; there are: ",
        ),
    ];
    for (name, module, settings, line, message) in cases {
        let entry =
            format!("[[policies]]\nname = \"{name}\"\nmodule = \"{module}\"\nsettings = {{ {settings} }}\n");
        assert_named(&place, &entry, line, message);
    }
    assert_named(&place, "[[policies]]\nname = \"a\"", 5, "missing key `module`");
    assert_named(&place, "[policies]\nname = \"a\"", 5, "expected a list, found a table");
    let twice = "the policy at portcullis.toml:5 has the name `allow` already";
    assert_named(&place, &format!("{ALLOW}{ALLOW}"), 8, twice);
    let long = format!("[[policies]]\nname = \"{ZEROS}0\"\nmodule = \"builtin:allow\"");
    assert_named(&place, &long, 6, "is no name for a policy");
}

#[test]
fn a_bad_section_is_named_with_its_line() {
    let negative = "expected a whole number that is not negative, found the integer `-5`";
    let cases = [
        (
            "[audit]\nfiel = \"x\"",
            6,
            "unknown key `fiel`, expected one of `file`, `syslog`, `commit`, `recent`",
        ),
        ("[audit]\nrecent = -5", 6, negative),
        ("[build]\nconfinement = \"none\"", 6, "`confinement` is `required` or `best-effort`, not `none`"),
        ("[audit]\ncommit = \"synced\"", 6, "`commit` is `written` or `queued`, not `synced`"),
        ("[audit]\nrecent = 100001", 6, "`recent` is at most 100000, not `100001`"),
        (
            "[telemetry]\nendpoint = \"127.0.0.1:4318\"",
            6,
            "`127.0.0.1:4318` is no URL of a collector: write `http",
        ),
        ("[telemetry]\nendpoint = \"http://x\"\ntraces = false", 5, "neither `traces` nor `logs` are sent"),
        (
            "[telemetry]\nendpoint = \"http://x:4318\"\nheaders = { a = { file = \"key\" } }",
            6,
            "`headers` are secrets, and would be sent in clear text to another machine: write an `https` URL",
        ),
        ("[telemetry]\nlogs = true", 5, "missing key `endpoint`"),
        ("[store]\nread_timeout = \"10ms\"", 6, "`read_timeout` is between 100ms and 1m, not `10ms`"),
        ("[listn]", 5, "unknown key `listn`, expected one of `state`, `watch_policies`, `listen`,"),
        ("[docker]\nalways_allow = [\"Ping\"]", 6, "`Ping` is no operation of the Docker Engine API; "),
        (
            "[docker]\npass_headers = [\"Authz-User\", \"Authorization\"]",
            6,
            "`Authorization` is no header that policies may be shown",
        ),
        ("[docker]\npass_headers = [\"a b\"]", 6, "`a b` is no header that policies may be shown"),
        ("[docker]\nlook_up = \"127.0.0.1:2375\"", 6, "`look_up` is the unix socket of the daemon that asks"),
        ("[docker]\nlook_up = \"docker.sock\"", 6, "`docker.sock` is no address; write `unix:/path`"),
        ("[docker]\nlook_up = true", 6, "expected text in quotes, found the boolean `true`"),
        ("[docker]\ndaemon = 5", 6, "expected text in quotes, found the integer `5`"),
        ("barbican = 5", 5, "unknown key `barbican`, expected one of `api`, `docker`, `admin`"),
        ("[federation]", 5, "the federation API has no mounts"),
        ("[barbican", 5, ""),
        ("x = ", 5, ""),
        ("[audit]\n\"\\u001b[2J\" = 1", 6, "unknown key ` [2J`"),
    ];
    let place = Place::new();
    for (rest, line, message) in cases {
        assert_named(&place, rest, line, message);
    }
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_named() {
    let place = Place::new();
    let run = |arguments: &[&str]| place.assert_refused(&Run::of(&place.command(arguments)));
    let said = run(&["serve", "--config", "none.toml"]);
    assert!(said.starts_with("cannot read `none.toml`: No such file or directory"), "{said}");
    assert!(run(&["check", "--config", "."]).starts_with("cannot read `.`: Is a directory"));
    fs::write(place.at("bytes.toml"), b"\xff").unwrap();
    assert!(run(&["serve", "--config", "bytes.toml"]).starts_with("cannot read `bytes.toml`: "));
    let said = place.refused(&place.config(&format!("[audit]\nfile = \"none/decisions\"\n{ALLOW}")));
    assert!(said.starts_with("cannot open the audit log `none/decisions`: No such file"), "{said}");
}

#[test]
fn a_door_without_a_policy_refuses_and_says_so_from_the_start() {
    let place = Place::new();
    let portcullis = Portcullis::start(PROGRAM, &place.config(""));
    assert!(portcullis.log().contains("no policy serves `docker-request`"), "{}", portcullis.log());
    let (status, answer) = super::place::ask(&place.door(), &super::place::message("GET", "/_ping2", None));
    assert_eq!((status, &answer["Allow"]), (200, &false.into()), "{answer}");
}
