mod mounts;
mod paths;

use portcullis_contract::docker::Workload;

use super::*;
use crate::Operation;
use crate::json;
use crate::query;
use crate::schema;

/// The workload of a body as the host reads it.
fn try_of(operation: Operation, body: &str) -> Result<Workload, String> {
    let mut value = json::parse(body.as_bytes()).map_err(|error| error.to_string())?;
    let schema = operation.schema().unwrap();
    schema::canonicalise(&mut value, schema).map_err(|error| error.to_string())?;
    if let (Operation::ContainerCreate, json::Value::Object(body)) = (operation, &mut value) {
        hoist_host_config(body);
    }
    let workload = operation.spec().facts.workload(value.as_object(), &Query::default());
    workload.map(Option::unwrap).map_err(|error| error.to_string())
}

fn of(operation: Operation, body: &str) -> Workload {
    try_of(operation, body).unwrap_or_else(|error| panic!("{body}: {error}"))
}

/// Of a container with this host configuration.
fn host(config: &str) -> Workload {
    of(Operation::ContainerCreate, &format!("{{\"HostConfig\":{{{config}}}}}"))
}

#[test]
fn what_says_nothing_is_nothing() {
    let empty = Workload::default();
    assert_eq!(of(Operation::ContainerCreate, "{}"), empty);
    assert_eq!(host(""), empty);
    let said = r#""Privileged":false,"CapAdd":null,"CapDrop":[],"Binds":null,"Mounts":[],"Tmpfs":null,"Devices":[],
        "PidMode":"","SecurityOpt":null,"MaskedPaths":null,"Memory":0,"PortBindings":{},"Runtime":"",
        "LogConfig":{"Type":"","Config":{}},"RestartPolicy":{"Name":"","MaximumRetryCount":0}"#;
    assert_eq!(host(said), empty);
    assert_eq!(
        of(Operation::ContainerCreate, r#"{"HostConfig":null,"Image":"","User":"","Cmd":null,"Volumes":{}}"#),
        empty
    );
    assert_eq!(of(Operation::ContainerExec, r#"{"Privileged":false,"User":"","Cmd":null}"#), empty);
    assert_eq!(of(Operation::ServiceCreate, r#"{"TaskTemplate":{"ContainerSpec":null}}"#), empty);
}

#[test]
fn capabilities_and_security_options_have_one_spelling() {
    let workload = host(
        r#""CapAdd":["sys_admin","Cap_Net_Raw","all","ſys_ptrace"],"CapDrop":"ALL","SecurityOpt":["seccomp:unconfined",
            "apparmor=unconfined","disable","no-new-privileges:false","no-new-privileges","label:type:x","seccomp={\"a\":1}"]"#,
    );
    assert_eq!(workload.capabilities_added, ["CAP_SYS_ADMIN", "CAP_NET_RAW", "ALL", "CAP_SYS_PTRACE"]);
    assert_eq!(workload.capabilities_dropped, ["ALL"]);
    let options = workload.security_options.iter();
    let options: Vec<_> = options.map(|option| (option.name.as_str(), option.value.as_deref())).collect();
    assert_eq!(
        options,
        [
            ("seccomp", Some("unconfined")),
            ("apparmor", Some("unconfined")),
            ("label", Some("disable")),
            ("no-new-privileges", Some("false")),
            ("no-new-privileges", None),
            ("label", Some("type:x")),
            ("seccomp", Some("{\"a\":1}")),
        ]
    );
    assert_eq!(host(r#""CapAdd":"net_admin""#).capabilities_added, ["CAP_NET_ADMIN"]);
}

#[test]
fn namespaces_are_named() {
    let workload = host(
        r#""NetworkMode":"host","PidMode":"container:a:b","IpcMode":"shareable","UTSMode":"host","UsernsMode":"host",
            "CgroupnsMode":"private","Cgroup":"container:c""#,
    );
    let named = workload.namespaces.iter().map(|namespace| {
        format!("{} {} {}", namespace.kind, namespace.mode, namespace.container.as_deref().unwrap_or("-"))
    });
    assert_eq!(
        named.collect::<Vec<_>>(),
        [
            "network host -",
            "pid container a:b",
            "ipc shareable -",
            "uts host -",
            "user host -",
            "cgroup private -",
            "cgroup container c",
        ]
    );
}

#[test]
fn networks_and_ports_are_found() {
    let workload = of(
        Operation::ContainerCreate,
        r#"{"HostConfig":{"NetworkMode":"front","PublishAllPorts":true,"PortBindings":{"80/tcp":[{"HostPort":"8080"},
            {"HostIp":"127.0.0.1","HostPort":""}],"53/UDP":[{}],"443":null}},
            "NetworkingConfig":{"EndpointsConfig":{"front":{},"back":null}}}"#,
    );
    assert_eq!(workload.networks, ["front", "back"]);
    let ports = workload.published.iter();
    let ports: Vec<_> = ports
        .map(|p| (p.container_port, p.protocol.as_str(), p.host_ip.as_deref(), p.host_port.as_deref()))
        .collect();
    let expected =
        [(80, "tcp", None, Some("8080")), (80, "tcp", Some("127.0.0.1"), None), (53, "udp", None, None)];
    assert_eq!(ports, expected);
    assert!(workload.publish_all);
    for (mode, expected) in [("host", vec!["host"]), ("default", vec!["default"]), ("none", vec![])] {
        assert_eq!(host(&format!("\"NetworkMode\":{mode:?}")).networks, expected);
    }
    assert!(host(r#""NetworkMode":"container:x""#).networks.is_empty());
}

#[test]
fn the_rest_of_a_container_is_read() {
    let workload = of(
        Operation::ContainerCreate,
        r#"{"Image":"localhost:5000/app:1","User":"0","Cmd":"sh","Entrypoint":["a","b"],"Env":["A=1"],"Labels":{"Foo":"1","foo":"2"},
            "HostConfig":{"Privileged":true,"GroupAdd":["docker"],"Devices":[{"PathOnHost":"/dev/kvm","CgroupPermissions":"rwm"}],
            "DeviceCgroupRules":["a *:* rwm"],"DeviceRequests":[{"Driver":"nvidia","Count":-1,"Capabilities":[["gpu"],null]}],
            "MaskedPaths":[],"ReadonlyPaths":["/proc/sys"],"ExtraHosts":["a:1"],"Annotations":{"k":"v"},"Sysctls":{"s":"1"},
            "Runtime":"runc","CgroupParent":"/p","RestartPolicy":{"Name":"always"},"LogConfig":{"Type":"syslog","Config":{"x":"y"}},
            "Memory":1048576,"ReadonlyRootfs":true,"Links":["db:db"]}}"#,
    );
    let image = workload.image.unwrap();
    assert_eq!((image.domain.as_str(), image.path.as_str()), ("localhost:5000", "app"));
    assert_eq!(workload.command, ["sh"]);
    assert_eq!(workload.entrypoint, ["a", "b"]);
    assert_eq!(workload.environment, ["A=1"]);
    assert_eq!(workload.user.as_deref(), Some("0"));
    assert_eq!(workload.labels.len(), 2);
    assert!(workload.privileged && workload.read_only_root);
    assert_eq!(workload.groups_added, ["docker"]);
    assert_eq!(workload.devices[0].path_on_host, "/dev/kvm");
    assert_eq!(workload.device_cgroup_rules, ["a *:* rwm"]);
    assert_eq!(workload.device_requests[0].count, -1);
    assert_eq!(workload.device_requests[0].capabilities, [vec!["gpu".to_owned()], vec![]]);
    assert_eq!(workload.masked_paths, Some(vec![]));
    assert_eq!(workload.readonly_paths, Some(vec!["/proc/sys".to_owned()]));
    assert_eq!((workload.runtime.as_deref(), workload.cgroup_parent.as_deref()), (Some("runc"), Some("/p")));
    assert_eq!(
        (workload.restart.as_deref(), workload.log_driver.as_deref()),
        (Some("always"), Some("syslog"))
    );
    assert_eq!(workload.log_options, [("x".to_owned(), "y".to_owned())]);
    assert_eq!(workload.memory_limit, Some(1_048_576));
    assert_eq!(workload.extra, [("link".to_owned(), "db:db".to_owned())]);
}

#[test]
fn host_configuration_at_the_top_counts_where_dockerd_reads_it() {
    let plain = host(r#""Privileged":true,"Binds":["/:/x"]"#);
    assert_eq!(of(Operation::ContainerCreate, r#"{"Privileged":true,"Binds":["/:/x"]}"#), plain);
    assert_eq!(
        of(Operation::ContainerCreate, r#"{"HostConfig":null,"privileged":true,"BINDſ":["/:/x"]}"#),
        plain
    );
    // Beside a host configuration only the gaps are filled.
    let beside = of(
        Operation::ContainerCreate,
        r#"{"HostConfig":{"Binds":["v:/x"]},"Privileged":true,"VolumeDriver":"d","Memory":5}"#,
    );
    assert!(!beside.privileged);
    assert_eq!((beside.mounts[0].driver.as_deref(), beside.memory_limit), (Some("d"), Some(5)));
    let filled = of(Operation::ContainerCreate, r#"{"HostConfig":{"Memory":7},"Memory":5}"#);
    assert_eq!(filled.memory_limit, Some(7));
}

#[test]
fn update_exec_and_service_are_read() {
    let update = of(
        Operation::ContainerUpdate,
        r#"{"Memory":5,"Devices":[{"PathOnHost":"/dev/sda"}],"RestartPolicy":{"Name":"no"}}"#,
    );
    assert_eq!((update.memory_limit, update.restart.as_deref()), (Some(5), Some("no")));
    assert_eq!(update.devices[0].path_on_host, "/dev/sda");
    let exec = of(
        Operation::ContainerExec,
        r#"{"Privileged":true,"User":"0","Cmd":["sh"],"Env":["A=1"],"WorkingDir":"/w"}"#,
    );
    assert!(exec.privileged && exec.user.as_deref() == Some("0") && exec.command == ["sh"]);
    let service = of(
        Operation::ServiceCreate,
        r#"{"Name":"web","Labels":{"a":"1"},"TaskTemplate":{"ContainerSpec":{"Image":"bb:1","Command":["e"],"Args":["c"],
            "Mounts":[{"Type":"bind","Source":"/","Target":"/x"}],"CapabilityAdd":["sys_admin"],"Labels":{"b":"2"},
            "Privileges":{"SELinuxContext":{"Disable":true},"Seccomp":{"Mode":"unconfined"},"AppArmor":{"Mode":"disabled"},
            "NoNewPrivileges":true}},"PluginSpec":{"Remote":"evil/plugin","Name":"n"},"RestartPolicy":{"Condition":"any"},
            "Resources":{"Limits":{"MemoryBytes":9}},"Networks":[{"Target":"host"}]},
            "EndpointSpec":{"Ports":[{"TargetPort":80,"PublishedPort":8080},{"TargetPort":53,"Protocol":"udp"}]}}"#,
    );
    assert_eq!(service.mounts.iter().map(mounts::line).collect::<Vec<_>>(), ["bind mounts / /x - / rw"]);
    assert_eq!(service.capabilities_added, ["CAP_SYS_ADMIN"]);
    let options: Vec<_> = service.security_options.iter().map(|option| option.name.as_str()).collect();
    assert_eq!(options, ["label", "seccomp", "apparmor", "no-new-privileges"]);
    assert_eq!((service.entrypoint, service.command), (vec!["e".to_owned()], vec!["c".to_owned()]));
    assert_eq!(service.namespaces[0].mode, "host");
    assert_eq!(service.networks, ["host"]);
    assert_eq!(service.extra, [("plugin".to_owned(), "evil/plugin".to_owned())]);
    assert_eq!(service.published[0].host_port.as_deref(), Some("8080"));
    assert_eq!((service.restart.as_deref(), service.memory_limit), (Some("always"), Some(9)));
    assert_eq!(service.labels.len(), 2);
}

#[test]
fn a_build_is_read_from_its_query() {
    let query = query::parse(
        "networkmode=host&buildargs=%7B%22A%22%3A%221%22,%22B%22%3Anull%7D&labels=%7B%22l%22%3A%22m%22%7D&extrahosts=a:1\
         &extrahosts=b:2&cgroupparent=/p&memory=5&remote=http://x&securityopt=seccomp%3Dunconfined&ulimits=null",
    );
    let build = Operation::ImageBuild.spec().facts.workload(None, &query.unwrap()).unwrap().unwrap();
    assert_eq!(build.environment, ["A=1", "B="]);
    assert_eq!((build.networks, build.namespaces[0].mode.as_str()), (vec!["host".to_owned()], "host"));
    assert_eq!(build.extra_hosts, ["a:1", "b:2"]);
    assert_eq!((build.cgroup_parent.as_deref(), build.memory_limit), (Some("/p"), Some(5)));
    assert_eq!(build.security_options[0].value.as_deref(), Some("unconfined"));
    assert_eq!(build.extra, [("remote".to_owned(), "http://x".to_owned())]);
    let broken = query::parse("buildargs=%5B%5D").unwrap();
    assert!(Operation::ImageBuild.spec().facts.workload(None, &broken).is_err());
}

#[test]
fn what_go_could_not_decode_is_refused() {
    let table = [
        (r#""Privileged":"true""#, "`HostConfig.Privileged` holds a string, where dockerd reads a boolean"),
        (r#""Privileged":1"#, "`HostConfig.Privileged` holds a number, where dockerd reads a boolean"),
        (r#""Memory":"1g""#, "`HostConfig.Memory` holds a string, where dockerd reads a whole number"),
        (r#""Memory":1.5"#, "`HostConfig.Memory` holds a number, where dockerd reads a whole number"),
        (r#""Binds":"/:/x""#, "holds a string, where dockerd reads"),
        (r#""Binds":[1]"#, "`HostConfig.Binds` holds an array, where dockerd reads a list of strings"),
        (r#""CapAdd":{}"#, "holds an object, where dockerd reads"),
        (r#""PidMode":true"#, "`HostConfig.PidMode` holds a boolean, where dockerd reads a string"),
        (
            r#""Sysctls":{"a":1}"#,
            "`HostConfig.Sysctls` holds an object, where dockerd reads an object of strings",
        ),
        (r#""PortBindings":{"http":[]}"#, "`HostConfig.PortBindings` holds `http`, which is no port such as"),
        (
            r#""PortBindings":{"80":[{"HostPort":80}]}"#,
            "HostPort` holds a number, where dockerd reads a string",
        ),
        (r#""VolumesFrom":[""]"#, "`HostConfig.VolumesFrom` holds ``, which is no container such as"),
        (r#""DeviceRequests":[{"Capabilities":["gpu"]}]"#, "dockerd reads"),
    ];
    for (config, expected) in table {
        let body = format!("{{\"HostConfig\":{{{config}}}}}");
        let error = try_of(Operation::ContainerCreate, &body).unwrap_err();
        assert!(error.contains(expected), "{config}: {error}");
    }
    let error = try_of(Operation::ContainerCreate, r#"{"Image":"Not A Reference"}"#).unwrap_err();
    assert_eq!(error, "`Image` holds `Not A Reference`, which is no image reference");
}
