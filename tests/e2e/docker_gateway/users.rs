//! Users with tokens: the stock clients by each of the ways in, and what the policies see.

use super::clients;
use super::host::Gateway;
use portcullis_testing::{Dockerd, Run, need_dockerd};
use serde_json::Value;

#[test]
fn the_stock_clients_work_below_the_endpoints_path() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let gateway = Gateway::with_baseline(dockerd, "");
    let (_, token) = gateway.user("alice");
    let client = gateway.client_folder("alice", &token);
    let host = format!("tcp://{}/api/endpoints/1/docker", gateway.address);
    clients::everyday_commands(&gateway.dockerd, &host, &client);
}

#[test]
fn the_stock_clients_work_at_an_address_of_the_endpoints_own() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let gateway = Gateway::with_baseline(dockerd, "");
    let (_, token) = gateway.user("alice");
    let client = gateway.client_folder("alice", &token);
    clients::everyday_commands(&gateway.dockerd, &format!("tcp://{}", gateway.own_address), &client);
}

#[test]
fn the_user_is_the_principal_and_a_refusal_is_in_dockers_words() {
    let Some(needed) = need_dockerd() else { return };
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let gateway = Gateway::with_baseline(dockerd, r#"allow = { alice = ["privileged"] }"#);
    let (alice, alice_token) = gateway.user("alice");
    let (bob, bob_token) = gateway.user("bob");
    gateway.grant(&[alice, bob]);
    let create = |name: &str, token: &str| {
        let client = gateway.client_folder(name, token);
        let host = format!("tcp://{}/api/endpoints/1/docker", gateway.address);
        let mut command = gateway.dockerd.clients_at(&host, &client).remove(0);
        Run::of(command.args(["create", "--network", "none", "--privileged", "bb:1", "true"]))
    };
    create("alice", &alice_token).ok();
    let refused = create("bob", &bob_token).refused();
    assert!(refused.contains("(policy docker-baseline, rule privileged, decision "), "{refused}");
    let records = gateway.records();
    let creates: Vec<_> = records.iter().filter(|record| record["operation"] == "ContainerCreate").collect();
    let shown = |record: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let principal = &record["principal"];
        (
            text(&record["verdict"]),
            text(&principal["name"]),
            text(&principal["authentication"]),
            text(&record["daemon"]),
        )
    };
    let expected = |verdict: &str, name: &str| (verdict.into(), name.into(), "token".into(), "local".into());
    let found: Vec<_> = creates.iter().map(|record| shown(record)).collect();
    assert_eq!(found, [expected("allow", "alice"), expected("deny", "bob")]);

    // An exec is judged together with the container that it runs in.
    let dockerd = &gateway.dockerd;
    let name = ["run", "-d", "--name", "web", "--network", "none", "--label", "owner=alice"];
    dockerd.docker(&[&name[..], &["bb:1", "sleep", "1000"]].concat()).ok();
    let client = gateway.client_folder("alice", &alice_token);
    let mut exec = dockerd.clients_at(&format!("tcp://{}", gateway.own_address), &client).remove(0);
    assert_eq!(Run::of(exec.args(["exec", "web", "echo", "inside"])).ok(), "inside\n");
    let records = gateway.records();
    let start = records.iter().find(|record| record["operation"] == "ExecStart").unwrap();
    let id = dockerd.docker(&["inspect", "--format", "{{.Id}}", "web"]).ok();
    assert_eq!(start["targets"][1], serde_json::json!({ "kind": "container", "as_sent": id.trim() }));

    // The CLI says no reason where a stream was refused; the response has it, in Docker's shape.
    let exec = serde_json::json!({ "Cmd": ["sh"], "Privileged": true });
    let path = "/api/endpoints/1/docker/v1.41/containers/web/exec";
    let (status, answer) = gateway.call("POST", path, &bob_token, &exec);
    assert_eq!(status, 403, "{answer}");
    let headers = "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n";
    let path = "/api/endpoints/1/docker/grpc";
    let (status, answer) = gateway.send("POST", path, &bob_token, headers, "");
    assert!(answer["message"].as_str().unwrap_or_default().contains("rule buildkit"), "{status} {answer}");
    assert_eq!(status, 403);
}

#[test]
fn users_reach_only_what_they_were_granted() {
    let Some(needed) = need_dockerd() else { return };
    let gateway = Gateway::with_baseline(Dockerd::start(&needed, &[], None), "");
    let (_, token) = gateway.user("alice");
    let get = |path: &str, token: &str| gateway.call("GET", path, token, &Value::Null);
    assert_eq!(get("/api/endpoints/1/docker/v1.41/info", &token).0, 200);
    assert_eq!(get("/endpoints/1/docker/info", &token).0, 200);
    gateway.grant(&[]);
    for (path, token, status, message) in [
        ("/api/endpoints/1/docker/info", token.as_str(), 403, "Permission denied to access environment"),
        ("/api/endpoints/2/docker/info", &token, 404, "Unable to find an environment"),
        ("/api/endpoints/abc/docker/info", &token, 400, "Invalid environment identifier route variable"),
        ("/api/endpoints/1/docker/info", "", 401, "A valid authorization token is missing"),
        ("/api/endpoints/1/docker/info", "nonsense", 401, "Invalid JWT token"),
        ("/api/endpoints/1/docker/no-such", &gateway.admin, 404, "page not found"),
        ("/api/endpoints/1/docker/v1.99/info", &gateway.admin, 400, "client version 1.99 is too new"),
    ] {
        let (found, answer) = get(path, token);
        let text = answer["message"].as_str().unwrap_or_default();
        assert_eq!(found, status, "{path}: {answer}");
        assert!(text.starts_with(message), "{path}: {answer}");
        // Docker's shape.
        assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1), "{path}: {answer}");
    }
}
