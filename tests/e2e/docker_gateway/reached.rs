//! Containers that were made past the gateway: each call that reaches into one is judged by what the container may do, by each
//! of its names, and forwarded by its id.

use super::host::Gateway;
use portcullis_testing::{Dockerd, Run, http, need_dockerd};
use serde_json::{Value, json};

const API: &str = "/api/endpoints/1/docker/v1.41";

struct Place {
    gateway: Gateway,
    token: String,
}

impl Place {
    /// A user of docker-baseline's, and a container without anything of the host's.
    fn start(settings: &str) -> Option<Self> {
        let dockerd = Dockerd::start(&need_dockerd()?, &[], None);
        dockerd.import_busybox("bb:1");
        let gateway = Gateway::with_baseline(dockerd, settings);
        let (_, token) = gateway.user("alice");
        let place = Self { gateway, token };
        place.past(&[
            "run",
            "-d",
            "--name",
            "web",
            "--network",
            "none",
            "-v",
            "data:/data",
            "bb:1",
            "sleep",
            "1000",
        ]);
        Some(place)
    }

    /// On dockerd's own socket.
    #[track_caller]
    fn past(&self, arguments: &[&str]) -> String {
        self.gateway.dockerd.docker(arguments).ok().trim().to_owned()
    }

    fn docker(&self, arguments: &[&str]) -> Run {
        let client = self.gateway.client_folder("alice", &self.token);
        let host = format!("tcp://{}", self.gateway.own_address);
        Run::of(self.gateway.dockerd.clients_at(&host, &client).remove(0).args(arguments))
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.gateway.call(method, &format!("{API}{path}"), &self.token, body)
    }

    #[track_caller]
    fn refused(&self, method: &str, path: &str, body: &Value, rule: &str) {
        let (status, answer) = self.call(method, path, body);
        let names_rule = answer.to_string().contains(&format!("policy docker-baseline, rule {rule}, "));
        assert!(status == 403 && (names_rule || method == "HEAD"), "{method} {path}: {status} {answer}");
    }

    /// An exec that was made on dockerd's own socket.
    #[track_caller]
    fn exec(&self, body: &Value) -> String {
        let socket = self.gateway.dockerd.socket();
        let body = body.to_string();
        let (status, text) =
            http::call_unix(&socket, "POST", "/containers/web/exec", "application/json", body.as_bytes())
                .unwrap();
        assert_eq!(status, 201, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["Id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_container_made_past_the_gateway_is_judged_by_what_it_may_do() {
    let settings = "allow_container_namespaces = true, allow_volumes_from = true";
    let Some(place) = Place::start(settings) else { return };
    let id = place.past(&[
        "run",
        "-d",
        "--name",
        "open",
        "--network",
        "none",
        "-v",
        "/etc:/x",
        "bb:1",
        "sleep",
        "1000",
    ]);
    place.past(&["create", "--name", "root", "--network", "none", "--privileged", "bb:1", "true"]);
    place.past(&["create", "--name", "net", "--network", "host", "bb:1", "true"]);
    place.past(&["create", "--name", "joins", "--network", "container:net", "bb:1", "true"]);
    place.past(&["volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/etc", "evil"]);
    place.past(&["create", "--name", "mounts", "--network", "none", "-v", "evil:/x", "bb:1", "true"]);
    let privileged = place.exec(&json!({ "Cmd": ["true"], "Privileged": true }));

    let none = Value::Null;
    let command = json!({ "Cmd": ["true"] });
    for name in ["open", &id, &id[..12], &id[..4]] {
        place.refused("POST", &format!("/containers/{name}/exec"), &command, "host-mount");
    }
    for (method, path, body) in [
        ("POST", "/containers/open/start", &none),
        ("POST", "/containers/open/restart", &none),
        ("POST", "/containers/open/unpause", &none),
        ("POST", "/containers/open/attach?stream=1&stdout=1", &none),
        ("GET", "/containers/open/attach/ws", &none),
        ("GET", "/containers/open/archive?path=/x/hostname", &none),
        ("HEAD", "/containers/open/archive?path=/x/hostname", &none),
        ("PUT", "/containers/open/archive?path=/x", &none),
        ("GET", "/containers/open/export", &none),
        ("POST", "/commit?container=open&repo=copy", &none),
        ("POST", "/commit?repo=copy&container=%2Fopen", &none),
        ("POST", "/containers/open/update", &json!({ "RestartPolicy": { "Name": "no" } })),
        ("POST", "/containers/open/rename?name=other", &none),
        ("POST", "/containers/open/checkpoints", &json!({ "CheckpointID": "c" })),
    ] {
        place.refused(method, path, body, "host-mount");
    }
    place.refused("POST", "/containers/root/start", &none, "privileged");
    place.refused("POST", &format!("/exec/{privileged}/start"), &json!({ "Detach": true }), "privileged");
    // What it has by another container.
    place.refused("POST", "/containers/joins/start", &none, "host-network");
    let create = |host: Value| json!({ "Image": "bb:1", "Cmd": ["true"], "HostConfig": host });
    let taken = create(json!({ "NetworkMode": "none", "VolumesFrom": ["open"] }));
    place.refused("POST", "/containers/create", &taken, "host-mount");
    let joined = create(json!({ "NetworkMode": "container:joins" }));
    place.refused("POST", "/containers/create", &joined, "host-network");
    // A volume is what it was made of, under any name.
    place.refused("POST", "/containers/mounts/start", &none, "host-mount");
    let taken = create(json!({ "NetworkMode": "none", "VolumesFrom": ["mounts"] }));
    place.refused("POST", "/containers/create", &taken, "host-mount");
    let evil = create(json!({ "NetworkMode": "none", "Binds": ["evil:/x:ro"] }));
    place.refused("POST", "/containers/create", &evil, "host-mount");
    let record =
        place.gateway.records().into_iter().rev().find(|record| record["operation"] == "ContainerStart");
    let facts = record.unwrap()["facts"]["mounts"].to_string();
    assert!(facts.contains("/etc"), "{facts}");

    // To look at them and to remove them needs nothing of what they may do.
    place.docker(&["logs", "open"]).ok();
    place.docker(&["inspect", "open"]).ok();
    place.docker(&["rm", "-f", "open", "root", "joins", "net", "mounts"]).ok();
}

#[test]
fn an_ordinary_container_works_for_other_users_too() {
    let Some(place) = Place::start("") else { return };
    let run =
        ["run", "-d", "--name", "new", "--network", "none", "-v", "data:/data", "bb:1", "sleep", "1000"];
    place.docker(&run).ok();
    let file = place.gateway.sockets.path().join("copied");
    let file = file.to_str().unwrap();
    let made = place.exec(&json!({ "Cmd": ["true"] }));
    let (status, answer) = place.call("POST", &format!("/exec/{made}/start"), &json!({ "Detach": true }));
    assert_eq!(status, 200, "{answer}");
    for name in ["web", "new"] {
        assert_eq!(place.docker(&["exec", name, "echo", "inside"]).ok(), "inside\n");
        place.docker(&["cp", &format!("{name}:/bin/busybox"), file]).ok();
        place.docker(&["cp", file, &format!("{name}:/copy")]).ok();
        place.docker(&["commit", "-c", "ENV a=\"b c\"", name, "copy:1"]).ok();
        place.docker(&["export", "-o", file, name]).ok();
        place.docker(&["update", "--restart", "no", name]).ok();
        place.docker(&["rename", name, "renamed"]).ok();
        place.docker(&["kill", "renamed"]).ok();
        place.docker(&["start", "renamed"]).ok();
        place.docker(&["rm", "-f", "renamed"]).ok();
    }
    let environment = place.past(&["inspect", "-f", "{{.Config.Env}}", "copy:1"]);
    assert!(environment.contains("a=b c"), "{environment}");
}

#[test]
fn what_the_engine_does_not_have_is_answered_in_its_own_words() {
    let Some(place) = Place::start("") else { return };
    for (method, path, body) in [
        ("POST", "/containers/none/start", Value::Null),
        ("POST", "/containers/none/exec", json!({ "Cmd": ["true"] })),
        ("GET", "/containers/none/export", Value::Null),
        ("POST", "/commit?container=none&repo=copy", Value::Null),
        ("POST", "/exec/none/start", json!({ "Detach": true })),
    ] {
        let (status, answer) = place.call(method, path, &body);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let socket = place.gateway.dockerd.socket();
        let kind = if body.is_null() { "" } else { "application/json" };
        let uri = format!("/v1.41{path}");
        let direct = http::call_unix(&socket, method, &uri, kind, text.as_bytes()).unwrap();
        let direct = (direct.0, serde_json::from_str::<Value>(&direct.1).unwrap());
        assert_eq!((status, answer), direct, "{path}");
    }
}
