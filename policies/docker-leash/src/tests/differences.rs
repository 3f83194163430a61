//! One test for each difference from docker-leash that the README numbers.

use super::*;
use docker::Namespace;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn names(patterns: &str) -> Leash {
    checks(&format!("{{ContainerName: {patterns}}}"))
}

fn on(user: &str, operation: &str, targets: Vec<Target>) -> Request {
    request(user, "POST", operation, targets)
}

#[test]
fn difference_1_operations_that_docker_leash_cannot_name() {
    let any = checks("Allow");
    for operation in ["SystemPingHead", "SystemAuth", "SystemDataUsage", "TaskLogs", "BuildCancel"] {
        assert!(is_allowed(&any, &on("u", operation, vec![])), "{operation}");
    }
    for operation in ["Grpc", "Debug", "CheckpointDelete", "ContainerCopy", "Options", "Later"] {
        assert_eq!(refused(&any, &on("u", operation, vec![])), "unknown-action", "{operation}");
    }
}

#[test]
fn difference_4_all_names_of_containers_are_compared_whole() {
    let foo = names("[^foo$, ^foo-]");
    let container = |name: &str| target("container", name);
    for (request, expected) in [
        (on("u", "ContainerStop", vec![container("foo.bar")]), "container-name"),
        (on("u", "ContainerRename", vec![container("foo-1"), container("bar")]), "container-name"),
        (on("u", "ContainerRename", vec![container("foo-1"), container("foo-2")]), ""),
        (on("u", "ContainerPrune", vec![container("")]), "container-name"),
        (on("u", "NetworkConnect", vec![target("network", "foo-1"), container("bar")]), "container-name"),
        (on("u", "NetworkConnect", vec![target("network", "bar"), container("foo-1")]), ""),
        (on("u", "ExecStart", vec![target("exec", ID)]), "container-name"),
        (
            on(
                "u",
                "ExecStart",
                vec![target("exec", ID), Target { name: Some("foo-1".into()), ..container(ID) }],
            ),
            "",
        ),
        (
            on(
                "u",
                "ExecStart",
                vec![target("exec", ID), Target { name: Some("bar".into()), ..container(ID) }],
            ),
            "container-name",
        ),
    ] {
        assert_eq!(refused(&foo, &request), expected, "{request:?}");
    }
    assert_eq!(refused(&names("prune"), &on("u", "ContainerPrune", vec![container("")])), "container-name");
}

#[test]
fn difference_5_an_id_is_no_name() {
    let hex = names("'^[a-f0-9]+'");
    assert_eq!(refused(&hex, &on("u", "ContainerStop", vec![target("container", ID)])), "container-name");
    assert_eq!(
        refused(&hex, &on("u", "ContainerStop", vec![target("container", "abc123")])),
        "container-name"
    );
    assert!(is_allowed(&names("'.*'"), &on("u", "ContainerStop", vec![target("container", ID)])));
    let looked_up = Target { name: Some("/foo-1".into()), ..target("container", ID) };
    assert!(is_allowed(&names("^foo-"), &on("u", "ContainerStop", vec![looked_up])));
    let by_id = checks("{ImageName: '^[a-f0-9]+'}");
    assert_eq!(refused(&by_id, &images("ImageDelete", &["abc123"])), "image-name");
}

#[test]
fn difference_6_containers_that_a_new_one_joins_are_compared_too() {
    let with = |change: fn(&mut Workload)| {
        let mut workload = Workload::default();
        change(&mut workload);
        create("u", "foo-1", workload)
    };
    let joined = with(|workload| {
        workload.namespaces =
            vec![Namespace { kind: "pid".into(), mode: "container".into(), container: Some("my-db".into()) }];
    });
    let linked = with(|workload| workload.extra = vec![("link".into(), "my-db:db".into())]);
    let from = with(|workload| {
        workload.mounts =
            vec![Mount { kind: "container".into(), source: Some("my-db".into()), ..Mount::default() }];
    });
    for request in [joined, linked, from] {
        assert_eq!(refused(&names("^foo-"), &request), "container-name", "{request:?}");
        assert!(is_allowed(&names("[^foo-, ^my-]"), &request), "{request:?}");
    }
}

#[test]
fn difference_7_image_names_are_alternatives_and_judged_in_a_create() {
    let either = checks("{ImageName: [^foo-, ^bar-, '^registry.example.net:5000/x$']}");
    for (name, expected) in [("foo-x", true), ("bar-x", true), ("baz", false)] {
        assert_eq!(is_allowed(&either, &images("ImageBuild", &[name])), expected, "{name}");
        let workload = Workload { image: Some(image(name)), ..Workload::default() };
        assert_eq!(is_allowed(&either, &create("u", "x", workload)), expected, "{name}");
    }
    // docker-leash compares the first letters of name and tag.
    assert!(!is_allowed(&checks("{ImageName: [f, l]}"), &images("ImageBuild", &["bar"])));
    let with_port = Image { domain: "registry.example.net:5000".into(), path: "x".into(), ..image("x") };
    let digest = Some(format!("sha256:{ID}"));
    for image in [with_port.clone(), Image { digest, ..with_port }] {
        let target = Target { image: Some(image), ..target("image", "x") };
        assert!(is_allowed(&either, &on("u", "ImagePush", vec![target])));
    }
    // A push without a tag pushes every tag of the repository.
    assert!(is_allowed(&either, &images("ImagePush", &["foo-x"])));
    let full = Image { as_sent: "docker.io/library/nginx".into(), ..image("nginx") };
    let target = Target { image: Some(full), ..target("image", "docker.io/library/nginx") };
    assert!(is_allowed(&checks("{ImageName: ^nginx$}"), &on("u", "ImageInspect", vec![target])));
}

#[test]
fn difference_8_every_mount_is_judged() {
    let home = checks("{BindMounts: ['+/home/$USER']}");
    let with = |mount: Mount| create("jre", "x", Workload { mounts: vec![mount], ..Workload::default() });
    let device = Mount {
        kind: "volume".into(),
        source: Some("v".into()),
        driver_options: vec![("type".into(), "ext4".into()), ("device".into(), "/dev/sda1".into())],
        ..Mount::default()
    };
    let bound = Mount { host_path: Some("/etc".into()), ..device.clone() };
    let driver = Mount { kind: "volume".into(), driver: Some("rexray".into()), ..Mount::default() };
    let from = Mount { kind: "container".into(), source: Some("db".into()), ..Mount::default() };
    let tmpfs = Mount { kind: "tmpfs".into(), ..Mount::default() };
    let anonymous = Mount { kind: "volume".into(), ..Mount::default() };
    for (mount, expected) in [
        (device.clone(), "bind-mounts"),
        (bound.clone(), "bind-mounts"),
        (driver, "bind-mounts"),
        (from, "bind-mounts"),
        (Mount { kind: "later".into(), ..Mount::default() }, "bind-mounts"),
        (tmpfs, ""),
        (anonymous, ""),
        (bind("/home/jre"), ""),
    ] {
        assert_eq!(refused(&home, &with(mount.clone())), expected, "{mount:?}");
    }
    for volume in [device, bound] {
        let made = Request { volume: Some(volume), ..on("jre", "VolumeCreate", vec![target("volume", "v")]) };
        assert_eq!(refused(&home, &made), "bind-mounts");
    }
    let plain = Mount {
        kind: "volume".into(),
        origin: "volume-create".into(),
        source: Some("v".into()),
        ..Mount::default()
    };
    let mut made = Request { volume: Some(plain), ..on("jre", "VolumeCreate", vec![target("volume", "v")]) };
    assert!(is_allowed(&home, &made));
    // Where the host sees what the path of a volume leads to, that is judged too.
    for (why, path, expected) in [
        ("volume-option", "/home/jre/x", ""),
        ("log-option", "/etc", ""),
        ("volume-option", "/etc", "bind-mounts"),
    ] {
        made.host_paths =
            vec![docker::HostPath { path: path.into(), why: why.into(), access: "write".into() }];
        assert_eq!(refused(&home, &made), expected, "{why} {path}");
    }
}

#[test]
fn difference_9_a_slash_at_the_end_means_what_is_below() {
    let below = checks("{BindMounts: ['-/.*', '+/foo/']}");
    assert!(is_allowed(&below, &binds("u", &["/foo/bar"])));
    assert!(!is_allowed(&below, &binds("u", &["/foo"])));
    let denied = checks("{BindMounts: ['+/.*', '-/etc/']}");
    for (path, expected) in [("/etc", false), ("/etc/ssh", false), ("/etcetera", true)] {
        assert_eq!(is_allowed(&denied, &binds("u", &[path])), expected, "{path}");
    }
}

#[test]
fn difference_10_the_user_is_a_text_and_only_in_rules() {
    let home = checks("{BindMounts: ['+/home/$USER']}");
    for (user, path, expected) in [
        (".*", "/home/jre", false),
        ("jre", "/home/$USER", false),
        ("", "/home/$USER", false),
        ("", "/home/", false),
        ("jre", "/home/jre", true),
    ] {
        assert_eq!(is_allowed(&home, &binds(user, &[path])), expected, "`{user}` {path}");
    }
    assert!(!is_allowed(&names("^$USER-"), &create(".*", "foo-bar", Workload::default())));
}

#[test]
fn difference_11_without_a_user_a_rule_with_the_user_matches_nothing() {
    for patterns in ["$USER-", "[$USER-]"] {
        assert!(!is_allowed(&names(patterns), &create("", "foo-bar", Workload::default())), "{patterns}");
    }
    assert!(is_allowed(&names("[$USER-, ^foo]"), &create("", "foo-bar", Workload::default())));
}

#[test]
fn difference_12_reading_that_is_more_than_reading_is_not_read_only() {
    let read = checks("ReadOnly");
    for (operation, expected) in [
        ("ContainerAttachWebsocket", "read-only"),
        ("ContainerArchive", "read-only"),
        ("ContainerExport", "read-only"),
        ("ImageGet", "read-only"),
        ("ImageGetAll", "read-only"),
        ("SwarmUnlockkey", "read-only"),
        ("SwarmInspect", "read-only"),
        ("ContainerLogs", ""),
    ] {
        assert_eq!(refused(&read, &request("u", "GET", operation, vec![])), expected, "{operation}");
    }
}

#[test]
fn difference_13_privileged_and_volume_name_exist() {
    let privileged = Workload { privileged: true, ..Workload::default() };
    assert_eq!(refused(&checks("Privileged"), &create("u", "x", privileged.clone())), "privileged");
    let exec =
        Request { workload: Some(privileged), ..on("u", "ContainerExec", vec![target("container", "x")]) };
    assert_eq!(refused(&checks("Privileged"), &exec), "privileged");
    // With `VolumeName` beside it, `BindMounts` leaves names of volumes to that.
    let both = checks("{BindMounts: ['+/srv'], VolumeName: ^data}");
    assert!(is_allowed(&both, &binds("u", &["data", "/srv"])));
    assert_eq!(refused(&both, &binds("u", &["other"])), "volume-name");
    assert_eq!(refused(&checks("{BindMounts: ['+/srv']}"), &binds("u", &["data"])), "bind-mounts");
}

#[test]
fn difference_14_a_body_that_is_not_shown_is_refused() {
    for body in [Body::Absent, Body::Unseen("not-json".into())] {
        let hidden = Request { body, ..create("u", "foo-1", Workload::default()) };
        assert_eq!(refused(&names("^foo-"), &hidden), "unseen-body");
        assert!(is_allowed(&checks("Allow"), &hidden));
    }
}
