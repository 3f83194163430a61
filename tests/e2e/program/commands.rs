//! `check`, `policy inspect`, `docker spec` and the help.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{BOTH, Place};
use portcullis_testing::{Authority, Run};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn run(place: &Place, arguments: &[&str]) -> Run {
    Run::of(place.command(arguments).env("PORTCULLIS__STATE", place.at("state")))
}

#[test]
fn every_command_has_a_short_help() {
    let place = Place::new();
    let commands: [(&[&str], &[&str]); 18] = [
        (&[], &["serve", "check", "policy", "docker", "Without a command it serves"]),
        (&["serve"], &["--config <FILE>"]),
        (&["check"], &["--config <FILE>", "--json", "start nothing"]),
        (&["policy", "new"], &["<LANGUAGE>", "<FOLDER>", "--hooks <HOOK,...>"]),
        (
            &["policy"],
            &["new", "inspect", "test", "bench", "case", "learn", "list", "put", "rollback", "shadow"],
        ),
        (
            &["policy", "put"],
            &["<NAME>", "--module <FILE>", "--settings <FILE>", "--mode <MODE>", "--admin <ADDRESS>"],
        ),
        (&["explain"], &["<ID>", "--config <FILE>", "--token <FILE>", "--json"]),
        (&["break-glass"], &["--for <TIME>", "--reason <TEXT>", "--close"]),
        (&["policy", "test"], &["<MODULE>", "--cases <FILE>", "--policy <NAME>", "--rules", "--json"]),
        (&["policy", "bench"], &["<MODULE>", "--cases <FILE>", "--for <DURATION>", "--json"]),
        (&["policy", "case"], &["<ID>", "--records <FILE>", "--name <NAME>"]),
        (&["policy", "learn"], &["--records <FILE>", "--policy <MODULE>", "--with-refused", "--json"]),
        (&["replay"], &["--records <FILE>", "--recorded-policy <MODULE>", "--name <NAME>", "--json"]),
        (&["policy", "inspect"], &["<MODULE>", "--settings <JSON>", "--wasi <INTERFACE>", "--json"]),
        (&["barbican", "purge"], &["--config <FILE>", "--project <ID>"]),
        (&["docker", "spec"], &["--config <FILE>", "--name <NAME>"]),
        (&["docker", "why"], &["--user <NAME>", "--limit <LIMIT>", "--admin <ADDRESS>", "--json"]),
        (&["docker", "doctor"], &["--config <FILE>", "--docker <PATH>", "--daemon-json <FILE>", "--json"]),
    ];
    for (command, words) in commands {
        let help = run(&place, &[command, &["--help"]].concat()).ok();
        assert!(help.lines().count() < 25, "{help}");
        assert!(help.lines().all(|line| line.len() <= 100), "{help}");
        assert!(words.iter().all(|word| help.contains(word)), "{help}");
        assert!(!help.contains("build-policy"), "{help}");
    }
    assert_eq!(run(&place, &["--version"]).ok(), format!("portcullis {}\n", env!("CARGO_PKG_VERSION")));
    for wrong in [&["nope"][..], &["serve"], &["serve", "--config"], &["check", "--conf", "x"]] {
        let run = run(&place, wrong);
        assert_eq!(run.status.code(), Some(2));
        assert!(run.stderr.contains("Usage:") || run.stderr.contains("--help"), "{}", run.stderr);
    }
    assert!(fs::read_dir(place.at("")).unwrap().next().is_none(), "a help leaves nothing behind");
}

#[test]
fn check_says_what_would_be_in_force_and_starts_nothing() {
    let place = Place::new();
    fs::write(
        place.at("cases.json"),
        r#"{"cases": [{"name": "privileged", "hook": "docker-request", "expect": {"verdict": "deny", "rule": "privileged"},
            "input": {"operation": "ContainerCreate", "body": {"json": "{}"}, "workload": {"privileged": true}}}]}"#,
    )
    .unwrap();
    let config = place.config(&BOTH.replacen("baseline\"\n[[", "baseline\"\ncases = \"cases.json\"\n[[", 1));
    fs::write(place.at("portcullis.toml"), &config).unwrap();
    let text = run(&place, &["check", "--config", "portcullis.toml"]).ok();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("docker-baseline: enforce on docker-request, revision "), "{text}");
    assert!(
        lines[0].ends_with(", pre-initialized") && lines[1].starts_with("allow: enforce on docker-request"),
        "{text}"
    );
    assert_eq!(lines[2..], ["portcullis.toml holds; 1 cases passed"]);
    let json: Value =
        serde_json::from_str(&run(&place, &["check", "--config", "portcullis.toml", "--json"]).ok()).unwrap();
    assert_eq!((&json["cases"], &json["policies"][1]["name"]), (&1.into(), &"allow".into()));
    assert_eq!(json["policies"][0]["imports"][0], "portcullis:policy/log@0.1.0");
    assert!(!place.door().exists() && !place.admin().exists());
    // What a start would not accept, a check does not.
    let tls = "docker = [{ address = \"127.0.0.1:0\", tls = { certificate = \"x.pem\", key = \"y.pem\" } }]";
    let door = format!("docker = [\"unix:{}\"]", place.door().display());
    fs::write(place.at("portcullis.toml"), config.replace(&door, tls)).unwrap();
    let said = place.assert_refused(&run(&place, &["check", "--config", "portcullis.toml"]));
    assert!(said.contains("cannot read `x.pem`"), "{said}");
}

#[test]
fn inspect_shows_what_a_module_is() {
    let place = Place::new();
    let text = run(&place, &["policy", "inspect", "builtin:docker-baseline"]).ok();
    for line in [
        "module   builtin:docker-baseline\n",
        "hooks    docker-request\n",
        "imports  portcullis:policy/log@0.1.0\n",
        "state    pre-initialized with these settings\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/prebuilt/every-hook.wasm");
    let json: Value =
        serde_json::from_str(&run(&place, &["policy", "inspect", "--json", file]).ok()).unwrap();
    assert_eq!(json["hooks"].as_array().unwrap().len(), 5, "{json}");
    assert_eq!(json["module_sha256"].as_str().unwrap().len(), 64);
    let settings = ["policy", "inspect", "builtin:docker-baseline", "--settings"];
    run(&place, &[&settings[..], &[r#"{"allowed_mounts": ["/srv"]}"#]].concat()).ok();
    assert!(!place.at("state").exists(), "a look keeps nothing");

    fs::write(place.at("text.wasm"), "text").unwrap();
    let hookless = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/prebuilt/no-hook.wasm");
    for (arguments, message) in [
        (&["none.wasm"][..], "policy `none.wasm`: there is no file `none.wasm`"),
        (
            &["builtin:none"],
            "there is no `builtin:none`; there are `builtin:allow`, `builtin:aws-roles`, `builtin:barbican-acl`, `builtin:cedar`, `builtin:docker-allowlist`, `builtin:docker-baseline`",
        ),
        (&["text.wasm"], "policy `text.wasm`: not a usable module: this is not WebAssembly"),
        (&[hookless], "no-hook.wasm`: "),
        (
            &["builtin:docker-baseline", "--settings", r#"{"x": 1}"#],
            "the policy refuses them: unknown key: `x`",
        ),
    ] {
        let said = place.assert_refused(&run(&place, &[&["policy", "inspect"], arguments].concat()));
        assert!(said.contains(message), "{said}");
    }
    let not_json = run(&place, &["policy", "inspect", "builtin:allow", "--settings", "[]"]);
    assert_eq!(not_json.status.code(), Some(2));
    assert!(not_json.stderr.contains("settings are a JSON object"), "{}", not_json.stderr);
}

#[test]
fn spec_says_what_to_write_for_each_kind_of_address() {
    let place = Place::new();
    let authority = Authority::new(&place.at("pki"), "ours");
    let tls = authority.server("host");
    let with_tls = |client_ca: &str| {
        let (certificate, key) = (tls.certificate.display(), tls.key.display());
        format!(
            "{{ address = \"10.0.0.1:9000\", tls = {{ certificate = \"{certificate}\", key = \"{key}\"{client_ca} }} }}"
        )
    };
    let ca = format!(", client_ca = \"{}\"", tls.ca.display());
    let cases = [
        (
            "\"unix:/run/docker/plugins/guard.sock\"".to_owned(),
            &["no further file is needed", "\"guard\""][..],
        ),
        (
            "\"unix:/run/x/guard.sock\"".to_owned(),
            &["# /etc/docker/plugins/p.spec\nunix:///run/x/guard.sock\n", "\"p\""],
        ),
        ("\"10.0.0.1:9000\"".to_owned(), &["# /etc/docker/plugins/p.spec\ntcp://10.0.0.1:9000\n"]),
        (with_tls(""), &["# /etc/docker/plugins/p.json\n", "\"Addr\": \"https://10.0.0.1:9000\"", "CAFile"]),
        (with_tls(&ca), &["# /etc/docker/plugins/p.json\n", "CAFile", "CertFile", "KeyFile"]),
    ];
    for (address, words) in cases {
        fs::write(place.at("c.toml"), format!("[listen]\ndocker = [{address}]\n")).unwrap();
        let text = run(&place, &["docker", "spec", "--config", "c.toml", "--name", "p"]).ok();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(
            text.contains("\"authorization-plugins\": [") && text.contains("portcullis docker doctor"),
            "{text}"
        );
        assert_eq!(text.contains("CertFile"), words.contains(&"CertFile"), "{text}");
    }
    fs::write(place.at("c.toml"), "[listen]\ndocker = []\n").unwrap();
    let said = place.assert_refused(&run(&place, &["docker", "spec", "--config", "c.toml"]));
    assert_eq!(said, "`[listen] docker` is empty: the Docker plugin listens nowhere");
}

/// What is printed, with the files that it names put beside it, holds as it stands.
#[test]
fn an_imported_configuration_of_afp_holds() {
    let place = Place::new();
    for (name, text) in [
        (
            "config/afp.yaml",
            "api: {user_identification: {environment_field: REMOTE_USER}}\n\
             aws: {access_key: AKIAIOSFODNN7EXAMPLE, secret_key: wJalrXUtnFEMI}\n\
             provider: {module: aws_federation_proxy.provider.grp_provider, regex: 'aws-(?P<account>.*)-(?P<role>.*)'}\n",
        ),
        ("accounts/all.yaml", "production: {id: '111111111111'}\nstaging: {id: 022222222222}\n"),
        ("afp-secret-key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("afp-groups", "aws-production-reader: alice\n"),
    ] {
        let path = place.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let import = Run::of(&place.command(&["federation", "import", "config", "accounts"]));
    assert!(
        import.stderr.contains("afp-secret-key") && import.stderr.contains("portcullis check"),
        "{}",
        import.stderr
    );
    let toml = import.ok();
    assert!(!toml.contains("wJalrXUtnFEMI"), "{toml}");
    fs::write(place.at("portcullis.toml"), toml).unwrap();
    let mut check = place.command(&["check", "--config", "portcullis.toml"]);
    let said = Run::of(check.env("PORTCULLIS__STATE", place.at("state"))).ok();
    assert!(said.starts_with("aws-roles: enforce on aws-roles"), "{said}");
}

/// Every variable of docker-socket-proxy: what is printed holds as a configuration.
#[test]
fn variables_of_docker_socket_proxy_become_rules_that_hold() {
    let place = Place::new();
    let names = "AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EXEC GRPC IMAGES INFO NETWORKS NODES PLUGINS SECRETS \
                 SERVICES SESSION SWARM SYSTEM TASKS VOLUMES ALLOW_START ALLOW_STOP ALLOW_RESTARTS";
    let variables: String = names.split_whitespace().map(|name| format!("{name}=1\n")).collect();
    for (post, rules) in [("POST=0\nCONTAINER=1\n", 18), ("POST=1\n", 26)] {
        fs::write(place.at("proxy.env"), format!("{variables}{post}")).unwrap();
        let printed = run(&place, &["docker", "import-socket-proxy", "proxy.env"]);
        assert_eq!(printed.stderr.contains("`CONTAINER` is no variable"), post.contains("CONTAINER"));
        let toml = printed.ok();
        assert_eq!(toml.matches("[[policies.settings.rules]]").count(), rules, "{toml}");
        fs::write(place.at("c.toml"), toml).unwrap();
        let checked = run(&place, &["check", "--config", "c.toml"]).ok();
        assert!(checked.contains("c.toml holds"), "{checked}");
    }
    fs::write(place.at("proxy.env"), "POST=maybe").unwrap();
    let said = place.assert_refused(&run(&place, &["docker", "import-socket-proxy", "proxy.env"]));
    assert!(said.contains("`POST=maybe` is no boolean"), "{said}");
}
