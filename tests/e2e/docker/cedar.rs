//! Policies in Cedar, between a real dockerd and its clients.

use portcullis_testing::{Dockerd, Plugin, Portcullis, http, need_dockerd};
use std::fs;

use super::{PROGRAM, records};

/// Who may create is not asked: the users of a unix socket are anonymous to dockerd.
const HOUSE: &str = r#"@id("create")
permit (principal, action == Docker::Action::"ContainerCreate", resource);

@id("memory")
@reason("say `--memory 64m` or less")
forbid (principal, action == Docker::Action::"ContainerCreate", resource)
unless {
  context has workload && context.workload has memoryLimit && context.workload.memoryLimit <= 67108864
};

@id("owner")
@reason("label it with your team: `--label team=web`")
forbid (principal, action == Docker::Action::"ContainerCreate", resource)
unless {
  context has workload && context.workload.labels.hasTag("team") && Team::"all".names.contains(context.workload.labels.getTag("team"))
};

@id("others")
permit (principal, action, resource is Docker::Target)
unless { action == Docker::Action::"ContainerCreate" };
"#;
const SCHEMA: &str = "entity Team = { names: Set<String> };\n";
const ENTITIES: &str =
    r#"[{"uid": {"type": "Team", "id": "all"}, "attrs": {"names": ["web", "ops"]}, "parents": []}]"#;

#[test]
fn cedar_decides_by_texts_schema_and_entities_and_is_changed_by_its_files() {
    let Some(needed) = need_dockerd() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (policy, schema) = (file("house.cedar", HOUSE), file("house.cedarschema", SCHEMA));
    let entities = file("entities.json", ENTITIES);
    let plugin = Plugin::socket();
    let config = format!(
        r#"
state = "state"
[listen]
docker = ["unix:{}"]
admin = []
[audit]
file = "decisions.jsonl"
[[policies]]
name = "house"
module = "builtin:cedar"
hooks = ["docker-request"]
settings_files = {{ files = ["{policy}"], schema = "{schema}", entities = "{entities}" }}
"#,
        plugin.path().display(),
    );
    let mut portcullis = Portcullis::start(PROGRAM, &config);
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    let create = |memory: u64, team: &str| {
        let body = format!(
            r#"{{"Image":"bb:1","Cmd":["true"],"Labels":{{"team":"{team}"}},"HostConfig":{{"NetworkMode":"none","Memory":{memory}}}}}"#
        );
        let request = format!(
            "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        http::send_unix(&dockerd.socket(), request.as_bytes()).unwrap()
    };
    let mib = 1 << 20;
    assert_eq!(create(64 * mib, "web").0, 201);
    let record =
        records(&portcullis).into_iter().rfind(|record| record["operation"] == "ContainerCreate").unwrap();
    assert_eq!((&record["verdict"], &record["rule"]), (&"allow".into(), &"create".into()));
    for (memory, team, rule, reason) in [
        (65 * mib, "web", "memory", "say `--memory 64m` or less"),
        (0, "web", "memory", "say `--memory 64m` or less"),
        (64 * mib, "qa", "owner", "label it with your team: `--label team=web`"),
        (0, "qa", "memory", "say `--memory 64m` or less; label it with your team: `--label team=web`"),
    ] {
        let (status, text) = create(memory, team);
        let expected = format!("{reason} (policy house, rule {rule}");
        assert!(status == 403 && text.contains(&expected), "{memory} {team}: {status} {text}");
    }
    // Texts and entities are changed by their files, in one reload: each makes native code anew.
    fs::write(&entities, ENTITIES.replace("\"ops\"", "\"qa\"")).unwrap();
    fs::write(&policy, HOUSE.replace("67108864", "134217728")).unwrap();
    portcullis.reload();
    assert_eq!(create(65 * mib, "qa").0, 201);
    assert_eq!(create(64 * mib, "ops").0, 403);
}
