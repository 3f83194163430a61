//! Policies of opa-docker-authz (51323aa) and of OPA's tutorial, unchanged.

use super::*;

fn unchanged(rego: &str, dialect: &str, file: &str) {
    let settings = json!({
        "rego": rego, "query": "data.docker.authz.allow", "input": "opa-docker-authz", "dialect": dialect
    });
    portcullis_policy_sdk::cases::docker_request::<Rego>(&cases(&settings, file)).unwrap();
}

macro_rules! files {
    ($name:literal) => {
        (
            include_str!(concat!("../../tests/opa-docker-authz/", $name, ".rego")),
            include_str!(concat!("../../tests/opa-docker-authz/", $name, ".json")),
        )
    };
}

#[test]
fn its_policies_decide_as_they_do_there() {
    for (rego, cases) in [files!("example"), files!("default_allow"), files!("tutorial")] {
        unchanged(rego, "v1", cases);
    }
    let (rego, cases) = files!("v0_complete");
    unchanged(rego, "v0", cases);
}

/// In OPA the project's `v0.rego` is an error in both dialects too: in one of syntax, in the other of a variable.
#[test]
fn a_policy_of_before_opa_1_needs_its_dialect() {
    let rego = include_str!("../../tests/opa-docker-authz/v0.rego");
    let settings = |dialect: &str| json!({"rego": rego, "query": "data.docker.authz.allow", "input": "opa-docker-authz", "dialect": dialect});
    let error = configured(&settings("v1")).err().unwrap();
    assert!(error.contains("--> policy.rego:") && error.ends_with("`dialect = \"v0\"`"), "{error}");
    let error = configured(&settings("v0")).err().unwrap();
    assert!(error.contains("policy.rego:17:") && error.contains("`seccomp_unconfined` is unsafe"), "{error}");
}

#[test]
fn undefined_is_denied_with_the_words_of_opa_docker_authz() {
    let (rego, _) = files!("example");
    let policy = configured(&json!({
        "rego": rego, "query": "data.docker.authz.allow", "input": "opa-docker-authz"
    }))
    .unwrap();
    let opinion = ask(&policy, &docker::Request::default()).unwrap();
    assert_eq!(
        (opinion.verdict, opinion.reason.as_str()),
        (Verdict::Deny, "request rejected by administrative policy")
    );
}

#[test]
fn a_bundle_is_its_texts_and_its_data() {
    let bundle = |manifest: &str| {
        json!({
            "query": "data.docker.authz.allow",
            "input": "opa-docker-authz",
            "bundle": {
                "./.manifest": manifest,
                "docker/authz.rego": "package docker.authz\nallow if input.User in data.docker.writers.names",
                "docker/authz_test.rego": "package docker.authz\ntest_x if not_a_function()",
                "docker/writers/data.json": "{\"names\": [\"alice\"]}",
                "data.json": "{\"other\": 1}",
                "README.md": "ignored"
            }
        })
    };
    let policy = configured(&bundle(r#"{"revision": "7", "roots": ["docker", "other"]}"#)).unwrap();
    let mut request = docker::Request::default();
    request.principal.name = Some("alice".into());
    assert_eq!(ask(&policy, &request).unwrap().verdict, Verdict::Allow);
    request.principal.name = Some("bob".into());
    assert_eq!(ask(&policy, &request).unwrap().verdict, Verdict::Deny);

    for (manifest, expected) in [
        (
            r#"{"roots": ["other"]}"#,
            "`docker/authz.rego` has the package `docker.authz`, which is in none of its roots",
        ),
        (r#"{"roots": ["docker"]}"#, "`data.other` is in none of its roots"),
        (r#"{"rego_version": 0}"#, "`dialect = \"v0\"`"),
        (r#"{"wasm": [{"entrypoint": "x"}]}"#, "`opa build -t rego`"),
        ("{", "`.manifest`: EOF"),
    ] {
        let error = configured(&bundle(manifest)).err().unwrap_or_default();
        assert!(error.contains(expected), "{manifest}: {error}");
    }
}
