//! `portcullis aws revoke`: what is cached for a user is not handed out again.

use serde_json::Value;
use std::process::Command;

use super::host::{EVERYBODY, Host, PEOPLE, PROGRAM};
use portcullis_testing::Run;
use portcullis_testing::fake_sts::Mood;

/// What the command says.
fn revoke(host: &Host, arguments: &[&str]) -> Run {
    let mut command = Command::new(PROGRAM);
    command.args(["aws", "revoke", "--admin"]).arg(format!("unix:{}/admin.sock", host.files().display()));
    Run::of(command.args(arguments))
}

#[test]
fn a_users_cached_credentials_end_at_once_and_no_others() {
    let host = Host::start(PEOPLE);
    let admin = || super::answered::key(&host.get("alice", "/account/staging/admin/credentials"));
    let (alices, bobs, admins) = (host.key("alice"), host.key("bob"), admin());
    assert_eq!((host.key("alice"), host.key("bob"), admin()), (alices.clone(), bobs.clone(), admins.clone()));

    let found: Value = serde_json::from_str(
        &revoke(&host, &["--user", "alice", "--role", "production/reader", "--json"]).ok(),
    )
    .unwrap();
    let session =
        serde_json::json!({ "role_arn": "arn:aws:iam::111111111111:role/reader", "session_name": "alice" });
    let sessions = &found["revoked"][0]["details"]["sessions"];
    assert_eq!((&found["ended"], sessions), (&1.into(), &serde_json::json!([session])));
    assert_eq!((host.key("bob"), admin()), (bobs.clone(), admins.clone()));
    let new = host.key("alice");
    assert_ne!(new, alices);

    let run = revoke(&host, &["--user", "alice"]);
    assert!(run.stderr.contains("ended: 2 cached sessions"), "{}", run.stderr);
    // It can be given to AWS as it is.
    let policy: Value = serde_json::from_str(&run.ok()).unwrap();
    let condition = &policy["Statement"][0]["Condition"];
    assert_eq!(policy["Statement"][0]["Effect"], "Deny");
    assert_eq!(condition["StringLike"]["aws:userid"], serde_json::json!(["*:alice"]));
    assert!(condition["DateLessThan"]["aws:TokenIssueTime"].as_str().unwrap().ends_with('Z'), "{policy}");
    assert_ne!(host.key("alice"), new);
    assert_ne!(admin(), admins);
    assert_eq!(host.key("bob"), bobs);

    let changes: Vec<_> = host.records(0).into_iter().filter(|record| record["kind"] == "change").collect();
    let revoked: Vec<_> = changes.iter().filter(|record| record["operation"] == "RevokeSessions").collect();
    assert_eq!(revoked.len(), 2, "{changes:?}");
    assert!(revoked[0].to_string().contains("production/reader") && revoked[0].to_string().contains("alice"));
    assert!(revoked[0]["principal"]["name"].as_str().unwrap().starts_with("uid "), "{}", revoked[0]);

    assert!(revoke(&host, &["--user", "carol"]).refused().contains("no session is cached"));
    for (arguments, part) in [
        (["--user", "alice", "--role", "nowhere/reader"], "ACCOUNT/ROLE"),
        (["--user", "alice", "--mount", "nowhere"], "`/afp-api/latest`"),
    ] {
        let error = revoke(&host, &arguments).refused();
        assert!(error.contains(part), "{arguments:?} {error}");
    }
}

/// STS gave them before the policy's time, or after: it is not known, so no later request gets them.
#[test]
fn what_is_being_fetched_is_not_kept() {
    let host = Host::start(EVERYBODY);
    host.sts.be(Mood::Silent);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| host.get("alice", "/account/production/reader/credentials"));
        let late = std::time::Instant::now() + super::host::PATIENCE;
        while host.sts.count() == 0 {
            assert!(std::time::Instant::now() < late, "STS was not asked");
            std::thread::sleep(portcullis_testing::child::LOOK);
        }
        revoke(&host, &["--user", "alice"]).ok();
        host.sts.be(Mood::Ok);
        assert_ne!(first.join().unwrap().status, 200, "it was handed out after it was revoked");
    });
    let asked = host.sts.count();
    host.key("alice");
    assert_eq!(host.sts.count(), asked + 1);
}

/// The same account by another name, on another mount.
const OTHER: &str = r#"
[[federation.mounts]]
prefix = "/other"
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"] }
policies = ["other"]
accounts = { prod = "111111111111" }
[[policies]]
name = "other"
module = "builtin:aws-roles"
settings = { grants = [{ users = "*", accounts = ["prod"], roles = ["reader"] }] }
"#;

/// An operator knows an account by one name; a mount that calls it otherwise hands out the same role.
#[test]
fn a_role_is_revoked_by_the_name_that_any_mount_has_for_its_account() {
    let host = Host::start(&format!("{EVERYBODY}{OTHER}"));
    let other = || {
        let path = "/other/account/prod/reader/credentials";
        super::answered::key(&host.client.get(path).header("X-Remote-User", "alice").send())
    };
    for (arguments, ended) in [
        (&["--user", "alice", "--role", "production/reader"][..], [true, true]),
        (&["--user", "alice", "--role", "prod/reader"], [true, true]),
        (&["--user", "alice", "--role", "prod/reader", "--mount", "/afp-api/latest"], [true, false]),
        (&["--user", "alice", "--role", "production/reader", "--mount", "/other"], [false, true]),
    ] {
        let before = [host.key("alice"), other()];
        revoke(&host, arguments).ok();
        let after = [host.key("alice"), other()];
        assert_eq!([before[0] != after[0], before[1] != after[1]], ended, "{arguments:?}");
    }
    let error = revoke(&host, &["--user", "alice", "--role", "nowhere/reader"]).refused();
    assert!(error.contains("ACCOUNT/ROLE"), "{error}");
}
