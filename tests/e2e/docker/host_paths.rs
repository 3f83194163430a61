//! What of the host, of the swarm and of the daemon's network a request reaches beside the mounts of a container: each
//! is refused by its rule, the real dockerd shows what it would do, and what the refusal names opens it.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::time::Duration;

use super::{PROGRAM, assert_refused, config, config_of};
use portcullis_testing::{Dockerd, Plugin, Portcullis, http, need_dockerd};

/// dockerd behind docker-baseline, with the image `bb:1`.
struct Place {
    dockerd: Dockerd,
    portcullis: Portcullis,
    plugin: Plugin,
}

impl Place {
    fn new(settings: &str) -> Option<Self> {
        let needed = need_dockerd()?;
        let plugin = Plugin::socket();
        let portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), settings));
        let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
        dockerd.import_busybox("bb:1");
        Some(Self { dockerd, portcullis, plugin })
    }

    fn configure(&mut self, settings: &str) {
        self.portcullis.configure(&config(self.plugin.path(), settings));
        self.portcullis.reload();
    }

    /// Sends a request of one JSON body, or of none.
    fn call(&self, method: &str, uri: &str, body: &str) -> (u16, String) {
        let mut request = format!("{method} {uri} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n");
        if !body.is_empty() {
            request.push_str("Content-Type: application/json\r\n");
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        http::send_unix(&self.dockerd.socket(), request.as_bytes()).unwrap()
    }

    #[track_caller]
    fn refused(&self, method: &str, uri: &str, body: &str, rule: &str) {
        let (status, text) = self.call(method, uri, body);
        assert_eq!(status, 403, "{method} {uri} {body}: {text}");
        assert_refused(&self.portcullis, &text, rule);
    }

    fn create(&self, name: &str, host: &str) -> (u16, String) {
        let body = format!(
            r#"{{"Image":"bb:1","Cmd":["echo","logged"],"HostConfig":{{"NetworkMode":"none",{host}}}}}"#
        );
        self.call("POST", &format!("/v1.41/containers/create?name={name}"), &body)
    }
}

#[test]
fn paths_of_the_host_that_are_no_mounts_are_judged() {
    let Some(mut place) = Place::new("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("log");
    let listener = UnixListener::bind(&socket).unwrap();
    let (sender, logged) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut text = [0; 256];
            let read = stream.read(&mut text).unwrap_or_default();
            let _ = sender.send(String::from_utf8_lossy(&text[..read]).into_owned());
        }
    });
    let syslog = |address: &str| {
        format!(r#""LogConfig":{{"Type":"syslog","Config":{{"syslog-address":"{address}"}}}}"#)
    };
    let to_socket = syslog(&format!("unix://{}", socket.display()));
    let cases = [
        (syslog("unix:///run/docker.sock"), "docker-socket"),
        (syslog("unix:///run/%64ocker.sock"), "docker-socket"),
        (to_socket.clone(), "host-mount"),
        (r#""LogConfig":{"Type":"splunk","Config":{"splunk-capath":"/etc/shadow"}}"#.into(), "host-mount"),
        (
            r#""LogConfig":{"Type":"fluentd","Config":{"fluentd-address":"unix:///srv/fluentd.sock"}}"#.into(),
            "host-mount",
        ),
        (r#""Annotations":{"run.oci.hooks.stdout":"/etc/cron.d/x"}"#.into(), "host-mount"),
        (r#""CgroupParent":"/../../x""#.into(), "cgroup-parent"),
        (r#""Devices":[{"PathOnHost":"/dev/null","PathInContainer":"/dev/x"}]"#.into(), "device"),
        (r#""Runtime":"/usr/bin/env""#.into(), "runtime"),
        (
            r#""Mounts":[{"Type":"volume","Target":"/x","VolumeOptions":{"DriverConfig":{"Name":"local-persist","Options":{"mountpoint":"/etc"}}}}]"#
                .into(),
            "volume-driver",
        ),
    ];
    for (host, rule) in &cases {
        let (status, text) = place.create("web", host);
        assert_eq!(status, 403, "{host}: {text}");
        assert_refused(&place.portcullis, &text, rule);
    }
    for (method, uri, body) in [
        ("GET", "/containers/web/checkpoints?dir=/var/lib", ""),
        ("DELETE", "/containers/web/checkpoints/docker?dir=/var/lib", ""),
        ("POST", "/containers/web/checkpoints", r#"{"CheckpointID":"c","CheckpointDir":"/etc"}"#),
        ("POST", "/containers/web/start?checkpoint=c&checkpoint-dir=/etc", ""),
    ] {
        place.refused(method, uri, body, "host-mount");
    }
    place.refused("POST", "/plugins/x/set", r#"["data.source=/"]"#, "plugin-administration");

    // With the entry that the refusal names, the daemon connects to that socket.
    let entry = format!(r#"{{ path = "{}", access = "rw", exact = true }}"#, socket.display());
    place.configure(&format!("allowed_mounts = [{entry}]"));
    let (status, text) = place.create("web", &to_socket);
    assert_eq!(status, 201, "{text}");
    place.dockerd.docker(&["start", "web"]).ok();
    let line = logged.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(line.contains("logged"), "{line}");

    // What a path is that the daemon only stores, or of which it takes the number: no file is written or opened.
    let id_file = folder.path().join("id");
    let stored = format!(
        r#""ContainerIDFile":"{}","BlkioDeviceReadBps":[{{"Path":"/dev/null","Rate":1}}]"#,
        id_file.display()
    );
    let (status, text) = place.create("other", &stored);
    assert_eq!(status, 201, "{text}");
    assert!(!id_file.exists());
}

#[test]
fn an_allowed_mount_is_read_only_unless_it_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let Some(mut place) = Place::new(&format!(r#"allowed_mounts = ["{path}"]"#)) else { return };
    let run = |place: &Place, options: &[&str], command: &[&str]| {
        place.dockerd.docker(&[&["run", "--rm", "--network", "none"], options, &["bb:1"], command].concat())
    };
    let (rw, ro) = (format!("{path}:/x"), format!("{path}:/x:ro"));
    fs::write(folder.path().join("there"), "read").unwrap();
    assert_refused(&place.portcullis, &run(&place, &["-v", &rw], &["true"]).refused(), "host-mount");
    let mount = format!("type=bind,src={path},dst=/x");
    assert_refused(&place.portcullis, &run(&place, &["--mount", &mount], &["true"]).refused(), "host-mount");
    assert_eq!(run(&place, &["-v", &ro], &["cat", "/x/there"]).ok(), "read");
    run(&place, &["-v", &ro], &["sh", "-c", "echo written > /x/file"]).refused();
    assert!(!folder.path().join("file").exists());

    // A volume for reading may be mounted for writing by the next container: its own `ro` must hold.
    let volume = |place: &Place, name: &str, options: &str| {
        let (device, o) = (format!("device={path}"), format!("o={options}"));
        place.dockerd.docker(&["volume", "create", "-o", "type=none", "-o", &o, "-o", &device, name])
    };
    assert_refused(&place.portcullis, &volume(&place, "rw", "bind").refused(), "host-mount");
    let inline = format!(
        "type=volume,src=v,dst=/x,readonly,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device={path}"
    );
    assert_refused(&place.portcullis, &run(&place, &["--mount", &inline], &["true"]).refused(), "host-mount");
    volume(&place, "ro", "bind,ro").ok();
    run(&place, &["-v", "ro:/x"], &["sh", "-c", "echo written > /x/file"]).refused();
    assert!(!folder.path().join("file").exists());

    // Mounts of the container do not come back to the host.
    let shared = format!("{path}:/x:ro,rshared");
    let text = run(&place, &["-v", &shared], &["true"]).refused();
    assert_refused(&place.portcullis, &text, "mount-propagation");

    place.configure(&format!(r#"allowed_mounts = [{{ path = "{path}", access = "rw" }}]"#));
    run(&place, &["-v", &rw], &["sh", "-c", "echo written > /x/file"]).ok();
    assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "written\n");
}

#[test]
fn what_the_daemon_would_fetch_show_or_join_is_refused_unless_opened() {
    let Some(mut place) = Place::new("") else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = [0; 64];
            let read = stream.read(&mut line).unwrap_or_default();
            let _ = sender.send(String::from_utf8_lossy(&line[..read]).into_owned());
        }
    });
    let import = format!("/images/create?fromSrc=http://{address}/decisions&repo=x");
    place.refused("POST", &import, "", "daemon-fetch");
    place.refused("POST", &format!("/images/create?fromSrc={address}&repo=x"), "", "daemon-fetch");
    place.refused("POST", &format!("/build?t=x&remote=http://{address}/Dockerfile"), "", "daemon-fetch");
    place.refused("POST", "/v1.41/build?version=2&t=x:1", "", "buildkit");
    place.refused("GET", "/swarm", "", "swarm-join-tokens");
    place.refused("GET", "/debug/pprof/heap", "", "debug");
    place.refused("GET", "/debug/vars", "", "debug");
    let network = |driver: &str, options: &str| {
        format!(r#"{{"Name":"n","CheckDuplicate":true,"Driver":"{driver}","Options":{{{options}}}}}"#)
    };
    for driver in ["macvlan", "ipvlan"] {
        let body = network(driver, r#""parent":"eth0""#);
        place.refused("POST", "/networks/create", &body, "host-interface");
    }
    let bridge = network("bridge", r#""com.docker.network.bridge.name":"virbr0""#);
    place.refused("POST", "/networks/create", &bridge, "host-interface");
    place.refused("POST", "/networks/create", &network("vendor", ""), "network-driver");
    assert!(asked.try_recv().is_err(), "the daemon fetched");

    place.configure("allow_daemon_fetch = true, allow_swarm_inspect = true, allow_debug = true");
    let (status, _) = place.call("POST", &import, "");
    assert_ne!(status, 403);
    let line = asked.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(line.starts_with("GET /decisions "), "{line}");
    // This daemon is no manager of a swarm, and says so itself.
    let (status, text) = place.call("GET", "/swarm", "");
    assert_eq!(status, 503, "{text}");
}

#[test]
fn copying_is_refused_where_the_settings_say_so() {
    let Some(mut place) = Place::new("") else { return };
    place.dockerd.docker(&["create", "--name", "web", "--network", "none", "bb:1", "true"]).ok();
    let target = place.portcullis.folder().join("copied").display().to_string();
    place.dockerd.docker(&["cp", "web:/bin/busybox", &target]).ok();
    place.configure(r#"container_archive = "refuse""#);
    place.dockerd.docker(&["cp", "web:/bin/busybox", &target]).refused();
    place.refused("GET", "/containers/web/archive?path=/bin", "", "container-archive");
    place.refused("PUT", "/containers/web/archive?path=/", "{}", "container-archive");
    let (status, _) = place.call("HEAD", "/containers/web/archive?path=/bin", "");
    assert_eq!(status, 403);
}

#[test]
fn a_seccomp_profile_is_allowed_by_the_digest_that_its_refusal_names() {
    let Some(mut place) = Place::new("") else { return };
    let profile = place.portcullis.folder().join("profile.json");
    fs::write(&profile, "{\n  \"defaultAction\": \"SCMP_ACT_ALLOW\"\n}\n").unwrap();
    let option = format!("seccomp={}", profile.display());
    let create = |place: &Place| {
        place.dockerd.docker(&["create", "--network", "none", "--security-opt", &option, "bb:1", "true"])
    };
    let text = create(&place).refused();
    assert_refused(&place.portcullis, &text, "security-option");
    let at = text.find("allowed_seccomp_profiles = ").unwrap();
    let setting = text[at..].split('`').next().unwrap().to_owned();
    place.configure(&setting);
    create(&place).ok();
}

/// Go parses no form of these methods: the query counts, and dockerd acts on it.
#[test]
fn a_get_or_delete_with_a_form_is_allowed_and_its_form_is_not_read() {
    let Some(needed) = need_dockerd() else { return };
    let plugin = Plugin::socket();
    let _portcullis = Portcullis::start(PROGRAM, &config_of(plugin.path(), "", ""));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    let archive = fs::read(dockerd.busybox_archive()).unwrap();
    let mut import = format!(
        "POST /images/create?fromSrc=-&repo=bb&tag=1 HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        archive.len()
    )
    .into_bytes();
    import.extend(archive);
    assert_eq!(http::send_unix(&dockerd.socket(), &import).unwrap().0, 200);
    dockerd.docker(&["run", "-d", "--name", "web", "--network", "none", "bb:1", "sleep", "1000"]).ok();
    let multipart = "--B\r\nContent-Disposition: form-data; name=\"force\"\r\n\r\n1\r\n--B--\r\n";
    let forms = [
        ("application/x-www-form-urlencoded", "force=1&all=1&filters=%7B%22name%22%3A%5B%22none%22%5D%7D"),
        ("multipart/form-data; boundary=B", multipart),
    ];
    for (content_type, body) in forms {
        let send = |method: &str, uri: &str, framing: &str, body: &str| {
            let head = format!("{method} {uri} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n");
            let request = format!("{head}Content-Type: {content_type}\r\n{framing}\r\n\r\n{body}");
            http::send_unix(&dockerd.socket(), request.as_bytes()).unwrap()
        };
        let length = format!("Content-Length: {}", body.len());
        let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        for (framing, body) in [(length.as_str(), body), ("Transfer-Encoding: chunked", &chunked)] {
            let (status, text) = send("GET", "/containers/json", framing, body);
            assert!(status == 200 && text.contains("/web"), "{content_type} {framing}: {status} {text}");
            let (status, text) = send("HEAD", "/_ping", framing, body);
            assert_eq!(status, 200, "{content_type} {framing}: {text}");
            let (status, text) = send("DELETE", "/containers/web", framing, body);
            assert_eq!(status, 409, "dockerd read `force` of {content_type}: {text}");
        }
    }
}
