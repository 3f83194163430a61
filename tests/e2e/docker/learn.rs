//! `policy learn`: what an application needs of docker-baseline, from what a real dockerd asked while the policy monitored.

use portcullis_testing::{Dockerd, Plugin, Portcullis, Run, need_dockerd};
use serde_json::Value;
use std::fs;

use super::{PROGRAM, records};

fn config(plugin: &Plugin, baseline: &str) -> String {
    format!(
        r#"
state = "state"
[listen]
docker = ["unix:{}"]
admin = []
[audit]
file = "decisions.jsonl"
[[policies]]
name = "allow"
module = "builtin:allow"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
{baseline}
"#,
        plugin.path().display()
    )
}

/// How many recorded calls pass with these settings that docker-baseline had refused.
fn allowed(portcullis: &Portcullis, settings: &Value) -> u64 {
    fs::write(portcullis.folder().join("tried.json"), settings.to_string()).unwrap();
    let arguments = [
        "replay",
        "--records",
        "decisions.jsonl",
        "--name",
        "docker-baseline",
        "--policy",
        "builtin:docker-baseline",
        "--settings",
        "tried.json",
        "--state",
        "cache",
        "--json",
    ];
    let run = Portcullis::run(PROGRAM, portcullis.folder(), &arguments);
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    assert_eq!(report["summary"]["allow_to_deny"], 0, "{report}");
    report["summary"]["deny_to_allow"].as_u64().unwrap()
}

/// The settings without one of the lines.
fn without(settings: &Value, line: &Value) -> Value {
    let mut settings = settings.clone();
    let path: Vec<_> = line["key"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    let (last, tables) = path.split_last().unwrap();
    let table = tables.iter().fold(&mut settings, |table, name| &mut table[*name]);
    match table[*last].as_array_mut() {
        Some(entries) => entries.retain(|entry| *entry != line["value"]),
        None => drop(table.as_object_mut().unwrap().remove(*last)),
    }
    settings
}

#[test]
fn an_application_runs_with_the_settings_that_its_calls_need_and_with_no_fewer() {
    let Some(needed) = need_dockerd() else { return };
    let plugin = Plugin::socket();
    let monitor = "mode = \"monitor\"\nrecord_inputs = true";
    let mut portcullis = Portcullis::start(PROGRAM, &config(&plugin, monitor));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    fs::create_dir_all("/srv").unwrap();
    let calls: [&[&str]; 7] = [
        &["run", "--rm", "--network", "none", "bb:1", "true"],
        &["run", "--rm", "--network", "none", "-v", "/srv:/srv:ro", "bb:1", "ls", "/srv"],
        &["run", "--rm", "--network", "none", "-v", "/srv:/srv", "bb:1", "ls", "/srv"],
        &["run", "--rm", "--network", "none", "--cap-add", "SYS_ADMIN", "bb:1", "true"],
        &["run", "--rm", "--network", "none", "--cap-add", "SYS_ADMIN", "--ipc", "host", "bb:1", "true"],
        &["run", "--rm", "--network", "none", "-v", "/var/run:/x:ro", "bb:1", "true"],
        &["volume", "create", "plain"],
    ];
    for arguments in calls {
        dockerd.docker(arguments).ok();
    }
    // Monitoring ends after the response: the last call's records tell that all are there.
    let monitored = || {
        records(&portcullis)
            .into_iter()
            .filter(|record| record["kind"] == "monitor" && record["operation"] == "VolumeCreate")
            .count()
    };
    while monitored() == 0 {
        std::thread::yield_now();
    }
    let refused = records(&portcullis)
        .iter()
        .filter(|record| record["kind"] == "monitor" && record["outcomes"][0]["verdict"] == "deny")
        .count();

    let learn = |more: &[&str]| -> Run {
        let arguments = [&["policy", "learn", "--records", "decisions.jsonl"], more].concat();
        Portcullis::run(PROGRAM, portcullis.folder(), &arguments)
    };
    let learned: Value = serde_json::from_str(&learn(&["--json"]).ok()).unwrap();
    let settings = &learned["settings"];
    let lines = learned["lines"].as_array().unwrap();
    assert_eq!(settings["allowed_capabilities"], serde_json::json!(["CAP_SYS_ADMIN"]));
    assert_eq!(settings["allowed_mounts"][0]["path"], "/srv");
    assert_eq!(settings["allow_docker_socket"], true, "{settings}");
    assert_eq!(settings["allow"]["*"], serde_json::json!(["host-ipc"]));
    // `/srv` for reading is in `/srv` for writing.
    assert_eq!(settings["allowed_mounts"].as_array().unwrap().len(), 2, "{settings}");
    // `docker import` of the image sends a form.
    assert_eq!(settings["assume_no_form"], serde_json::json!(["ImageCreate"]));
    assert_eq!(lines.len(), 6, "{learned}");
    assert_eq!(allowed(&portcullis, settings), refused as u64);
    for line in lines {
        let fewer = without(settings, line);
        // A socket's path without the switch is refused before anything is asked.
        if line["key"][0] != "allow_docker_socket" {
            assert!(allowed(&portcullis, &fewer) < refused as u64, "{line}");
        }
        assert!(line["needed_by"][0]["decision"].is_string());
    }

    let run = learn(&[]);
    assert!(run.stderr.contains(" pass with these, 0 are refused all the same"), "{}", run.stderr);
    let toml = run.ok();
    assert!(toml.contains("    \"CAP_SYS_ADMIN\", # ContainerCreate bb:1, 0"), "{toml}");
    portcullis.configure(&config(&plugin, &toml));
    portcullis.reload();
    for arguments in calls {
        dockerd.docker(arguments).ok();
    }
    dockerd.docker(&["run", "--rm", "--network", "none", "--privileged", "bb:1", "true"]).refused();
}
