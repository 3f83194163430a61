//! The configurations in `examples/`: each holds as it stands, and so does what is commented out in it.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{BOTH, Place};
use portcullis_testing::Run;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn the_example_configurations_hold() {
    let place = Place::new();
    for example in [
        include_str!("../../../examples/config/portcullis.toml"),
        include_str!("../../../examples/config/docker-gateway.toml"),
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
            const SKIPPED: [&str; 11] = [
                " ",
                "docker ",
                "sha256",
                "cases",
                "ca ",
                "state",
                "username",
                "password",
                "tokens",
                "admin_password",
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
        ("token-key", "c2l4IHRpbWVzIHNldmVuIGlzIGZvcnR5LXR3byBoZXJl"),
        ("passwords", "alice:$2b$04$kOmbOeSeIJEzZJP46LBo9OwEYCIzLrbI/L644mfXW5Kep5b8fhZ7u\n"),
        ("jwks.json", KEYS),
        ("client-secret", "secret"),
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
            Some("listen" | "token_key") => text = text.replace("# [federation]\n", "[federation]\n"),
            Some("syslog") => text = text.replacen("file = ", "# file = ", 1),
            Some("region" | "aws") => text = text.replace("china ", "# china "),
            _ => {}
        }
        check(&text).ok();
        tried += 1;
    }
    assert_eq!(tried, 18);
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

/// The recipes for Docker. `tests/e2e/docker/allowlist.rs` asks them.
#[test]
fn the_recipes_for_docker_hold() {
    let place = Place::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/docker");
    let mut tried = 0;
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "toml") {
            let mut command = place.command(&["check", "--config"]);
            let run = Run::of(command.arg(&file).env("PORTCULLIS__STATE", place.at("state"))).ok();
            assert!(run.contains("holds"), "{}: {run}", file.display());
            tried += 1;
        }
    }
    assert_eq!(tried, 5);
}
