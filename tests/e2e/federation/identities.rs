//! Who asks, by what other tests do not use: a certificate, and groups that a proxy says. And what is left of it.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

use super::answered::json;
use super::host::{EVERYBODY, Host, PEOPLE};
use portcullis_testing::Run;
use portcullis_testing::pki::{Authority, Issued};

const MOUNTS: &str = r#"
[federation]
listen = [{ address = "127.0.0.1:0", tls = { certificate = "SERVER/cert.pem", key = "SERVER/key.pem", client_ca = "SERVER/ca.pem" } }]
[[federation.mounts]]
prefix = "/certificates"
identity = { certificate = "common-name", groups = { file = "FOLDER/groups" } }
policies = ["people"]
accounts = { production = "111111111111", staging = "022222222222" }
[[federation.mounts]]
prefix = "/proxy"
hosts = ["aws.example.org"]
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"], groups_header = "X-Remote-Groups" }
policies = ["people"]
accounts = { production = "111111111111", staging = "022222222222" }
[[policies]]"#;

/// The status, and the body.
fn asks(host: &Host, ca: &Path, client: Option<&Issued>, path: &str, headers: &[&str]) -> (String, String) {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--write-out", "\n%{http_code}", "--cacert"]).arg(ca);
    if let Some(client) = client {
        command.arg("--cert").arg(&client.certificate).arg("--key").arg(&client.key);
    }
    for header in headers {
        command.args(["--header", header]);
    }
    let run = Run::of(command.arg(format!("https://{}{path}", host.client.address())));
    let (body, status) = run.stdout.rsplit_once('\n').unwrap();
    (status.into(), body.into())
}

#[test]
fn by_a_certificate_and_by_what_a_proxy_says() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "tests");
    let server = authority.server("server");
    let (alice, mallory) = (authority.client("alice", "people"), authority.client("mallory", "people"));
    let (_, policy) = PEOPLE.split_once("[[policies]]").unwrap();
    let host =
        Host::start(&[&MOUNTS.replace("SERVER", &server.folder.display().to_string()), policy].concat());
    let asks = |client: Option<&Issued>, path: &str, headers: &[&str]| {
        asks(&host, &server.ca, client, path, headers)
    };
    let roles = |body: &str| serde_json::from_str::<Value>(body).unwrap();
    let (status, body) = asks(Some(&alice), "/certificates/account", &["X-Remote-User: bob"]);
    let alices = json!({ "production": ["reader", "team/deploy"], "staging": ["admin"] });
    assert_eq!((status.as_str(), roles(&body)), ("200", alices));
    let (status, body) = asks(Some(&mallory), "/certificates/account", &[]);
    assert_eq!((status.as_str(), roles(&body)), ("200", json!({})));
    assert_eq!(asks(None, "/certificates/account", &[]).0, "000", "TLS wants one");

    let carol = "X-Remote-User: carol";
    let ours = "Host: aws.example.org";
    for (groups, status, expected) in [
        (&["X-Remote-Groups: users, aws-staging-admin"][..], "200", json!({ "staging": ["admin"] })),
        (&["X-Remote-Groups;"], "200", json!({})),
        (&[], "401", json!(null)),
        // A proxy drops what a client names here.
        (&["Connection: X-Remote-Groups"], "401", json!(null)),
    ] {
        let headers = [&[carol, ours], groups].concat();
        let (said, body) = asks(Some(&mallory), "/proxy/account", &headers);
        assert_eq!(said, status, "{groups:?} {body}");
        if status == "200" {
            assert_eq!(roles(&body), expected, "{groups:?}");
        }
    }
    let strange =
        asks(Some(&alice), "/proxy/account", &[carol, "X-Remote-Groups: ops", "Host: evil.example"]);
    assert_eq!(strange.0, "403", "{}", strange.1);
}

/// By role and session name what somebody did is found in `CloudTrail`.
#[test]
fn a_record_says_under_what_name_aws_knows_the_session() {
    let host = Host::start(EVERYBODY);
    assert_eq!(host.get("DOM\\bob", "/account/production/reader/credentials").status, 200);
    let of_it = |record: &Value, name: &str| {
        let pairs = record["extra"].as_array().cloned().unwrap_or_default();
        pairs.into_iter().find(|pair| pair[0] == name).map(|pair| pair[1].clone())
    };
    let record = host.records(1).remove(0);
    let asked = &host.sts.questions()[0].form;
    assert_eq!(asked["RoleSessionName"], "DOM-bob-725e3c68");
    assert_eq!(of_it(&record, "session_name").unwrap(), *asked["RoleSessionName"]);
    assert_eq!(of_it(&record, "role_arn").unwrap(), "arn:aws:iam::111111111111:role/reader");
    assert_eq!(json(&host.get("bob", "/account")), json!({ "production": ["reader"] }));
    assert_eq!(of_it(&host.records(2)[1], "role_arn"), None, "a list is no session");
}

/// Whoever was in when a file broke is in no longer once the operator asks for it to be read.
#[test]
fn a_broken_file_of_groups_is_told_by_sighup() {
    let mut host = Host::start(PEOPLE);
    host.key("alice");
    std::fs::write(host.files().join("groups"), "no line of a file of groups\n").unwrap();
    let before = host.portcullis.log().len();
    host.set(PEOPLE);
    let log = host.portcullis.log()[before..].to_owned();
    assert!(log.contains("the new policies were not taken") && log.contains("groups"), "{log}");
}
