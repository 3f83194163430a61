//! What each key of a rule allows, and what it does not.

use super::*;
use docker::{Mount, Namespace};

fn run(image_path: &str) -> Workload {
    Workload { image: Some(image(image_path, None)), ..Workload::default() }
}

#[test]
fn users_groups_everybody_and_clients_without_a_name() {
    let policy = policy(
        r#"
[[rules]]
name = "reader"
users = ["anonymous"]
operations = ["ContainerList"]
[[rules]]
name = "ops"
users = ["alice", "group:ops"]
operations = ["ContainerStop", "ContainerList"]
[[rules]]
name = "all"
users = ["*"]
operations = ["SystemInfo"]
"#,
    );
    let mut grouped = request("carol", "ContainerStop");
    grouped.principal.groups = vec!["ops".into()];
    assert_eq!(refused(&policy, &grouped), "");
    for (user, operation, expected) in [
        ("", "ContainerList", "reader"),
        ("", "ContainerStop", ""),
        ("", "SystemInfo", "all"),
        ("alice", "ContainerStop", "ops"),
        ("alice", "ContainerList", "ops"),
        ("alice", "ContainerKill", ""),
        ("bob", "ContainerList", ""),
        ("bob", "SystemInfo", "all"),
        // The names of entries are no users.
        ("group:ops", "ContainerStop", ""),
        ("anonymous", "ContainerList", ""),
        ("*", "ContainerStop", ""),
    ] {
        let opinion = policy.authorize(&request(user, operation)).unwrap();
        let allowed = if opinion.verdict == Verdict::Allow { opinion.rule.as_str() } else { "" };
        assert_eq!(allowed, expected, "{user} {operation}: {}", opinion.reason);
    }
    let nameless = Request { operation: None, ..request("alice", "") };
    assert_eq!(refused(&policy, &nameless), "unknown-operation");
}

#[test]
fn images_are_judged_wherever_they_are_named() {
    let policy = rule(
        r#"operations = ["run", "pull", "push", "ImageDelete", "ImagePrune", "ImageList", "ImageGetAll"]
images = ["docker.io/library/*:1.*"]"#,
    );
    let of = |operation: &str, images: &[(&str, Option<&str>)]| {
        let targets = images.iter().map(|(path, tag)| Target {
            image: Some(image(path, *tag)),
            ..target(if operation == "DistributionInspect" { "distribution" } else { "image" }, path)
        });
        Request {
            targets: targets.collect(),
            query: vec![("fromImage".into(), "x".into())],
            ..request("u", operation)
        }
    };
    let good = ("library/bb", Some("1.2"));
    let bad = ("team/bb", Some("1.2"));
    for (operation, images, expected) in [
        ("ImageCreate", &[good][..], ""),
        ("ImageCreate", &[bad], "image"),
        ("ImageCreate", &[("library/bb", None)], "image"),
        ("ImageDelete", &[bad], "image"),
        ("ImageInspect", &[bad], "image"),
        ("DistributionInspect", &[bad], "image"),
        ("ImagePush", &[bad], "image"),
        ("ImageTag", &[good, good], ""),
        ("ImageTag", &[good, bad], "image"),
        ("ImageTag", &[bad, good], "image"),
        ("ImageGetAll", &[good, bad], "image"),
    ] {
        assert_eq!(refused(&policy, &of(operation, images)), expected, "{operation} {images:?}");
    }
    let all = |operation: &str| on("u", operation, target("image", ""));
    assert_eq!(refused(&policy, &all("ImageList")), "");
    assert_eq!(refused(&policy, &all("ImagePrune")), "all");
    assert_eq!(refused(&policy, &all("ImageGetAll")), "all");
    let import = Request { query: vec![("fromSrc".into(), "-".into())], ..of("ImageCreate", &[good]) };
    assert_eq!(refused(&policy, &import), "image", "what is in an archive is not seen");
    let mut workload = run("library/bb");
    assert_eq!(refused(&policy, &create("u", "", workload.clone())), "image");
    workload.image = Some(image("library/bb", Some("1.0")));
    assert_eq!(refused(&policy, &create("u", "", workload)), "");
}

#[test]
fn names_of_containers_are_judged_and_ids_are_refused() {
    let policy =
        rule("operations = [\"run\", \"exec\", \"ContainerPrune\"]\ncontainers = [\"ci-*\", \"a*\"]");
    let id = "a".repeat(64);
    for (operation, name, expected) in [
        ("ContainerStop", "ci-1", ""),
        ("ContainerStop", "/ci-1", ""),
        ("ContainerStop", "web", "name"),
        ("ContainerStop", "db", "id"),
        ("ContainerStop", "app", ""),
        // The beginning of another container's id.
        ("ContainerStop", "abc", "id"),
        ("ContainerStop", &id, "id"),
        ("ContainerList", "", ""),
        ("ContainerPrune", "", "all"),
        ("ContainerCreate", "", "name"),
        ("ContainerCreate", "ci-2", ""),
        ("ContainerCreate", "web", "name"),
    ] {
        let request =
            Request { workload: Some(Workload::default()), ..on("u", operation, target("container", name)) };
        assert_eq!(refused(&policy, &request), expected, "{operation} {name}");
    }
    let rename = |from: &str, to: &str| Request {
        targets: vec![target("container", from), target("container", to)],
        ..request("u", "ContainerRename")
    };
    assert_eq!(refused(&policy, &rename("ci-1", "ci-2")), "");
    assert_eq!(refused(&policy, &rename("ci-1", "web")), "name");
    assert_eq!(refused(&policy, &rename("web", "ci-1")), "name");
    // The gateway has looked it up: the name counts, however it was asked for.
    assert_eq!(refused(&policy, &on("u", "ContainerStop", looked_up("container", "ci-1", &[]))), "");
    assert_eq!(refused(&policy, &on("u", "ContainerStop", looked_up("container", "web", &[]))), "name");
    let exec = on("u", "ExecStart", target("exec", &id));
    assert_eq!(refused(&policy, &exec), "id");
    let mut resolved = exec.clone();
    resolved.targets.push(looked_up("container", "web", &[]));
    assert_eq!(refused(&policy, &resolved), "name");
    resolved.targets[1] = looked_up("container", "ci-1", &[]);
    assert_eq!(refused(&policy, &resolved), "");
    let lenient =
        rule("operations = [\"run\", \"exec\"]\ncontainers = [\"ci-*\"]\nunresolved_ids = \"allow\"");
    assert_eq!(refused(&lenient, &on("u", "ContainerStop", target("container", &id))), "");
    assert_eq!(refused(&lenient, &on("u", "ContainerStop", target("container", "aaaaaaaaaaaa"))), "id");
    assert_eq!(refused(&lenient, &exec), "");
    assert_eq!(refused(&lenient, &on("u", "ContainerStop", looked_up("container", "web", &[]))), "name");
}

#[test]
fn names_of_swarms_objects_may_be_ids_too() {
    let policy = rule("operations = [\"ServiceInspect\", \"ServiceDelete\"]\nservices = [\"web*\"]");
    for (name, expected) in [("web-1", ""), ("web", "id"), ("db-1", "name")] {
        assert_eq!(refused(&policy, &on("u", "ServiceDelete", target("service", name))), expected, "{name}");
    }
    assert_eq!(refused(&policy, &on("u", "ServiceDelete", looked_up("service", "web", &[]))), "");
}

#[test]
fn networks_and_volumes_are_judged_in_a_create_too() {
    let policy = rule(
        r#"operations = ["run", "networks", "volumes", "VolumePrune"]
networks = ["ci-*"]
volumes = ["ci-*"]"#,
    );
    let with = |networks: &[&str], volumes: &[&str]| {
        let mount = |name: &&str| Mount {
            kind: "volume".into(),
            source: Some((*name).to_owned()).filter(|name| !name.is_empty()),
            ..Mount::default()
        };
        create(
            "u",
            "x",
            Workload {
                networks: networks.iter().map(|name| (*name).to_owned()).collect(),
                mounts: volumes.iter().map(mount).collect(),
                ..Workload::default()
            },
        )
    };
    for (networks, volumes, expected) in [
        (&["ci-net"][..], &["ci-data", ""][..], ""),
        (&["ci-net"], &["data"], "name"),
        (&["ci-net", "db-net"], &[], "name"),
        // The default bridge, said or not.
        (&[], &[], "name"),
        (&["default"], &[], "name"),
        (&["abcdef"], &[], "id"),
    ] {
        assert_eq!(refused(&policy, &with(networks, volumes)), expected, "{networks:?} {volumes:?}");
    }
    let mut none = with(&[], &[]);
    none.workload.as_mut().unwrap().namespaces =
        vec![Namespace { kind: "network".into(), mode: "none".into(), container: None }];
    assert_eq!(refused(&policy, &none), "");
    assert_eq!(refused(&policy, &on("u", "VolumeCreate", target("volume", "ci-1"))), "");
    assert_eq!(refused(&policy, &on("u", "VolumeCreate", target("volume", ""))), "name");
    assert_eq!(refused(&policy, &on("u", "VolumePrune", target("volume", ""))), "all");
    assert_eq!(refused(&policy, &on("u", "NetworkDelete", target("network", "bridge"))), "name");
    let bridge = rule("operations = [\"run\"]\nnetworks = [\"bridge\"]");
    assert_eq!(refused(&bridge, &with(&["default"], &["data"])), "");
    assert_eq!(refused(&bridge, &with(&[], &[])), "");
}

#[test]
fn other_containers_are_judged_by_their_names() {
    let policy = rule("operations = [\"run\"]\ncontainers = [\"ci-*\"]\nhost_options = \"allow\"");
    let link = |name: &str| Workload { extra: vec![("link".into(), name.into())], ..Workload::default() };
    let join = |name: &str| Workload {
        namespaces: vec![Namespace {
            kind: "pid".into(),
            mode: "container".into(),
            container: Some(name.into()),
        }],
        ..Workload::default()
    };
    let from = |name: &str| Workload {
        mounts: vec![Mount { kind: "container".into(), source: Some(name.into()), ..Mount::default() }],
        ..Workload::default()
    };
    for (name, expected) in [("ci-db", ""), ("db-1", "name"), ("dbdb", "id")] {
        for workload in [link(name), link(&format!("{name}:db")), join(name), from(name)] {
            assert_eq!(
                refused(&policy, &create("u", "ci-1", workload.clone())),
                expected,
                "{name} {workload:?}"
            );
        }
    }
}

#[test]
fn names_with_the_users_own_are_theirs() {
    let policy = rule("operations = [\"run\"]\ncontainers = [\"${user}-*\"]");
    for (user, name, expected) in
        [("alice", "alice-1", ""), ("alice", "bob-1", "name"), ("*", "bob-1", "name"), ("", "-1", "name")]
    {
        assert_eq!(
            refused(&policy, &on(user, "ContainerStop", target("container", name))),
            expected,
            "{user}"
        );
    }
}

#[test]
fn labels_are_those_of_what_is_made_and_of_what_exists() {
    let policy = rule(
        r#"operations = ["run", "exec", "networks", "volumes", "ContainerPrune", "SecretCreate", "SystemEvents"]
labels = { owner = "${user}" }"#,
    );
    let labelled =
        |owner: &str| Workload { labels: vec![("owner".into(), owner.into())], ..Workload::default() };
    assert_eq!(refused(&policy, &create("alice", "x", labelled("alice"))), "");
    assert_eq!(refused(&policy, &create("alice", "x", labelled("bob"))), "label");
    assert_eq!(refused(&policy, &create("alice", "x", Workload::default())), "label");
    let mut twice = labelled("alice");
    twice.labels.push(("owner".into(), "bob".into()));
    assert_eq!(refused(&policy, &create("alice", "x", twice)), "label");
    for (operation, kind) in
        [("VolumeCreate", "volume"), ("NetworkCreate", "network"), ("SecretCreate", "secret")]
    {
        for (body, expected) in [
            (r#"{"Labels":{"owner":"alice"},"Name":"x"}"#, ""),
            (r#"{"Labels":{"owner":"bob"}}"#, "label"),
            (r#"{"Labels":null}"#, "label"),
            (r#"{"Name":"owner"}"#, "label"),
        ] {
            let request =
                Request { body: Body::Json(body.into()), ..on("alice", operation, target(kind, "x")) };
            assert_eq!(refused(&policy, &request), expected, "{operation} {body}");
        }
    }
    // The driver of a secret is an object, that of a network a name: dockerd takes nothing else.
    let with_driver = r#"{"Labels":{"owner":"alice"},"Driver":{"Name":"x"}}"#;
    for (operation, kind, expected) in
        [("SecretCreate", "secret", ""), ("NetworkCreate", "network", "host-options")]
    {
        let request =
            Request { body: Body::Json(with_driver.into()), ..on("alice", operation, target(kind, "x")) };
        assert_eq!(refused(&policy, &request), expected, "{operation}");
    }
    let own = looked_up("container", "x", &[("owner", "alice")]);
    let others = looked_up("container", "x", &[("owner", "bob")]);
    assert_eq!(refused(&policy, &on("alice", "ContainerStop", own.clone())), "");
    assert_eq!(refused(&policy, &on("alice", "ContainerStop", others.clone())), "label");
    assert_eq!(refused(&policy, &on("alice", "ContainerStop", target("container", "x"))), "label");
    // A reason says who would know the labels.
    for (operation, kind, who) in [
        ("ContainerStop", "container", "and the authorization plugin with `look_up`"),
        ("VolumeDelete", "volume", "only the Docker gateway looks them up"),
    ] {
        let opinion = policy.authorize(&on("alice", operation, target(kind, "x"))).unwrap();
        assert!(opinion.reason.contains(who), "{}", opinion.reason);
    }
    assert_eq!(refused(&policy, &on("alice", "ContainerPrune", target("container", ""))), "all");
    assert_eq!(refused(&policy, &on("alice", "ContainerList", target("container", ""))), "");
    assert_eq!(refused(&policy, &on("alice", "SystemEvents", target("daemon", ""))), "");
    for (container, expected) in [(Some(own), ""), (Some(others), "label"), (None, "id")] {
        let mut exec = on("alice", "ExecStart", target("exec", &"e".repeat(64)));
        exec.targets.extend(container);
        assert_eq!(refused(&policy, &exec), expected, "{exec:?}");
    }
}

/// A tenant does not mount the volume of another one.
#[test]
fn with_labels_what_a_container_is_made_with_is_looked_up_or_named() {
    let rules =
        |more: &str| rule(&format!("operations = [\"run\"]\nlabels = {{ owner = \"${{user}}\" }}\n{more}"));
    let mount = Mount { kind: "volume".into(), source: Some("data".into()), ..Mount::default() };
    let labels = vec![("owner".into(), "alice".into())];
    let mut mounts = create("alice", "x", Workload { labels, mounts: vec![mount], ..Workload::default() });
    assert_eq!(refused(&rules(""), &mounts), "label");
    assert_eq!(refused(&rules("volumes = [\"data\"]"), &mounts), "");
    for (owner, expected) in [("alice", ""), ("bob", "label")] {
        let volume = Target { as_sent: "data".into(), ..looked_up("volume", "data", &[("owner", owner)]) };
        mounts.targets.truncate(1);
        mounts.targets.push(volume);
        assert_eq!(refused(&rules(""), &mounts), expected, "{owner}");
    }
}

#[test]
fn the_first_rule_that_allows_decides() {
    let policy = policy(
        r#"
[[rules]]
name = "a"
users = ["*"]
operations = ["run"]
containers = ["a-*"]
[[rules]]
name = "b"
users = ["*"]
operations = ["run"]
containers = ["b-*"]
"#,
    );
    let opinion = policy.authorize(&on("u", "ContainerStop", target("container", "b-1"))).unwrap();
    assert_eq!((opinion.verdict, &*opinion.rule), (Verdict::Allow, "b"));
    let opinion = policy.authorize(&on("u", "ContainerStop", target("container", "c-1"))).unwrap();
    assert!(opinion.reason.contains("rule `a`"), "{}", opinion.reason);
    // One rule has to allow all of it.
    let both = Request {
        targets: vec![target("container", "a-1"), target("container", "b-1")],
        ..request("u", "ContainerRename")
    };
    assert_eq!(refused(&policy, &both), "name");
}

#[test]
fn a_body_that_is_not_shown_is_refused() {
    let policy = rule("operations = [\"run\", \"exec\"]");
    for body in [Body::Absent, Body::Unseen("not-json".into())] {
        let hidden = Request { body, ..create("u", "x", Workload::default()) };
        assert_eq!(refused(&policy, &hidden), "unseen-body");
    }
    assert_eq!(refused(&policy, &Request { body: Body::Absent, ..request("u", "ContainerStart") }), "");
}
