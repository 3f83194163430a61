//! JWTs: the session that ends with the token, and claims that are elsewhere than the operator thinks.

use std::fs;
use std::path::Path;

use super::answered::json;
use super::host::{Host, Setup};
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;

/// Three mounts that take the same tokens: the last with the name of a claim that is in none.
const MOUNTS: &str = r#"
[[federation.mounts]]
prefix = "/ends"
policies = ["people"]
accounts = { production = "111111111111" }
[federation.mounts.identity.jwt]
issuer = "https://issuer.example"
audience = "portcullis"
jwks = "FOLDER/jwks.json"
groups_claim = "realm_access.roles"
[[federation.mounts]]
prefix = "/lasts"
policies = ["people"]
accounts = { production = "111111111111" }
[federation.mounts.identity.jwt]
issuer = "https://issuer.example"
audience = "portcullis"
jwks = "FOLDER/jwks.json"
groups_claim = "realm_access.roles"
session_ends_with_token = false
[[federation.mounts]]
prefix = "/absent"
policies = ["people"]
accounts = { production = "111111111111" }
[federation.mounts.identity.jwt]
issuer = "https://issuer.example"
audience = "portcullis"
jwks = "FOLDER/jwks.json"
groups_claim = "realm.roles"
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { groups = [{ pattern = "aws-(?P<account>[^-]+)-(?P<role>.+)" }] }
"#;

/// A host, and a token of alice that expires in so many seconds.
#[track_caller]
fn start(tools: &Tools, seconds: u64) -> (Host, String) {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("jwks.json");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/federation/issue_token.py");
    let mut issue = tools.python(script, folder.path());
    issue.arg(&keys).args(["https://issuer.example", "portcullis", "alice", &seconds.to_string()]);
    issue.arg(r#"{"realm_access": {"roles": ["aws-production-reader"]}}"#);
    let token = Run::of(&issue).ok().trim().to_owned();
    let jwks = fs::read_to_string(keys).unwrap();
    (Setup::new().file("jwks.json", &jwks).start(MOUNTS), format!("Bearer {token}"))
}

#[test]
fn a_session_lasts_no_longer_than_the_token() {
    let Some(tools) = Tools::needed() else { return };
    for (seconds, expected) in [(1800, 1740..=1800), (30, 900..=900), (7200, 3600..=3600)] {
        let (host, token) = start(&tools, seconds);
        for (prefix, expected) in [("/ends", expected), ("/lasts", 3600..=3600)] {
            let path = format!("{prefix}/account/production/reader/credentials");
            json(&host.client.get(&path).header("Authorization", token.as_str()).send());
            let lasts: u64 = host.sts.questions().pop().unwrap().form["DurationSeconds"].parse().unwrap();
            assert!(expected.contains(&lasts), "{prefix} {seconds}: {lasts}");
            // They are cached as any others.
            json(&host.client.get(&path).header("Authorization", token.as_str()).send());
        }
        assert_eq!(host.sts.count(), 2, "{seconds}");
        // A console neither.
        let console = "/ends/account/production/reader/consoleurl";
        assert_eq!(host.client.get(console).header("Authorization", token.as_str()).send().status, 200);
        let query = host.sign_in.queries().pop().unwrap();
        let lasts = query.split("SessionDuration=").nth(1).unwrap().split('&').next().unwrap();
        assert!(lasts.parse::<u64>().unwrap() <= seconds.max(900), "{seconds}: {query}");
    }
}

#[test]
fn a_claim_that_is_not_there_is_told() {
    let Some(tools) = Tools::needed() else { return };
    let (host, token) = start(&tools, 600);
    for _ in 0..2 {
        let list = host.client.get("/absent/account").header("Authorization", token.as_str()).send();
        assert_eq!(json(&list), serde_json::json!({}));
    }
    let log = host.portcullis.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains("no claim `realm.roles`")).collect();
    let [told] = told.as_slice() else { panic!("{log}") };
    assert!(told.contains("WARN") && told.contains("`realm_access`"), "{told}");
    assert!(!told.contains("alice") && !told.contains("aws-production"), "{told}");
}
