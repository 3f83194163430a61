//! What a policy finds in `input`.

use super::*;

/// Whether `expression` holds for the request.
fn holds(expression: &str, settings: &Value, request: &docker::Request) -> Result<bool, String> {
    let mut settings = settings.clone();
    settings["rego"] = format!("package a\nallow if {{ {expression} }}").into();
    settings["query"] = "data.a".into();
    Ok(ask(&configured(&settings)?, request)?.verdict == Verdict::Allow)
}

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn facts_are_those_of_the_contract_and_absent_ones_are_undefined() {
    let mut request = docker::Request {
        query: pairs(&[("t", "a"), ("t", "b")]),
        headers: pairs(&[("User-Agent", "x")]),
        body: docker::Body::Json("{\"Image\":\"x\"}".into()),
        api_version: Some((1, 47)),
        extra: pairs(&[("k", "v")]),
        ..docker::Request::default()
    };
    let workload = docker::Workload {
        labels: pairs(&[("owner", "bob")]),
        memory_limit: Some(1 << 40),
        ..Default::default()
    };
    request.workload = Some(workload);
    for expression in [
        "not input.principal.name",
        "not input.operation",
        "not input.workload.user",
        "input.workload.labels.owner == \"bob\"",
        "input.workload.memory_limit == 1099511627776",
        "input.workload.privileged == false",
        "not input.workload.masked_paths",
        "input.query.t == [\"a\", \"b\"]",
        "input.headers[\"User-Agent\"] == \"x\"",
        "input.extra.k == [\"v\"]",
        "input.api_version == [1, 47]",
        "json.unmarshal(input.body.json).Image == \"x\"",
        "input.context.now == 0",
        "input.targets == []",
    ] {
        assert_eq!(holds(expression, &json!({}), &request), Ok(true), "{expression}");
    }
    assert_eq!(holds("input.body == \"absent\"", &json!({}), &docker::Request::default()), Ok(true));
    // What two readers could read in two ways is refused.
    request.headers = pairs(&[("A", "x"), ("A", "y")]);
    assert_eq!(holds("true", &json!({}), &request), Err("`headers` has \"A\" twice: \"x\" and \"y\"".into()));
}

#[test]
fn the_input_of_opa_docker_authz_has_all_of_its_fields() {
    let mount = |origin: &str, as_sent: &str, source: &str| docker::Mount {
        kind: "bind".into(),
        origin: origin.into(),
        as_sent: as_sent.into(),
        source: Some(source.into()),
        host_path: Some(source.into()),
        read_only: as_sent.ends_with(":ro"),
        ..docker::Mount::default()
    };
    let volume = docker::Mount { kind: "volume".into(), as_sent: "v".into(), ..docker::Mount::default() };
    let mut request = docker::Request {
        method: "POST".into(),
        uri: "/v1.41/images/a%2Fb/push?tag=latest".into(),
        query: pairs(&[("tag", "latest")]),
        body: docker::Body::Json("{\"HostConfig\":{}}".into()),
        workload: Some(docker::Workload {
            mounts: vec![mount("binds", "/var/../:/mnt:ro", "/"), mount("mounts", "/home/", "/home"), volume],
            ..Default::default()
        }),
        ..docker::Request::default()
    };
    request.principal.name = Some("alice".into());
    request.principal.authentication = "certificate".into();
    let settings = json!({"input": "opa-docker-authz"});
    for expression in [
        "input.Method == \"POST\"",
        "input.Path == \"/v1.41/images/a%2Fb/push?tag=latest\"",
        "input.PathPlain == \"/v1.41/images/a/b/push\"",
        "input.PathArr == [\"\", \"v1.41\", \"images\", \"a\", \"b\", \"push\"]",
        "input.Query == {\"tag\": [\"latest\"]}",
        "input.Body.HostConfig == {}",
        "input.User == \"alice\"",
        "input.AuthMethod == \"TLS\"",
        "input.Headers == {}",
        "input.BindMounts == [{\"Source\": \"/var/../\", \"ReadOnly\": true, \"Resolved\": \"/\"}, {\"Source\": \"/home/\", \
         \"ReadOnly\": false, \"Resolved\": \"/home\"}]",
    ] {
        assert_eq!(holds(expression, &settings, &request), Ok(true), "{expression}");
    }
    request.body = docker::Body::Unseen("not-json".into());
    request.principal = types::Principal { authentication: "anonymous".into(), ..Default::default() };
    for expression in ["input.Body == null", "input.User == \"\"", "input.AuthMethod == \"\""] {
        assert_eq!(holds(expression, &settings, &request), Ok(true), "{expression}");
    }
}
