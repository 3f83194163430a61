//! A configuration that does not hold: one line that says where and what to do, and nothing is started.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{ALLOW, BOTH, PROGRAM, Place};
use crate::support::{Portcullis, Run};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

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
        ("cases = \"bad.json\"", 8, "`bad.json`: expected ident at line 1 column 2"),
        ("cases = \"unknown.json\"", 8, "`unknown.json`: unknown field `opperation`"),
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
        (ZEROS, "none.wasm", "", 7, "there is no file `none.wasm`"),
        (
            "x",
            "builtin:alow",
            "",
            7,
            "there is no `builtin:alow`; there are `builtin:allow`, `builtin:aws-roles`, `builtin:barbican-acl`, `builtin:docker-baseline`",
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
        ("[audit]\nfiel = \"x\"", 6, "unknown key `fiel`, expected one of `file`, `syslog`, `recent`"),
        ("[audit]\nrecent = -5", 6, negative),
        ("[audit]\nrecent = 100001", 6, "`recent` is at most 100000, not `100001`"),
        ("[listn]", 5, "unknown key `listn`, expected one of `state`, `listen`,"),
        ("[docker]\nalways_allow = [\"Ping\"]", 6, "`Ping` is no operation of the Docker Engine API; "),
        ("[docker]\ndaemon = 5", 6, "expected text in quotes, found the integer `5`"),
        ("barbican = 5", 5, "unknown key `barbican`, expected one of `api`, `docker`, `admin`"),
        ("[federation]", 5, "the door has no mounts"),
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
fn sections_of_what_is_not_built_yet_are_accepted_and_reported() {
    let place = Place::new();
    let sections = "[gateway]\ny = { z = 2 }\n";
    let portcullis = place.start(sections);
    let line = "[gateway] is for a part that this version does not have yet; it is not used";
    assert!(portcullis.log().contains(line), "{}", portcullis.log());
    fs::write(place.at("portcullis.toml"), place.config(&format!("{sections}{ALLOW}"))).unwrap();
    let run = Run::of(&place.command(&["check", "--config", "portcullis.toml"])).ok();
    assert!(run.contains("[gateway] is for a part that this version does not have yet"), "{run}");
}

#[test]
fn a_door_without_a_policy_refuses_and_says_so_from_the_start() {
    let place = Place::new();
    let portcullis = Portcullis::start(PROGRAM, &place.config(""));
    assert!(portcullis.log().contains("no policy serves `docker-request`"), "{}", portcullis.log());
    let (status, answer) = super::place::ask(&place.door(), &super::place::message("GET", "/_ping2", None));
    assert_eq!((status, &answer["Allow"]), (200, &false.into()), "{answer}");
}

#[test]
fn the_example_configurations_hold() {
    let place = Place::new();
    for example in [
        include_str!("../../../examples/config/portcullis.toml"),
        include_str!("../../../examples/config/barbican.toml"),
    ] {
        fs::write(place.at("portcullis.toml"), example).unwrap();
        let mut command = place.command(&["check", "--config", "portcullis.toml"]);
        let run = Run::of(command.env("PORTCULLIS__STATE", place.at("state"))).ok();
        assert!(run.ends_with("portcullis.toml holds; 0 cases passed\n"), "{run}");
        // What is commented out, one at a time: a value that is shown must be one that may stand there.
        for line in example.lines().filter_map(|line| line.strip_prefix("# ")) {
            let Some((key, _)) = line.split_once('=') else { continue };
            // A table of its own, a digest of no module, a file that is not there, a folder of the machine's, and what
            // goes with something else or excludes it.
            const SKIPPED: [&str; 9] = [
                " ",
                "docker ",
                "sha256",
                "cases",
                "state",
                "username",
                "password",
                "tokens",
                "oslo_clients",
            ];
            if SKIPPED.iter().any(|skipped| key.starts_with(skipped)) {
                continue;
            }
            fs::write(place.at("portcullis.toml"), example.replace(&format!("# {line}"), line)).unwrap();
            Run::of(&command).ok();
        }
    }
    fs::write(place.at("portcullis.toml"), place.config(BOTH)).unwrap();
    Run::of(&place.command(&["check", "--config", "portcullis.toml"])).ok();
}

/// As above; and each block of what may stand instead of the identity, in its place.
#[test]
fn the_example_of_the_federation_door_holds() {
    const EXAMPLE: &str = include_str!("../../../examples/config/federation.toml");
    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","use":"sig","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let place = Place::new();
    for (name, text) in [
        ("aws-secret-key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("ldap-password", "secret"),
        ("groups", "aws-production-reader: alice\n"),
        ("passwords", "alice:$2b$04$kOmbOeSeIJEzZJP46LBo9OwEYCIzLrbI/L644mfXW5Kep5b8fhZ7u\n"),
        ("jwks.json", KEYS),
    ] {
        fs::write(place.at(name), text).unwrap();
        fs::set_permissions(place.at(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let check = |text: &str| {
        fs::write(place.at("portcullis.toml"), text).unwrap();
        let mut command = place.command(&["check", "--config", "portcullis.toml"]);
        Run::of(command.env("PORTCULLIS__STATE", place.at("state")))
    };
    let run = check(EXAMPLE).ok();
    assert!(run.ends_with("portcullis.toml holds; 0 cases passed\n"), "{run}");
    let mut tried = 0;
    for line in EXAMPLE.lines().filter_map(|line| line.strip_prefix("# ")) {
        if line
            .split_once('=')
            .is_none_or(|(key, _)| key.starts_with([' ', '`']) || key.trim_end().contains(' '))
        {
            continue;
        }
        let whole = format!("# {line}");
        let mut text = EXAMPLE.replacen(&whole, line, 1);
        match line.split_whitespace().next() {
            // What goes with something else or excludes it.
            Some("listen") => text = text.replace("# [federation]\n", "[federation]\n"),
            Some("syslog") => text = text.replacen("file = ", "# file = ", 1),
            Some("region" | "aws") => text = text.replace("china ", "# china "),
            _ => {}
        }
        check(&text).ok();
        tried += 1;
    }
    assert_eq!(tried, 14);
    let (before, rest) = EXAMPLE.split_once("[federation.mounts.identity]\n").unwrap();
    let (identity, after) = rest.split_once("\n[[federation.mounts]]").unwrap();
    let blocks: Vec<_> = identity.split("#\n").skip(1).collect();
    for block in &blocks {
        let lines: Vec<_> = block.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
        let identity = lines.join("\n").replace("https://login.example.org/jwks", "jwks.json");
        let run =
            check(&format!("{before}[federation.mounts.identity]\n{identity}\n[[federation.mounts]]{after}"));
        if identity.starts_with("certificate") {
            assert!(run.stderr.contains("no address that it is served at asks for one"), "{}", run.stderr);
        } else {
            run.ok();
        }
    }
    assert_eq!(blocks.len(), 4);
}
