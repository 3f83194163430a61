//! Responses of the daemon, and what they make of a request.

use portcullis_contract::docker::{Request, Workload};

use super::*;
use crate::operation::Operation;

fn target(kind: &str, as_sent: &str) -> Target {
    Target { kind: kind.into(), as_sent: as_sent.into(), ..Target::default() }
}

#[test]
fn things_are_asked_for_where_the_daemon_has_them() {
    for (kind, name, path) in [
        ("container", "web", Some("/containers/web/json")),
        ("image", "registry.example:5000/a/b:1", Some("/images/registry.example:5000/a/b:1/json")),
        ("image", "a?b#c%2F", Some("/images/a%3Fb%23c%252F/json")),
        ("volume", "v", Some("/volumes/v")),
        ("container", "", None),
        ("container", "../../info", None),
        ("container", "a//b", None),
        ("daemon", "x", None),
    ] {
        assert_eq!(path_of(&target(kind, name)).as_deref(), path, "{kind} {name}");
    }
}

#[test]
fn each_of_dockers_spellings_is_read() {
    for found in [
        r#"{ "Id": "1", "Name": "/web", "Config": { "Labels": { "owner": "alice" } } }"#,
        r#"{ "ID": "1", "Spec": { "Name": "web", "Labels": { "owner": "alice" } } }"#,
        r#"{ "Id": "1", "Name": "web", "Labels": { "owner": "alice" } }"#,
    ] {
        let mut described = target("container", "w");
        Described::read(found.as_bytes()).unwrap().describe(&mut described);
        assert_eq!((described.id.as_deref(), described.name.as_deref()), (Some("1"), Some("web")));
        assert_eq!(described.labels, [("owner".to_owned(), "alice".to_owned())], "{found}");
    }
}

/// A container with this host configuration, as a daemon with version 1 of cgroups describes it.
fn container(host: &str) -> Container {
    read(host, &DaemonDefaults { runtime: Some("crun".into()), host_cgroup_namespace: true })
}

fn read(host: &str, defaults: &DaemonDefaults) -> Container {
    let masked = r#"["/proc/asound","/proc/acpi","/proc/kcore","/proc/keys","/proc/latency_stats","/proc/timer_list",
        "/proc/timer_stats","/proc/sched_debug","/proc/scsi","/sys/firmware","/proc/interrupts"]"#;
    let host = host.replace("MASKED", masked);
    let text = format!(
        r#"{{ "Id": "ab12", "Name": "/web", "Mounts": [
            {{ "Type": "bind", "Source": "/srv", "Destination": "/srv", "RW": true, "Propagation": "rprivate" }},
            {{ "Type": "volume", "Name": "v", "Source": "/var/lib/docker/volumes/v/_data", "Destination": "/v", "Driver": "local" }}
        ], "Config": {{ "Image": "bb:1", "Cmd": ["sh"], "Env": ["SECRET=x"], "User": "7", "Labels": {{ "a": "b" }},
            "Volumes": {{ "/anonymous": {{}} }} }},
        "HostConfig": {{ "NetworkMode": "default", "IpcMode": "private", {host} }} }}"#
    );
    Container::read(text.as_bytes(), defaults).unwrap()
}

fn completed(
    container: &Container,
    operation: Operation,
    exec: Option<&Exec>,
    sent: Option<Workload>,
) -> Request {
    let mut request = Request { workload: sent, ..Request::default() };
    container.complete(operation, exec, &mut request);
    request
}

fn started(host: &str) -> Workload {
    completed(&container(host), Operation::ContainerStart, None, None).workload.unwrap()
}

#[test]
fn an_ordinary_container_has_nothing_but_what_it_was_given() {
    let host = r#""Binds": ["/srv:/srv", "v:/v"], "Privileged": false, "CapAdd": null, "SecurityOpt": null, "Runtime": "crun",
        "CgroupnsMode": "host", "MaskedPaths": MASKED, "Links": ["/db:/web/db"],
        "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]"#;
    let workload = started(host);
    let mounts: Vec<_> = workload.mounts.iter().map(|mount| mount.host_path.as_deref()).collect();
    assert_eq!(mounts, [Some("/srv")], "a plain volume is none of the host's paths");
    assert!(!workload.privileged && workload.masked_paths.is_none() && workload.readonly_paths.is_none());
    assert_eq!((workload.runtime.as_deref(), workload.networks.len(), workload.extra.len()), (None, 0, 0));
    assert!(workload.namespaces.iter().all(|namespace| namespace.mode != "host"), "{workload:?}");
    assert!(workload.environment.is_empty(), "passwords");
    assert_eq!((workload.user.as_deref(), workload.labels.len()), (Some("7"), 1));
    assert_eq!(workload.image.unwrap().path, "library/bb");
}

#[test]
fn what_opens_the_host_stays() {
    assert!(started(r#""Privileged": true"#).privileged);
    assert_eq!(started(r#""PidMode": "host""#).namespaces.len(), 3);
    assert_eq!(started(r#""CapAdd": ["SYS_ADMIN"]"#).capabilities_added, ["CAP_SYS_ADMIN"]);
    assert_eq!(started(r#""MaskedPaths": []"#).masked_paths, Some(Vec::new()));
    assert_eq!(started(r#""MaskedPaths": ["/proc/kcore"]"#).masked_paths.unwrap().len(), 1);
    assert_eq!(started(r#""Runtime": "other""#).runtime.as_deref(), Some("other"));
    assert_eq!(started(r#""SecurityOpt": ["label=disable"]"#).security_options.len(), 1);
    // Mounts of another container, which stand in no configuration.
    assert_eq!(started(r#""VolumesFrom": ["other"]"#).mounts.len(), 2);
    // In the place of a volume that is left out.
    for host in [r#""Binds": ["v:/srv"]"#, r#""Tmpfs": { "/srv": "" }"#, r#""Binds": ["/srv"]"#] {
        let workload = started(host);
        let mut paths = workload.mounts.iter().filter_map(|mount| mount.host_path.as_deref());
        assert!(paths.any(|path| path == "/srv"), "{host}: {:?}", workload.mounts);
    }
    assert!(
        container(r#""AutoRemove": true"#).auto_remove && !container(r#""AutoRemove": false"#).auto_remove
    );
    let volume = r#""Mounts": [{ "Type": "volume", "Source": "x", "Target": "/x", "VolumeOptions": { "DriverConfig": {
        "Options": { "type": "none", "o": "bind", "device": "/etc" } } } }]"#;
    assert_eq!(started(volume).mounts[0].host_path.as_deref(), Some("/etc"));
    let logs =
        container(r#""LogConfig": { "Type": "syslog", "Config": { "syslog-address": "unix:///dev/log" } }"#);
    let request = completed(&logs, Operation::ContainerStart, None, None);
    assert_eq!(request.host_paths[0].path, "/dev/log");
}

#[test]
fn what_the_daemon_filled_in_is_left_out_where_it_says_no_more() {
    // With `--privileged` and with the host's processes dockerd turns labels off.
    for (host, expected) in [
        (r#""Privileged": true, "SecurityOpt": ["label=disable"]"#, 0),
        (r#""PidMode": "host", "SecurityOpt": ["label=disable"]"#, 0),
        (r#""PidMode": "container:x", "SecurityOpt": ["label=user:u", "label=disable"]"#, 1),
        (r#""Privileged": true, "SecurityOpt": ["label=disable", "seccomp=unconfined"]"#, 1),
    ] {
        assert_eq!(started(host).security_options.len(), expected, "{host}");
    }
    let private = DaemonDefaults::default();
    let modes = |host: &str| {
        let container = read(host, &private);
        let workload = completed(&container, Operation::ContainerStart, None, None).workload.unwrap();
        workload.namespaces.iter().filter(|namespace| namespace.mode == "host").count()
    };
    assert_eq!(modes(r#""CgroupnsMode": "host""#), 1);
    assert_eq!(modes(r#""CgroupnsMode": "host", "Privileged": true"#), 0);
    for (info, runtime, host) in [
        (
            r#"{ "DefaultRuntime": "runc", "SecurityOptions": ["name=seccomp,profile=default"] }"#,
            Some("runc"),
            true,
        ),
        (r#"{ "SecurityOptions": ["name=seccomp,profile=default", "name=cgroupns"] }"#, None, false),
        (
            r#"{ "DefaultRuntime": "", "CgroupVersion": "1", "SecurityOptions": ["name=cgroupns"] }"#,
            None,
            false,
        ),
        // `default-cgroupns-mode: host` in daemon.json.
        (r#"{ "CgroupVersion": "2", "SecurityOptions": [] }"#, None, true),
        (r#"{ "SecurityOptions": null }"#, None, true),
        ("{}", None, true),
    ] {
        let defaults = DaemonDefaults::read(info.as_bytes()).unwrap();
        assert_eq!((defaults.runtime.as_deref(), defaults.host_cgroup_namespace), (runtime, host), "{info}");
    }
}

#[test]
fn a_request_keeps_what_it_says_itself() {
    let container = container(r#""Binds": ["/srv:/srv"], "Memory": 7"#);
    let sent = Workload {
        command: vec!["id".into()],
        environment: vec!["A=b".into()],
        privileged: true,
        memory_limit: Some(9),
        ..Workload::default()
    };
    let exec = completed(&container, Operation::ContainerExec, None, Some(sent.clone())).workload.unwrap();
    assert_eq!((exec.command.as_slice(), exec.environment.len()), (&["id".to_owned()][..], 1));
    assert!(exec.privileged && exec.mounts.len() == 1);
    assert_eq!(exec.user.as_deref(), Some("7"), "the container's own");
    let other = Workload { user: Some("8".into()), ..sent.clone() };
    let exec = completed(&container, Operation::ContainerExec, None, Some(other)).workload.unwrap();
    assert_eq!(exec.user.as_deref(), Some("8"));
    let update = completed(&container, Operation::ContainerUpdate, None, Some(sent)).workload.unwrap();
    assert_eq!((update.memory_limit, update.command.as_slice()), (Some(9), &["sh".to_owned()][..]));
    let made = Exec { privileged: true, command: vec!["id".into()], ..Exec::default() };
    let start = completed(&container, Operation::ExecStart, Some(&made), None).workload.unwrap();
    assert!(start.privileged && start.command == ["id"] && start.mounts.len() == 1);
    assert_eq!(start.user.as_deref(), Some("7"));
    let made = Exec { user: Some("8".into()), ..made };
    let start = completed(&container, Operation::ExecStart, Some(&made), None).workload.unwrap();
    assert_eq!(start.user.as_deref(), Some("8"));
    // To end it needs none of what it may do.
    for operation in [Operation::ContainerStop, Operation::ContainerDelete, Operation::ContainerInspect] {
        assert_eq!(completed(&container, operation, None, None), Request::default(), "{operation}");
    }
}

#[test]
fn a_volume_is_the_path_of_the_host_that_it_was_made_of() {
    let volume = |driver: &str, options: &str| {
        let text =
            format!(r#"{{ "Name": "v", "Driver": "{driver}", "Options": {options}, "Scope": "local" }}"#);
        Volume::read(text.as_bytes()).unwrap()
    };
    let create = |name: &str| Workload {
        mounts: vec![portcullis_contract::docker::Mount {
            kind: "volume".into(),
            as_sent: format!("{name}:/x"),
            source: Some(name.into()),
            ..Default::default()
        }],
        ..Workload::default()
    };
    for (driver, options, expected) in [
        ("local", "null", None),
        ("local", "{}", None),
        ("local", r#"{ "size": "10m", "o": "size=10m" }"#, None),
        ("local", r#"{ "type": "tmpfs", "device": "tmpfs" }"#, None),
        ("local", r#"{ "type": "nfs", "o": "addr=10.0.0.1", "device": ":/x" }"#, None),
        ("rexray", r#"{ "type": "none", "o": "bind", "device": "/" }"#, None),
        ("local", r#"{ "type": "none", "o": "bind", "device": "/" }"#, Some(Some("/"))),
        ("local", r#"{ "type": "ext4", "device": "/dev/sda1" }"#, Some(Some("/dev/sda1"))),
        ("local", r#"{ "type": "proc", "device": "x" }"#, Some(Some("/proc"))),
        ("local", r#"{ "type": "unheard-of", "device": "x" }"#, Some(None)),
    ] {
        let volume = volume(driver, options);
        let mut made = create("v");
        volume.add_to("v", &mut made).unwrap();
        let added: Vec<_> = made.mounts[1..].iter().map(|mount| mount.host_path.as_deref()).collect();
        assert_eq!(added, Vec::from_iter(expected), "{driver} {options}");
        let mut other = create("w");
        volume.add_to("v", &mut other).unwrap();
        assert_eq!(other.mounts.len(), 1, "another volume");
        let mut mounted = container(r#""Binds": ["v:/v"]"#);
        assert_eq!(mounted.volumes().into_iter().collect::<Vec<_>>(), ["v"]);
        mounted.add_volume("v", &volume).unwrap();
        let paths = mounted.mounts().iter().filter(|mount| mount.target.as_deref() == Some("/v"));
        let paths: Vec<_> = paths.map(|mount| mount.host_path.as_deref()).collect();
        assert_eq!(paths, Vec::from_iter(expected), "{driver} {options}");
    }
    assert_eq!(volumes(&create("v")).into_iter().collect::<Vec<_>>(), ["v"]);
    for wrong in [
        "",
        "[]",
        "{}",
        r#"{ "Driver": "local", "Options": [] }"#,
        r#"{ "Driver": "local", "Options": { "o": 1 } }"#,
    ] {
        assert!(Volume::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn volumes_and_containers_add_a_limited_number_of_mounts() {
    let mount = |kind: &str, name: &str| portcullis_contract::docker::Mount {
        kind: kind.into(),
        source: Some(name.into()),
        ..Default::default()
    };
    let create = |count: usize| Workload { mounts: vec![mount("volume", "v"); count], ..Workload::default() };
    let volume = |options: &str| {
        Volume::read(format!(r#"{{ "Driver": "local", "Options": {options} }}"#).as_bytes()).unwrap()
    };
    let bind = volume(r#"{ "type": "none", "o": "bind", "device": "/etc" }"#);
    let mut made = create(2048);
    bind.add_to("v", &mut made).unwrap();
    assert_eq!(made.mounts.len(), 4096);
    let mut made = create(2049);
    assert_eq!(bind.add_to("v", &mut made), Err(InspectError::TooManyMounts));
    assert_eq!(made.mounts.len(), 2049);
    // Nothing is added of a plain one.
    volume("{}").add_to("v", &mut create(5000)).unwrap();
    let overlay = volume(r#"{ "type": "overlay", "device": "o", "o": "lowerdir=/a:/b:/c" }"#);
    assert_eq!(overlay.add_to("v", &mut create(1025)), Err(InspectError::TooManyMounts));
    let long = format!(r#"{{ "type": "ext4", "device": "/{}" }}"#, "a".repeat(16 << 10));
    assert_eq!(volume(&long).add_to("v", &mut create(1)), Err(InspectError::LongOptions));

    let taken = Workload { mounts: vec![mount("container", "web"); 200_000], ..Workload::default() };
    assert_eq!(Vec::from_iter(taken_over(&taken)), ["web"]);
    let mut other = container(r#""Binds": ["v:/v"]"#);
    other.add_volume("v", &bind).unwrap();
    let own = other.mounts().len();
    let mut mounts = vec![mount("bind", "/a"); 4096 - own];
    other.add_mounts_to(&mut mounts).unwrap();
    assert_eq!(mounts.len(), 4096);
    assert_eq!(other.add_mounts_to(&mut mounts), Err(InspectError::TooManyMounts));
}

#[test]
fn an_exec_is_read_as_dockerd_writes_it() {
    let text = r#"{ "ID": "e", "Running": false, "ProcessConfig": { "tty": false, "entrypoint": "sh", "arguments": ["-c", "id"],
        "privileged": true, "user": "7" }, "ContainerID": "ab12" }"#;
    let exec = Exec::read(text.as_bytes()).unwrap();
    assert_eq!((exec.container.as_str(), exec.privileged, exec.user.as_deref()), ("ab12", true, Some("7")));
    assert_eq!(exec.command, ["sh", "-c", "id"]);
    for wrong in [
        "",
        "[]",
        "{}",
        r#"{ "ContainerID": "a" }"#,
        r#"{ "ContainerID": "a", "ProcessConfig": { "privileged": 1 } }"#,
    ] {
        assert!(Exec::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
    for wrong in ["", "[]", "{}", r#"{ "Id": "a", "Name": "b", "Config": {} }"#] {
        assert!(Container::read(wrong.as_bytes(), &DaemonDefaults::default()).is_err(), "{wrong}");
    }
}
