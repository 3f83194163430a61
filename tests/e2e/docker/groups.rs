//! Groups of Docker users: from the certificate, a file and a directory; and the facts that a record keeps of a call.

use portcullis_testing::{Dockerd, Plugin, Portcullis, need_dockerd};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

use super::{PROGRAM, config_of, records, tls_of_alice};
use crate::program::place::until;

/// The daemon that alice of the organization Example calls, with these keys of `[docker.groups]`.
struct Place {
    portcullis: Portcullis,
    dockerd: Dockerd,
    _folder: tempfile::TempDir,
}

fn place(groups: &str, settings: &str) -> Option<Place> {
    let needed = need_dockerd()?;
    let folder = tempfile::tempdir().unwrap();
    let tls = tls_of_alice(folder.path());
    let plugin = Plugin::socket();
    fs::write(folder.path().join("groups"), "ops: bob, alice\n").unwrap();
    let groups = groups.replace("FOLDER", &folder.path().display().to_string());
    let config = config_of(plugin.path(), settings, &format!("groups = {{ {groups} }}"));
    let portcullis = Portcullis::start(PROGRAM, &config);
    let dockerd = Dockerd::start(&needed, &[&plugin.name], Some(tls));
    Some(Place { portcullis, dockerd, _folder: folder })
}

fn created(portcullis: &Portcullis) -> Value {
    records(portcullis).into_iter().rfind(|record| record["operation"] == "ContainerCreate").unwrap()
}

#[test]
fn groups_of_certificate_and_file_decide_and_facts_say_what_was_run() {
    let settings = r#"assume_no_form = ["ImageBuild", "ImageCreate"],
        allow = { "group:Example" = ["privileged"], "group:ops" = ["host-pid"], "group:dev" = ["host-network"] }"#;
    let settings = settings.replace('\n', " ");
    let Some(place) = place(r#"certificate = "organization", file = "FOLDER/groups""#, &settings) else {
        return;
    };
    let Place { portcullis, dockerd, _folder: folder } = &place;
    dockerd.import_busybox("bb:1");
    let run = ["create", "--network", "none", "--privileged", "--pid", "host", "-v", "work:/work:ro"];
    dockerd.docker(&[&run[..], &["bb:1", "sh", "-c", "id", "--token=hunter2"]].concat()).ok();
    let record = created(portcullis);
    assert_eq!(record["principal"]["groups"], json!(["Example", "ops"]));
    assert_eq!(
        record["facts"],
        json!({
            "image": "bb:1", "command": ["sh", "-c", "id", "--token=***"],
            "mounts": [{ "kind": "volume", "source": "work", "target": "/work", "access": "ro" }],
            "privileges": ["pid=host", "privileged"],
        })
    );
    dockerd.docker(&["create", "--network", "host", "bb:1", "true"]).refused();
    fs::write(folder.path().join("groups"), "dev: alice\n").unwrap();
    until("the groups are read again", || portcullis.log().contains("the file has been read again"));
    dockerd.docker(&["create", "--network", "none", "--pid", "host", "bb:1", "true"]).refused();
    dockerd.docker(&["create", "--network", "host", "bb:1", "true"]).ok();
    assert_eq!(created(portcullis)["principal"]["groups"], json!(["Example", "dev"]));
}

#[test]
fn a_directory_that_does_not_answer_is_a_fault_and_never_a_user_without_groups() {
    let groups = r#"ldap = { url = "ldap://127.0.0.1:1", user_base = "ou=u", group_base = "ou=g" }"#;
    let Some(place) = place(groups, "") else { return };
    let said = place.dockerd.docker(&["ps"]).refused();
    assert!(said.contains("the groups of `alice` cannot be found out"), "{said}");
    let record = records(&place.portcullis).pop().unwrap();
    // No policy is asked there, so that no group matters.
    place.dockerd.docker(&["version"]).ok();
    assert_eq!((&record["verdict"], &record["rule"]), (&json!("deny"), &json!("host:groups")));
    assert!(record["error"].as_str().unwrap().contains("Connection refused"), "{record}");
}

#[test]
fn a_group_that_no_user_can_be_in_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let config = |docker: &str| {
        config_of(Path::new("/nowhere/p.sock"), r#"allow = { "group:ops" = ["privileged"] }"#, docker)
    };
    let warned = |docker: &str| {
        let file = folder.path().join("portcullis.toml");
        fs::write(&file, config(docker)).unwrap();
        let check =
            std::process::Command::new(PROGRAM).args(["check", "--config"]).arg(&file).output().unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        String::from_utf8_lossy(&check.stderr).contains("no Docker user is in one")
    };
    assert!(warned(""));
    assert!(!warned(r#"groups = { certificate = "organization" }"#));
    let file = folder.path().join("portcullis.toml");
    fs::write(&file, config(r#"groups = { certificate = "x" }"#)).unwrap();
    let check = std::process::Command::new(PROGRAM).args(["check", "--config"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(said.contains("`x`: groups are in a certificate's `organization` (O)"), "{said}");
}
