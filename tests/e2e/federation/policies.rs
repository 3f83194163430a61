//! What mounts and their policies make of each other, and how both change while it runs.

use serde_json::json;

use super::answered::{json, key, refused};
use super::host::{Host, PEOPLE, Setup};

/// A mount with two policies, of which the first is more generous.
const TWO: &str = r#"
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"] }
policies = ["first", "second"]
accounts = { production = "111111111111", staging = "022222222222" }
[[policies]]
name = "first"
module = "builtin:aws-roles"
[policies.settings]
grants = [{ users = "*", accounts = "*", roles = ["admin", "reader"], duration = "15m", session_name = "first" }]
[[policies]]
name = "second"
module = "builtin:aws-roles"
[policies.settings]
grants = [{ users = "*", accounts = ["staging"], roles = ["reader", "auditor"], duration = "2h", external_id = "wider" }]
denials = [{ accounts = ["production"], roles = ["admin"], rule = "frozen", reason = "production is frozen until Monday" }]
"#;

#[test]
fn of_two_policies_any_denies_and_the_first_says_how() {
    let host = Host::start(TWO);
    let list = json!({ "production": ["reader"], "staging": ["admin", "auditor", "reader"] });
    assert_eq!(json(&host.get("alice", "/account")), list);
    let denied = refused(&host.get("alice", "/account/production/admin/credentials"), 403, "AccessDenied");
    let reason =
        "Permission Denied: production is frozen until Monday (policy second, rule frozen, decision ";
    assert!(denied.starts_with(reason), "{denied}");
    assert_eq!(host.record(&denied)["rule"], "frozen");
    for (role, duration, name, external_id) in
        [("reader", "900", "first", None), ("auditor", "7200", "alice", Some("wider"))]
    {
        json(&host.get("alice", &format!("/account/staging/{role}/credentials")));
        let form = host.sts.questions().pop().unwrap().form;
        assert_eq!((&*form["DurationSeconds"], &*form["RoleSessionName"]), (duration, name), "{role}");
        assert_eq!(form.get("ExternalId").map(String::as_str), external_id, "{role}");
    }
}

/// Alone, the second grants what it does, and its denial is about nobody else's mount.
#[test]
fn a_mount_asks_its_own_policies_only() {
    let other = r#"
[[federation.mounts]]
prefix = "/other"
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"] }
policies = ["first"]
accounts = { production = "333333333333", staging = "444444444444" }
"#;
    let host = Host::start(&format!("{other}{TWO}"));
    let get = |path: &str| host.client.get(&format!("/other{path}")).header("X-Remote-User", "alice").send();
    let list = json!({ "production": ["admin", "reader"], "staging": ["admin", "reader"] });
    assert_eq!(json(&get("/account")), list);
    json(&get("/account/production/admin/credentials"));
    assert_eq!(host.sts.questions()[0].form["RoleArn"], "arn:aws:iam::333333333333:role/admin");
    refused(&host.get("alice", "/account/production/admin/credentials"), 403, "AccessDenied");
}

/// One policy, written once; each mount has its own accounts, which the policy knows in their own words.
#[test]
fn a_policy_of_two_mounts_has_the_accounts_of_each() {
    let mount = |prefix: &str, accounts: &str| {
        format!(
            "[[federation.mounts]]\nprefix = \"{prefix}\"\npolicies = [\"shared\"]\naccounts = {{ {accounts} }}\n\
             identity = {{ header = \"X-Remote-User\", trusted = [\"127.0.0.1\"] }}\n"
        )
    };
    let policy = r#"
[[policies]]
name = "shared"
module = "builtin:aws-roles"
settings = { grants = [{ users = "*", accounts = "*", roles = ["reader"], session_name = "{user}-{account}" }] }
"#;
    let one = mount("/one", "production = \"111111111111\"");
    let two = mount(
        "/two",
        "production = \"222222222222\", china = { id = \"333333333333\", partition = \"aws-cn\" }",
    );
    let host = Host::start(&format!("{one}{two}{policy}"));
    let get = |path: &str| host.client.get(path).header("X-Remote-User", "alice").send();
    assert_eq!(
        json(&get("/one/account?withid")),
        json!({ "production": { "id": "111111111111", "roles": ["reader"] } })
    );
    let list = json!({ "production": { "id": "222222222222", "roles": ["reader"] }, "china": { "id": "333333333333", "roles": ["reader"] } });
    assert_eq!(json(&get("/two/account?withid")), list);
    refused(&get("/one/account/china/reader/credentials"), 403, "AccessDenied");
    let mut keys = Vec::new();
    for (path, arn, region) in [
        ("/one/account/production", "arn:aws:iam::111111111111:role/reader", "us-east-1"),
        ("/two/account/production", "arn:aws:iam::222222222222:role/reader", "us-east-1"),
        ("/two/account/china", "arn:aws-cn:iam::333333333333:role/reader", "cn-north-1"),
    ] {
        keys.push(key(&get(&format!("{path}/reader/credentials"))));
        let question = host.sts.questions().pop().unwrap();
        assert_eq!((&*question.form["RoleArn"], &*question.region), (arn, region));
    }
    keys.dedup();
    assert_eq!(keys.len(), 3);
    let policies: Vec<_> =
        host.records(5).iter().map(|record| record["outcomes"][0]["policy"].to_string()).collect();
    assert!(
        policies.contains(&"\"shared@/one\"".into()) && policies.contains(&"\"shared@/two\"".into()),
        "{policies:?}"
    );
}

#[test]
fn mounts_accounts_and_policies_change_at_once() {
    let mut host = Host::start(TWO);
    refused(&host.get("alice", "/account/sandbox/reader/credentials"), 403, "AccessDenied");
    let known = host.get("alice", "/account/staging/reader/credentials");
    let accounts = "staging = \"022222222222\"";
    let more = TWO.replace(accounts, &format!("{accounts}, sandbox = \"055555555555\""));
    host.set(&more);
    assert_eq!(json(&host.get("alice", "/account"))["sandbox"], json!(["admin", "reader"]));
    json(&host.get("alice", "/account/sandbox/reader/credentials"));
    assert_eq!(host.sts.questions()[1].form["RoleArn"], "arn:aws:iam::055555555555:role/reader");
    // What had been got before is still good.
    let again = host.get("alice", "/account/staging/reader/credentials");
    assert_eq!((key(&again), host.sts.count()), (key(&known), 2));
    // The id is another one: so are the credentials.
    host.set(&more.replace("055555555555", "066666666666"));
    json(&host.get("alice", "/account/sandbox/reader/credentials"));
    assert_eq!(host.sts.questions()[2].form["RoleArn"], "arn:aws:iam::066666666666:role/reader");
    // Another mount, and the first is gone.
    host.set(&TWO.replace("/afp-api/latest", "/elsewhere"));
    assert_eq!(host.get("alice", "/account").status, 404);
    assert_eq!(host.client.get("/elsewhere/account").header("X-Remote-User", "alice").send().status, 200);
}

#[test]
fn a_configuration_that_does_not_hold_changes_nothing() {
    let mut host = Host::start(TWO);
    let list = json(&host.get("alice", "/account"));
    for (wrong, why) in [
        (TWO.replace("\"second\"]", "\"third\"]"), "there is no policy `third`"),
        (TWO.replace("022222222222", "22222222222"), "account `staging`: "),
        (TWO.replace("accounts = [\"staging\"]", "accounts = [\"stagin\"]"), "stagin"),
        (TWO.replace("duration = \"2h\"", "duration = \"13h\""), "13h"),
        (TWO.replace("X-Remote-User", "X Remote User"), "X Remote User"),
    ] {
        host.set(&wrong);
        let log = host.portcullis.log();
        let last = log.lines().rfind(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("{why}\n{log}"));
        assert!(last.contains("the old ones stay in force") && last.contains(why), "{why}\n{last}");
        assert_eq!(json(&host.get("alice", "/account")), list);
    }
}

/// Groups are named by people. What no session can be had for is neither listed nor had, and the log says which group.
#[test]
fn groups_that_make_roles_that_aws_cannot_have() {
    let groups = "aws-production-reader: alice\naws-production-a b: alice\naws-production-a//b: alice\n\
                  aws-production-<img>: alice\naws-production-r\u{f6}le: alice\n";
    let host = Setup::new().file("groups", groups).start(PEOPLE);
    for _ in 0..2 {
        assert_eq!(json(&host.get("alice", "/account")), json!({ "production": ["reader"] }));
    }
    for role in ["a%20b", "a%2F%2Fb", "%3Cimg%3E", "r%C3%B6le"] {
        let answer = host.get("alice", &format!("/account/production/{role}/credentials"));
        let message = refused(&answer, 403, "AccessDenied");
        assert!(message.contains("no policy grants you this role"), "{message}");
    }
    assert_eq!(host.get("alice", "/account/production/reader/credentials").status, 200);
    let log = host.portcullis.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains("AWS cannot have")).collect();
    assert_eq!(told.len(), 4, "each once\n{log}");
    for group in
        ["aws-production-a b", "aws-production-a//b", "aws-production-<img>", "aws-production-r\u{f6}le"]
    {
        assert!(told.iter().any(|line| line.contains("WARN") && line.contains(group)), "{group}\n{log}");
    }
}
