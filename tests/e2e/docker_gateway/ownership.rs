//! docker-ownership: users see and touch what they own. The gaps of Portainer's own access control are its rows.

use super::host::Gateway;
use portcullis_testing::{Dockerd, Run, need_dockerd};
use serde_json::{Value, json};

const POLICIES: &str = r#"
[[policies]]
name = "docker-ownership"
module = "builtin:docker-ownership"
settings = { teams = { web = ["alice", "carol"] }, hidden_environment = ["SECRET"] }
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
settings = { otherwise = "allow" }
"#;

struct World {
    gateway: Gateway,
    alice: String,
    bob: String,
    carol: String,
}

fn world() -> Option<World> {
    let needed = need_dockerd()?;
    let dockerd = Dockerd::start(&needed, &[], None);
    dockerd.import_busybox("bb:1");
    let gateway = Gateway::start(dockerd, POLICIES);
    let users = ["alice", "bob", "carol"].map(|name| gateway.user(name));
    gateway.grant(&users.each_ref().map(|(id, _)| *id));
    let [alice, bob, carol] = users.map(|(_, token)| token);
    Some(World { gateway, alice, bob, carol })
}

impl World {
    fn docker(&self, name: &str, token: &str, arguments: &[&str]) -> Run {
        let client = self.gateway.client_folder(name, token);
        let host = format!("tcp://{}", self.gateway.own_address);
        let mut command = self.gateway.dockerd.clients_at(&host, &client).remove(0);
        Run::of(command.args(arguments))
    }

    fn alice(&self, arguments: &[&str]) -> Run {
        self.docker("alice", &self.alice, arguments)
    }

    fn bob(&self, arguments: &[&str]) -> Run {
        self.docker("bob", &self.bob, arguments)
    }

    fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        self.gateway.call(method, &format!("/api/endpoints/1/docker{path}"), token, body)
    }
}

#[test]
fn what_one_user_makes_is_not_there_for_another() {
    let Some(world) = world() else { return };
    world.alice(&["volume", "create", "data"]).ok();
    world.alice(&["network", "create", "--driver", "null", "mine"]).refused();
    let run = ["run", "-d", "--network", "none", "-v", "data:/data", "-e", "SECRET=hunter2", "--name", "web"];
    world.alice(&[&run[..], &["bb:1", "sleep", "1000"]].concat()).ok();
    let run = ["run", "-d", "--network", "none", "--name", "db", "--label", "io.portcullis.owner=alice"];
    world.bob(&[&run[..], &["bb:1", "sleep", "1000"]].concat()).ok();

    let names = |run: Run| {
        let mut names: Vec<_> = run.ok().lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    let ps = ["ps", "-a", "--format", "{{.Names}}"];
    assert_eq!(names(world.alice(&ps)), ["web"]);
    // The label that bob sent is overwritten.
    assert_eq!(names(world.bob(&ps)), ["db"]);
    assert_eq!(names(world.docker("admin", &world.gateway.admin, &ps)), ["db", "web"]);
    assert_eq!(names(world.bob(&["volume", "ls", "--format", "{{.Name}}"])), Vec::<String>::new());
    assert_eq!(names(world.alice(&["volume", "ls", "--format", "{{.Name}}"])), ["data"]);
    assert_eq!(names(world.bob(&["network", "ls", "--format", "{{.Name}}"])), ["none"]);

    let id = world.alice(&["inspect", "--format", "{{.Id}}", "web"]).ok();
    let id = id.trim();
    let exec = json!({ "Cmd": ["id"] });
    let exec_id = world.call("POST", "/containers/web/exec", &world.alice, &exec).1["Id"].clone();
    let exec_id = exec_id.as_str().unwrap();
    let archive = "/archive?path=/bin";
    for (method, path) in [
        ("GET", "/containers/web/json".to_owned()),
        ("GET", format!("/containers/{id}/json")),
        ("GET", format!("/containers/{}/json", &id[..12])),
        ("GET", "/containers/web/logs?stdout=1".into()),
        ("GET", "/containers/web/top".into()),
        ("GET", "/containers/web/export".into()),
        ("GET", "/containers/web/changes".into()),
        ("GET", format!("/containers/web{archive}")),
        ("PUT", format!("/containers/web{archive}")),
        ("POST", "/containers/web/attach?stream=1".into()),
        ("POST", "/containers/web/exec".into()),
        ("POST", format!("/exec/{exec_id}/start")),
        ("GET", format!("/exec/{exec_id}/json")),
        ("POST", "/containers/web/stop".into()),
        ("POST", "/containers/web/rename?name=taken".into()),
        ("POST", "/containers/web/update".into()),
        ("POST", "/commit?container=web&repo=stolen".into()),
        ("DELETE", "/containers/web?force=1".into()),
        ("DELETE", "/volumes/data".into()),
        ("GET", "/volumes/data".into()),
    ] {
        let body = if method == "POST" && !path.contains("attach") { json!({}) } else { Value::Null };
        let (status, answer) = world.call(method, &path, &world.bob, &body);
        assert_eq!(status, 404, "{method} {path}: {answer}");
        assert!(answer["message"].as_str().unwrap_or_default().starts_with("No such "), "{path}: {answer}");
    }
    // What a new container names.
    for host_config in [
        json!({ "Binds": ["data:/data"] }),
        json!({ "Mounts": [{ "Type": "volume", "Source": "data", "Target": "/data" }] }),
        json!({ "VolumesFrom": ["web"] }),
        json!({ "NetworkMode": "container:web" }),
        json!({ "PidMode": "container:web" }),
        json!({ "IpcMode": "container:web" }),
    ] {
        let body = json!({ "Image": "bb:1", "HostConfig": host_config });
        let (status, answer) = world.call("POST", "/containers/create", &world.bob, &body);
        assert!(status == 404 || status == 403, "{body}: {status} {answer}");
    }
    let links = json!({ "Image": "bb:1", "HostConfig": { "Links": ["web:web"], "NetworkMode": "none" } });
    assert_eq!(world.call("POST", "/containers/create", &world.bob, &links).0, 403);
    let refused = world.bob(&["run", "--rm", "--network", "none", "-v", "new:/x", "bb:1", "true"]).refused();
    assert!(refused.contains("docker volume create new"), "{refused}");

    // Docker answers the creation of a volume that is there with the volume.
    let (status, answer) = world.call("POST", "/volumes/create", &world.bob, &json!({ "Name": "data" }));
    assert_eq!(status, 409, "{answer}");
    // Only networks are shared by these names.
    world.alice(&["create", "--name", "none", "--network", "none", "bb:1", "true"]).ok();
    assert!(!world.bob(&["ps", "-a"]).ok().contains("none"));
    world.alice(&["rm", "none"]).ok();

    // Bob's prune takes nothing of alice's.
    world.alice(&["stop", "-t", "0", "web"]).ok();
    world.bob(&["container", "prune", "-f"]).ok();
    world.bob(&["volume", "prune", "-f"]).ok();
    assert_eq!(names(world.alice(&ps)), ["web"]);
    // Docker leaves out events of the second in which `until` lies.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let until = (now.as_secs() + 2).to_string();
    let events = world.bob(&["events", "--since", "10m", "--until", &until]).ok();
    assert!(events.contains("name=db") && !events.contains("name=web"), "{events}");

    // The value of a hidden variable is in no response.
    let inspected = world.alice(&["inspect", "web"]).ok();
    assert!(inspected.contains("SECRET=") && !inspected.contains("hunter2"), "{inspected}");
}

#[test]
fn a_team_sees_what_carries_its_label() {
    let Some(world) = world() else { return };
    let run = ["run", "-d", "--network", "none", "--name", "site", "--label", "io.portcullis.team=web"];
    world.alice(&[&run[..], &["bb:1", "sleep", "1000"]].concat()).ok();
    let carol = |arguments: &[&str]| world.docker("carol", &world.carol, arguments);
    assert_eq!(carol(&["exec", "site", "echo", "inside"]).ok(), "inside\n");
    assert!(world.bob(&["exec", "site", "true"]).refused().contains("No such container: site"));
    // What the team shares is not pruned by accident.
    world.alice(&["stop", "-t", "0", "site"]).ok();
    carol(&["container", "prune", "-f"]).ok();
    assert_eq!(carol(&["ps", "-a", "--format", "{{.Names}}"]).ok(), "site\n");
}
