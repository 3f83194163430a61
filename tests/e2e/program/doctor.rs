//! `docker doctor` beside a real dockerd.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use super::place::{BOTH, PROGRAM};
use portcullis_testing::{Dockerd, Plugin, Portcullis, Run, need_dockerd};
use serde_json::Value;
use std::fs;

fn config(plugin: &Plugin, admin: &std::path::Path) -> String {
    let (door, admin) = (plugin.path().display(), admin.display());
    format!("state = \"state\"\n[listen]\ndocker = [\"unix:{door}\"]\nadmin = [\"unix:{admin}\"]\n{BOTH}")
}

fn doctor(portcullis: &Portcullis, dockerd: &Dockerd, more: &[&str]) -> Run {
    let socket = dockerd.socket();
    let arguments = ["docker", "doctor", "--config", "portcullis.toml", "--docker", socket.to_str().unwrap()];
    // A file of the machine's own is none of the test's business, unless it is given after this one.
    let file = if more.contains(&"--daemon-json") { &[][..] } else { &["--daemon-json", "none.json"] };
    Portcullis::run(PROGRAM, portcullis.folder(), &[&arguments[..], file, more].concat())
}

#[test]
fn it_proves_that_dockerd_asks() {
    let Some(needed) = need_dockerd() else { return };
    let sockets = tempfile::tempdir().unwrap();
    let plugin = Plugin::socket();
    let mut portcullis = Portcullis::start(PROGRAM, &config(&plugin, &sockets.path().join("admin.sock")));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);

    let text = doctor(&portcullis, &dockerd, &[]).ok();
    assert!(!text.contains("FAIL") && text.lines().count() == 4, "{text}");
    assert!(text.contains("ok    dockerd asks it: a marked call to dockerd is among our records"), "{text}");
    let json: Value = serde_json::from_str(&doctor(&portcullis, &dockerd, &["--json"]).ok()).unwrap();
    assert_eq!((&json["asked"], json["checks"].as_array().unwrap().len()), (&true.into(), 4));

    let file = portcullis.folder().join("daemon.json");
    let file_name = file.to_string_lossy().into_owned();
    fs::write(&file, format!(r#"{{"authorization-plugins": ["{}"]}}"#, plugin.name)).unwrap();
    assert!(doctor(&portcullis, &dockerd, &["--daemon-json", &file_name]).ok().contains("is in it"));
    fs::write(&file, r#"{"authorisation-plugins": ["portcullis"]}"#).unwrap();
    // It asks all the same, since it was told on its command line: the next start from that file would not.
    let run = doctor(&portcullis, &dockerd, &["--daemon-json", &file_name]);
    assert!(run.stdout.contains("FAIL  daemon.json: "), "{}", run.stdout);
    assert!(run.stdout.contains("`authorisation-plugins` is not how it is spelt"), "{}", run.stdout);
    let said = run.refused();
    assert!(said.contains("dockerd asks this host now, and may not after its next start"), "{said}");

    portcullis.kill();
    let run = doctor(&portcullis, &dockerd, &[]);
    assert!(run.stdout.contains("is `portcullis serve` running?"), "{}", run.stdout);
    assert!(
        run.stdout.contains("FAIL  dockerd asks it: not tried, since this host does not answer"),
        "{}",
        run.stdout
    );
    assert_eq!(run.status.code(), Some(1));
}

#[test]
fn it_says_that_a_dockerd_which_does_not_ask_is_open() {
    let Some(needed) = need_dockerd() else { return };
    let sockets = tempfile::tempdir().unwrap();
    let plugin = Plugin::socket();
    let portcullis = Portcullis::start(PROGRAM, &config(&plugin, &sockets.path().join("admin.sock")));
    let dockerd = Dockerd::start(&needed, &[], None);
    let run = doctor(&portcullis, &dockerd, &[]);
    assert!(run.stdout.contains("FAIL  dockerd lists it: "), "{}", run.stdout);
    assert!(run.stdout.contains("nobody asked us: dockerd is open"), "{}", run.stdout);
    assert_eq!(
        (run.status.code(), run.stderr.as_str()),
        (Some(1), "portcullis: dockerd was not seen to ask this host\n")
    );
    let socket = ["docker", "doctor", "--config", "portcullis.toml", "--docker", "/none.sock"];
    let run = Portcullis::run(PROGRAM, portcullis.folder(), &socket);
    assert!(run.stdout.contains("dockerd at `/none.sock`: No such file"), "{}", run.stdout);
    run.refused();
}
