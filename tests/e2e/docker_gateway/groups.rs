//! Groups of the gateway's users: from a file, the client certificate and a directory; and a directory that is away.

use super::PROGRAM;
use super::host::Gateway;
use crate::docker::tls_of_alice;
use crate::program::place::until;
use portcullis_testing::{Dockerd, Portcullis, Run, need_dockerd};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const POLICY: &str = r#"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
settings = { otherwise = "allow", allow = { "group:ops" = ["privileged"], "group:Example" = ["host-pid"] } }
"#;

#[track_caller]
fn start(groups: &str, more: &str) -> Option<Gateway> {
    let dockerd = Dockerd::start(&need_dockerd()?, &[], None);
    dockerd.import_busybox("bb:1");
    Some(Gateway::start(dockerd, &format!("[docker_gateway.groups]\n{groups}\n{more}\n{POLICY}")))
}

fn create(gateway: &Gateway, name: &str, token: &str, option: &[&str]) -> Run {
    let client = gateway.client_folder(name, token);
    let host = format!("tcp://{}", gateway.own_address);
    let mut command = gateway.dockerd.clients_at(&host, &client).remove(0);
    Run::of(command.args(["create", "--network", "none"]).args(option).args(["bb:1", "true"]))
}

fn groups_in_record(gateway: &Gateway) -> Value {
    let record = gateway.records().into_iter().rfind(|record| record["operation"] == "ContainerCreate");
    record.unwrap()["principal"]["groups"].clone()
}

#[test]
fn a_file_says_who_is_in_which_groups() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("groups");
    fs::write(&file, "ops: alice\nstaff: alice, bob\n").unwrap();
    let Some(gateway) = start(&format!("file = \"{}\"", file.display()), "") else { return };
    let [(alice, alices), (bob, bobs)] = ["alice", "bob"].map(|name| gateway.user(name));
    gateway.grant(&[alice, bob]);
    create(&gateway, "alice", &alices, &["--privileged"]).ok();
    assert_eq!(groups_in_record(&gateway), json!(["ops", "staff"]));
    let refused = create(&gateway, "bob", &bobs, &["--privileged"]).refused();
    assert!(refused.contains("(policy docker-baseline, rule privileged, "), "{refused}");
    fs::write(&file, "ops: bob\n").unwrap();
    until("the groups are read again", || gateway.portcullis.log().contains("the file has been read again"));
    create(&gateway, "bob", &bobs, &["--privileged"]).ok();
    create(&gateway, "alice", &alices, &["--privileged"]).refused();
}

#[test]
fn a_client_certificate_says_which_organization_its_user_is_of() {
    let folder = tempfile::tempdir().unwrap();
    let tls = tls_of_alice(folder.path());
    let address = format!(
        "127.0.0.1:{}",
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    );
    let listen = format!(
        "[[docker_gateway.endpoints]]\nname = \"tls\"\nlisten = [{{ address = \"{address}\", tls = {{ certificate = \
         \"{}\", key = \"{}\", client_ca = \"{}\" }} }}]\n",
        tls.certificate.display(),
        tls.key.display(),
        tls.ca.display()
    );
    let Some(gateway) = start("certificate = \"organization\"", &listen) else { return };
    let (alice, token) = gateway.user("alice");
    let engine = format!("unix://{}", gateway.dockerd.socket().display());
    let endpoint = json!({ "Name": "tls", "EndpointCreationType": 1, "URL": engine });
    assert_eq!(gateway.call("POST", "/api/endpoints", &gateway.admin, &endpoint).0, 200);
    let grant = json!({ "UserAccessPolicies": { alice.to_string(): { "RoleId": 0 } } });
    assert_eq!(gateway.call("PUT", "/api/endpoints/2", &gateway.admin, &grant).0, 200);
    let by_certificate = |client: &Path| {
        let mut command = gateway.dockerd.clients_at(&format!("tcp://{address}"), client).remove(0);
        command.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", &tls.client);
        Run::of(command.args(["create", "--network", "none", "--pid", "host", "bb:1", "true"]))
    };
    let client = folder.path().join("without-token");
    fs::create_dir(&client).unwrap();
    by_certificate(&client).ok();
    assert_eq!(groups_in_record(&gateway), json!(["Example"]));
    // A token names its user, regardless of whose certificate it is.
    let client = gateway.client_folder("alice", &token);
    by_certificate(&client).refused();
    let groups = groups_in_record(&gateway);
    assert!(groups.as_array().is_none_or(Vec::is_empty), "{groups}");
}

#[test]
fn a_group_that_no_user_of_the_gateway_can_be_in_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("groups"), "ops: alice\n").unwrap();
    let warned = |gateway: &str| {
        let config = format!(
            "state = \"state\"\n[listen]\ndocker = []\nadmin = []\n[docker_gateway]\n{gateway}\n{POLICY}"
        );
        fs::write(folder.path().join("portcullis.toml"), config).unwrap();
        let run = Portcullis::run(PROGRAM, folder.path(), &["check", "--config", "portcullis.toml"]);
        assert!(run.status.success(), "{run:?}");
        run.stderr.contains("no Docker user is in one: `[docker_gateway.groups]` says")
    };
    let listen = "listen = [\"unix:/nowhere/api.sock\"]";
    assert!(warned(listen));
    assert!(!warned(&format!("{listen}\ngroups = {{ file = \"groups\" }}")));
    // There the system knows groups, but not those of the API's own users.
    assert!(!warned("socket = \"unix:/nowhere/guarded.sock\""));
    assert!(warned(&format!("{listen}\nsocket = \"unix:/nowhere/guarded.sock\"")));
}

#[test]
fn groups_of_one_api_are_none_of_the_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("groups"), "ops: alice\n").unwrap();
    let groups = "groups = { file = \"groups\" }";
    for (docker, gateway, expected) in [
        ("", "", [true, true]),
        (groups, "", [false, true]),
        ("", groups, [true, false]),
        (groups, groups, [false, false]),
    ] {
        let config = format!(
            "state = \"state\"\n[listen]\ndocker = [\"unix:/nowhere/p.sock\"]\nadmin = []\n[docker]\n{docker}\n\
             [docker_gateway]\nlisten = [\"unix:/nowhere/api.sock\"]\n{gateway}\n{POLICY}"
        );
        fs::write(folder.path().join("portcullis.toml"), config).unwrap();
        let run = Portcullis::run(PROGRAM, folder.path(), &["check", "--config", "portcullis.toml"]);
        assert!(run.status.success(), "{run:?}");
        let warned = ["docker", "docker_gateway"]
            .map(|api| run.stderr.contains(&format!("no Docker user is in one: `[{api}.groups]` says")));
        assert_eq!(warned, expected, "{docker} {gateway}");
    }
}

#[test]
fn a_directory_that_is_away_is_a_fault_and_never_a_user_without_groups() {
    let ldap = r#"ldap = { url = "ldap://127.0.0.1:1", user_base = "ou=u", group_base = "ou=g" }"#;
    let Some(gateway) = start(ldap, "") else { return };
    let (_, token) = gateway.user("alice");
    let call =
        |path: &str| gateway.call("GET", &format!("/api/endpoints/1/docker{path}"), &token, &Value::Null);
    let (status, answer) = call("/containers/json");
    assert!(
        status == 500 && answer.to_string().contains("the groups of `alice` cannot be found out"),
        "{answer}"
    );
    let record = gateway.records().pop().unwrap();
    assert_eq!((&record["verdict"], &record["rule"]), (&json!("deny"), &json!("host:groups")));
    assert!(record["error"].as_str().unwrap().contains("Connection refused"), "{record}");
    // No policy is asked there, so that no group matters.
    assert_eq!(call("/version").0, 200);
}
