//! Access for a time: requested, approved, used, revoked, with records of each step, by the command and by hosts that share a
//! database.

use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;

use super::boto::PASSWORDS;
use super::host::{Host, PROGRAM, Setup};
use portcullis_testing::aws_tools::clean;
use portcullis_testing::openstack::client::Answer;
use portcullis_testing::{Postgres, Run};

const SQLITE: &str = "sqlite:DATABASE/portcullis.db";

/// Developers may request `repair` for up to four hours, and leads approve.
const MOUNT: &str = r#"
[store]
url = "sqlite:DATABASE/portcullis.db"
key = { file = "DATABASE/store.key" }
[[federation.mounts]]
prefix = "/people"
identity = { password_file = "FOLDER/passwords", groups = { file = "FOLDER/groups" } }
policies = ["people"]
accounts = { production = "111111111111" }
requests = true
[[federation.mounts]]
prefix = "/without"
identity = { password_file = "FOLDER/passwords", groups = { file = "FOLDER/groups" } }
policies = ["people"]
accounts = { production = "111111111111" }
[[policies]]
name = "people"
module = "builtin:rego"
hooks = ["aws-roles"]
settings = { query = { "aws-roles" = "data.aws" } }
settings_files = { files = ["FOLDER/aws.rego"] }
"#;

const POLICY: &str = r#"package aws

grants contains {"account": "production", "role": "reader"} if not input.purpose in {"request", "approve"}

grants contains {"account": "production", "role": "repair", "duration_seconds": 14400, "extra": [["access", "request"]]} if {
	input.purpose == "request"
	"developers" in input.principal.groups
}

grants contains {"account": "production", "role": "repair", "extra": [["access", "approve"]]} if {
	input.purpose == "approve"
	"leads" in input.principal.groups
}

grants contains {"account": access.account, "role": access.role, "duration_seconds": 7200, "extra": [["access", access.id]]} if {
	not input.purpose in {"request", "approve"}
	some text in input.extra.access
	access := json.unmarshal(text)
}
"#;

/// `PASSWORD` for all of them.
fn passwords() -> String {
    let hash = PASSWORDS.strip_prefix("alice:").unwrap();
    ["alice", "bob", "carol", "dan"].iter().map(|user| format!("{user}:{hash}")).collect()
}

/// A host whose database is in `database`.
#[track_caller]
pub(super) fn start(database: &TempDir) -> Host {
    start_with(database, SQLITE)
}

/// A host with this store, whose key is in `database`.
#[track_caller]
fn start_with(database: &TempDir, store: &str) -> Host {
    let setup = Setup::new().file("passwords", &passwords()).file("aws.rego", POLICY);
    let setup = setup.file("groups", "developers: alice, dan\nleads: carol, dan\n");
    let mount = MOUNT.replace(SQLITE, store);
    setup.start(&mount.replace("DATABASE", &database.path().display().to_string()))
}

/// The command as a user.
fn run(host: &Host, user: &str, arguments: &[&str]) -> Run {
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, "PASSWORD\n").unwrap();
    let mut command = Command::new(PROGRAM);
    clean(&mut command, home.path());
    command.env_remove("XDG_CONFIG_HOME").arg("aws").args(arguments);
    command
        .args(["--url", &format!("{}/people", host.url()), "--user", user, "--password-file"])
        .arg(&password);
    Run::of(&command)
}

/// A new request, approved by carol. Its id.
#[track_caller]
fn approved(host: &Host) -> String {
    let asked = ["request", "production/repair", "--for", "1h", "--reason", "ticket 7", "--json"];
    let request: Value = serde_json::from_str(&run(host, "alice", &asked).ok()).unwrap();
    let id = request["id"].as_str().unwrap().to_owned();
    let line = run(host, "carol", &["approve", &id]).ok();
    assert!(line.contains("approved by carol  production/repair  alice  until "), "{line}");
    id
}

#[test]
fn a_role_is_requested_approved_used_and_revoked() {
    follow(&tempfile::tempdir().unwrap(), SQLITE);
}

#[test]
fn requests_are_kept_in_postgresql_too() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database();
    follow(&tempfile::tempdir().unwrap(), &url);
    let name = url.strip_prefix("postgres:///").unwrap().split('?').next().unwrap();
    let rows = postgres.sql(name, "SELECT * FROM federation_access");
    assert!(rows.contains("alice") && !rows.contains("ticket 7"), "what users write is sealed: {rows}");
}

/// From the request to its revocation, on two hosts with one store.
#[track_caller]
fn follow(database: &TempDir, store: &str) {
    let host = start_with(database, store);
    let other = start_with(database, store);
    let credentials = ["credentials", "production/repair"];
    let seen = run(&host, "alice", &["requests"]);
    assert!(seen.stderr.contains("0 requests; you may request production/repair"), "{}", seen.stderr);
    assert!(run(&host, "alice", &credentials).refused().contains("no policy grants you this role"));

    let line = run(&host, "alice", &["request", "production/repair", "--reason", "ticket 7"]).ok();
    let id = line.split(' ').next().unwrap().to_owned();
    assert!(line.contains("open  production/repair  alice  for 1h  ticket 7"), "{line}");
    assert!(run(&host, "alice", &credentials).refused().contains("no policy grants you this role"));
    for (user, arguments, part) in [
        ("alice", &["approve", &id][..], "nobody approves their own request"),
        ("bob", &["approve", &id], "no policy lets you approve or deny requests of this role"),
        ("bob", &["deny", &id], "no policy lets you approve or deny requests of this role"),
        ("carol", &["approve", "0123456789ab"], "No such request"),
        ("bob", &["request", "production/repair", "--reason", "x"], "no policy lets you request this role"),
        ("alice", &["request", "production/repair", "--reason", "x"], "you have requested this role already"),
        ("dan", &["request", "production/repair", "--for", "5h", "--reason", "x"], "for 4h at most"),
        ("dan", &["request", "production/repair", "--for", "5m", "--reason", "x"], "at least 900"),
        ("dan", &["request", "production/repair", "--reason", " "], "`reason` is why you need the role"),
        ("dan", &["request", "production/root", "--reason", "x"], "no policy lets you request this role"),
    ] {
        let error = run(&host, user, arguments).refused();
        assert!(error.contains(part), "{user} {arguments:?}: {error}");
    }
    // Who may do nothing about it does not see it.
    assert!(!run(&host, "bob", &["requests"]).ok().contains(&id));
    let seen = run(&other, "carol", &["requests"]).ok();
    assert!(seen.contains(&id) && seen.contains("yours to decide"), "{seen}");

    // Approved at one host, and used at both.
    run(&other, "carol", &["approve", &id]).ok();
    for host in [&host, &other] {
        let process: Value = serde_json::from_str(&run(host, "alice", &credentials).ok()).unwrap();
        assert_eq!(process["Version"], 1);
        let lasts: u64 = host.sts.questions().pop().unwrap().form["DurationSeconds"].parse().unwrap();
        assert!((3000..=3600).contains(&lasts), "it ends with the access: {lasts}");
        assert!(run(host, "dan", &credentials).refused().contains("no policy grants you this role"));
    }
    assert!(run(&host, "dan", &["approve", &id]).refused().contains("is approved by `carol` already"));

    // Revoked at one host, and gone at both, though the credentials are cached.
    let line = run(&host, "carol", &["deny", &id]).ok();
    assert!(line.contains("revoked by carol"), "{line}");
    for host in [&host, &other] {
        assert!(run(host, "alice", &credentials).refused().contains("no policy grants you this role"));
    }

    let changes: Vec<_> = [host.records(0), other.records(0)].concat();
    let changes: Vec<_> = changes.iter().filter(|record| record["kind"] == "change").collect();
    let step = |operation: &str, user: &str, verdict: &str| {
        let is_it = |record: &&&Value| {
            record["operation"] == operation
                && record["principal"]["name"] == user
                && record["verdict"] == verdict
        };
        let found = changes.iter().find(is_it).unwrap_or_else(|| panic!("{operation} {user}: {changes:?}"));
        let text = found.to_string();
        assert!(
            text.contains(&id) && text.contains("ticket 7") && text.contains("production/repair"),
            "{text}"
        );
    };
    step("access-request", "alice", "allow");
    step("access-approve", "alice", "deny");
    step("access-approve", "carol", "allow");
    step("access-revoke", "carol", "allow");
    let used = host.records(0).into_iter().find(|record| {
        record["kind"] == "decision" && record["operation"] == "credentials" && record["verdict"] == "allow"
    });
    assert!(used.unwrap()["extra"].to_string().contains(&id), "a decision names the request that it is by");
}

#[test]
fn an_operator_revokes_and_a_user_takes_back() {
    let database = tempfile::tempdir().unwrap();
    let host = start(&database);
    let id = approved(&host);
    let line = run(&host, "alice", &["deny", &id]).ok();
    assert!(line.contains("revoked by alice"), "{line}");
    approved(&host);
    let mut revoke = Command::new(PROGRAM);
    revoke.args(["aws", "revoke", "--user", "alice", "--admin"]);
    revoke.arg(format!("unix:{}/admin.sock", host.files().display()));
    let said = Run::of(&revoke);
    assert!(said.stderr.contains("revoked: 1 requests for access"), "{}", said.stderr);
    assert!(said.stderr.contains("no session is cached"), "{}", said.stderr);
    assert_eq!(said.ok(), "", "there is no policy for AWS, and something was revoked");
    let records = host.records(0);
    let of_operator: Vec<_> =
        records.iter().filter(|record| record["principal"]["name"] == "the operator").collect();
    assert_eq!(of_operator.len(), 1, "{records:?}");
    assert_eq!(
        (&of_operator[0]["kind"], &of_operator[0]["operation"]),
        (&json!("change"), &json!("access-revoke"))
    );
    assert!(of_operator[0].to_string().contains("ticket 7"), "{}", of_operator[0]);
    let error = run(&host, "alice", &["credentials", "production/repair"]).refused();
    assert!(error.contains("no policy grants you this role"), "{error}");
}

/// `deny` leaves the names of sessions that were handed out to `revoke`, which makes the policy for AWS of them.
#[test]
fn sessions_of_a_request_that_was_revoked_are_found() {
    let database = tempfile::tempdir().unwrap();
    let host = start(&database);
    let id = approved(&host);
    run(&host, "alice", &["credentials", "production/repair"]).ok();
    run(&host, "carol", &["deny", &id]).ok();
    let error = run(&host, "alice", &["credentials", "production/repair"]).refused();
    assert!(error.contains("no policy grants you this role"), "{error}");
    let mut revoke = Command::new(PROGRAM);
    revoke.args(["aws", "revoke", "--user", "alice", "--role", "production/repair", "--admin"]);
    revoke.arg(format!("unix:{}/admin.sock", host.files().display()));
    let policy: Value = serde_json::from_str(&Run::of(&revoke).ok()).unwrap();
    assert_eq!(policy["Statement"][0]["Condition"]["StringLike"]["aws:userid"], json!(["*:alice"]));
}

/// A policy that lets one user request for longer than another may approve.
#[test]
fn an_approver_approves_no_longer_than_may_be_and_one_role_is_revoked() {
    let database = tempfile::tempdir().unwrap();
    let setup = Setup::new().file("passwords", &passwords());
    let setup = setup.file("groups", "developers: alice, dan\nleads: carol, dan\n").file(
        "aws.rego",
        &POLICY.replace(
            "\"extra\": [[\"access\", \"approve\"]]",
            "\"duration_seconds\": 3600, \"extra\": [[\"access\", \"approve\"]]",
        ),
    );
    let host = setup.start(&MOUNT.replace("DATABASE", &database.path().display().to_string()));
    let request = |seconds: &str| {
        let asked = ["request", "production/repair", "--for", seconds, "--reason", "ticket 7", "--json"];
        let request: Value = serde_json::from_str(&run(&host, "alice", &asked).ok()).unwrap();
        request["id"].as_str().unwrap().to_owned()
    };
    let id = request("2h");
    let error = run(&host, "carol", &["approve", &id]).refused();
    assert!(error.contains("you may approve this role for 1h at most"), "{error}");
    let records = host.records(0);
    let refused = records.iter().find(|record| record["rule"] == "host:too-long");
    assert_eq!(refused.unwrap()["verdict"], "deny", "{records:?}");
    run(&host, "carol", &["deny", &id]).ok();
    let id = request("1h");
    run(&host, "carol", &["approve", &id]).ok();
    let mut revoke = Command::new(PROGRAM);
    revoke.args(["aws", "revoke", "--user", "alice", "--role", "production/repair", "--admin"]);
    revoke.arg(format!("unix:{}/admin.sock", host.files().display()));
    let said = Run::of(&revoke);
    assert!(said.stderr.contains("revoked: 1 requests"), "{}", said.stderr);
}

#[test]
fn no_page_of_another_site_requests_or_approves() {
    let database = tempfile::tempdir().unwrap();
    let host = start(&database);
    let body = json!({ "account": "production", "role": "repair", "duration_seconds": 3600, "reason": "x" });
    let post = |prefix: &str, headers: &[(&str, &str)], body: &str| -> Answer {
        let mut call = host.client.call("POST", &format!("{prefix}/requests"));
        call = call.header("Authorization", super::boto::BASIC);
        for (name, value) in headers {
            call = call.header(name, *value);
        }
        call.body(body).send()
    };
    let (kind, body) = (("Content-Type", "application/json"), body.to_string());
    let host_name = host.client.address().to_owned();
    for (headers, body, status) in [
        (&[kind, ("Sec-Fetch-Site", "cross-site")][..], &*body, 403),
        (&[kind, ("Origin", "https://evil.example")], &body, 403),
        (&[("Content-Type", "text/plain")], &body, 400),
        (&[], &body, 400),
        (&[kind], "{}", 400),
        (&[kind], "[]", 400),
        (&[kind], &body.replace("reason", "why"), 400),
        (&[kind], &format!("{{\"a\": \"{}\"}}", "x".repeat(9000)), 400),
        (&[kind, ("Origin", &format!("http://{host_name}"))], &body, 201),
    ] {
        let answer = post("/people", headers, body);
        assert_eq!(answer.status, status, "{headers:?} {body} {}", answer.text());
    }
    assert_eq!(post("/without", &[kind], &body).status, 404, "it is off there, as in AFP");
    let listed = host.client.get("/without/requests").header("Authorization", super::boto::BASIC).send();
    assert_eq!(listed.status, 404);
    let anonymous = host.client.get("/people/requests").send();
    assert_eq!(anonymous.status, 401);
}
