//! Mounts and volumes, in every way to say them.

use portcullis_contract::docker::Mount;

use super::*;

/// One line for a mount: kind, origin, source, target, `ro`, driver, host path.
pub(super) fn line(mount: &Mount) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mode = if mount.read_only { "ro" } else { "rw" };
    let fields = [&mount.source, &mount.target, &mount.driver, &mount.host_path].map(text);
    format!("{} {} {} {mode}", mount.kind, mount.origin, fields.join(" "))
}

fn mounts(config: &str) -> Vec<String> {
    host(config).mounts.iter().map(line).collect()
}

#[test]
fn binds_are_read_as_dockerd_reads_them() {
    let table = [
        ("/:/x", "bind binds / /x - / rw"),
        ("//etc:/x", "bind binds /etc /x - /etc rw"),
        ("/etc/..:/x", "bind binds / /x - / rw"),
        ("/home/u/../..:/x:ro", "bind binds / /x - / ro"),
        ("/srv/./a//b/:/x/../y:ro,z", "bind binds /srv/a/b /y - /srv/a/b ro"),
        (
            "/var/run/docker.sock:/s:rw,rshared",
            "bind binds /var/run/docker.sock /s - /var/run/docker.sock rw",
        ),
        ("data:/x:nocopy", "volume binds data /x - - rw"),
        ("/x", "volume binds - /x - - rw"),
    ];
    for (entry, expected) in table {
        let workload = host(&format!("\"Binds\":[{entry:?}]"));
        assert_eq!(workload.mounts.iter().map(line).collect::<Vec<_>>(), [expected], "{entry}");
        assert_eq!(workload.mounts[0].as_sent, entry);
    }
    let shared = host(r#""Binds":["/a:/b:ro,rshared"]"#).mounts.remove(0);
    assert_eq!(shared.propagation.as_deref(), Some("rshared"));
    assert_eq!(shared.extra, [("mode".to_owned(), "ro,rshared".to_owned())]);
    for entry in ["", ":/x", "/a:/b:ro:/c"] {
        let body = format!("{{\"HostConfig\":{{\"Binds\":[{entry:?}]}}}}");
        let error = try_of(Operation::ContainerCreate, &body).unwrap_err();
        assert!(error.starts_with("`HostConfig.Binds` holds"), "{error}");
    }
}

#[test]
fn every_way_to_say_a_mount_is_found() {
    let workload = of(
        Operation::ContainerCreate,
        r#"{"Volumes":{"/anonymous":{}},"HostConfig":{"VolumeDriver":"rexray","VolumesFrom":["other:ro"],
            "Binds":["data:/d"],"Tmpfs":{"/t":"rw,ro,size=1m"},"Mounts":[
            {"Type":"bind","Source":"/etc/","Target":"/e","ReadOnly":true,"BindOptions":{"Propagation":"rslave"}},
            {"Type":"image","Source":"busybox","Target":"/i","ImageOptions":{"Subpath":"bin"}},
            {"Type":"tmpfs","Target":"/u"},{"Type":"npipe","Source":"/pipe","Target":"/p"},null]}}"#,
    );
    assert_eq!(
        workload.mounts.iter().map(line).collect::<Vec<_>>(),
        [
            "container volumes-from other - - - ro",
            "volume binds data /d rexray - rw",
            "bind mounts /etc /e - /etc ro",
            "image mounts busybox /i - - rw",
            "tmpfs mounts - /u - - rw",
            "npipe mounts /pipe /p - /pipe rw",
            " mounts - - - - rw",
            "tmpfs tmpfs - /t - - ro",
            "volume volumes - /anonymous rexray - rw",
        ]
    );
    assert_eq!(workload.mounts[2].propagation.as_deref(), Some("rslave"));
    assert_eq!(workload.mounts[3].extra, [("subpath".to_owned(), "bin".to_owned())]);
}

#[test]
fn options_of_the_local_driver_reach_the_host() {
    let table: &[(&str, &[&str])] = &[
        (r#""type":"none","o":"bind","device":"/""#, &["/"]),
        (r#""type":"nfs","o":"rw,rbind","device":"/etc/../root""#, &["/"]),
        (r#""type":"none","o":"bind","device":"/srv/link/..""#, &["/"]),
        (r#""type":"none","o":"bind","device":"/srv/..a""#, &["/srv/..a"]),
        (r#""type":"ext4","o":"ro","device":"/dev/link/../sda1""#, &["/"]),
        (r#""type":"","o":"bind","device":"etc""#, &["/etc"]),
        (r#""type":"ext4","device":"/dev/sda1""#, &["/dev/sda1"]),
        (
            r#""type":"overlay","device":"overlay","o":"lowerdir=/etc:/srv,upperdir=/u,workdir=w""#,
            &["/etc", "/srv", "/u", "/w"],
        ),
        (r#""type":"overlay","device":"overlay","o":"lowerdir=/srv/a\\,/../../etc""#, &["/srv/a\\", "/"]),
        (r#""type":"proc","device":"proc""#, &["/proc"]),
        (r#""type":"proc","device":"/proc""#, &["/proc"]),
        (
            r#""type":"overlay","device":"o","o":"lowerdir=/srv/a:/srv/b:/srv/a,upperdir=/srv/b""#,
            &["/srv/a", "/srv/b"],
        ),
        (r#""type":"devtmpfs","device":"x""#, &["/dev"]),
        (r#""type":"nfs","o":"addr=10.0.0.1,rw","device":":/export""#, &[]),
        (r#""type":"cifs","o":"username=u","device":"//server/share""#, &[]),
        (r#""type":"tmpfs","device":"tmpfs","o":"size=1m""#, &[]),
        (r#""size":"1g""#, &[]),
        ("", &[]),
    ];
    for (options, expected) in table {
        for driver in ["", "local"] {
            let spec = format!(
                "\"Mounts\":[{{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":\"/x\",\"VolumeOptions\":\
                 {{\"DriverConfig\":{{\"Name\":{driver:?},\"Options\":{{{options}}}}}}}}}]"
            );
            let mut paths: Vec<_> =
                host(&spec).mounts.into_iter().filter_map(|mount| mount.host_path).collect();
            let mut expected = expected.to_vec();
            paths.sort();
            expected.sort_unstable();
            assert_eq!(paths, expected, "{options}");
            assert_eq!(host(&spec).mounts.len(), expected.len().max(1), "{options}");
        }
        let foreign = format!(
            "\"Mounts\":[{{\"Type\":\"volume\",\"VolumeOptions\":{{\"DriverConfig\":{{\"Name\":\"vieux\",\"Options\":{{{options}}}}}}}}}]"
        );
        assert_eq!(mounts(&foreign), ["volume mounts - - vieux - rw"]);
    }
}

/// Options that name more than is judged path by path, or more than the kernel reads.
#[test]
fn options_that_are_too_long_reach_all_of_the_host() {
    let reached = |o: &str| {
        let options = [("type", "overlay"), ("device", "overlay"), ("o", o)];
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
        crate::facts::volume::reached(Some("local"), &options.into()).unwrap()
    };
    let layers = |count: usize| {
        let paths: Vec<_> = (0..count).map(|number| format!("/srv/{number}")).collect();
        format!("lowerdir={}", paths.join(":"))
    };
    assert_eq!(reached(&layers(64)).len(), 64);
    assert_eq!(reached(&layers(65)), ["/"]);
    assert_eq!(reached(&layers(100_000)), ["/"]);
    let padded = |length: usize| {
        let o = "lowerdir=/srv/a,";
        format!("{o}{}", "x".repeat(length - o.len()))
    };
    assert_eq!(reached(&padded(4095)), ["/srv/a"]);
    assert_eq!(reached(&padded(4096)), ["/srv/a", "/"]);
    assert_eq!(reached(&padded(20_000)), ["/"]);
}

#[test]
fn volume_create_says_what_it_reaches() {
    let of = |body: &str| {
        let mut value = json::parse(body.as_bytes()).unwrap();
        schema::canonicalise(&mut value, Operation::VolumeCreate.schema().unwrap()).unwrap();
        Operation::VolumeCreate.spec().facts.volume(value.as_object()).unwrap().unwrap()
    };
    let bind = of(r#"{"name":"v","DriverOpts":{"type":"none","o":"bind,ro","device":"/etc"}}"#);
    assert_eq!(line(&bind), "volume volume-create v - - /etc ro");
    assert_eq!(bind.driver_options.len(), 3);
    let overlay = of(r#"{"DriverOpts":{"type":"overlay","device":"o","o":"lowerdir=/srv/a:/srv/b"}}"#);
    assert_eq!(line(&overlay), "volume volume-create - - - /srv rw");
    assert_eq!(overlay.extra.len(), 2);
    assert_eq!(line(&of(r#"{"Name":"v","Driver":"local"}"#)), "volume volume-create v - local - rw");
}
