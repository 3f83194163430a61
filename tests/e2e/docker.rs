//! A real dockerd, unmodified Docker clients, and a policy between them.
mod allowlist;
mod cedar;
mod groups;
mod host_paths;
mod learn;
mod leash;
mod look_up;
mod random;
mod real_paths;
mod rego;
mod sdks;
mod unshown;

use portcullis_testing::{Authority, DockerTls, Dockerd, Plugin, Portcullis, need_dockerd};
use serde_json::Value;
use std::fs;

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

/// docker-baseline and allow behind `socket`, with these settings for docker-baseline, and what the command line
/// needs for `docker build` and `docker import`.
fn config(socket: &std::path::Path, settings: &str) -> String {
    let settings = format!(r#"assume_no_form = ["ImageBuild", "ImageCreate"], {settings}"#);
    config_of(socket, settings.trim_end_matches([',', ' ']), "")
}

/// docker-baseline and allow behind `socket`, with these settings for docker-baseline and these keys of `[docker]`.
fn config_of(socket: &std::path::Path, settings: &str, docker: &str) -> String {
    format!(
        r#"
state = "state"
[listen]
docker = ["unix:{}"]
admin = []
[docker]
{docker}
[audit]
file = "decisions.jsonl"
[[policies]]
name = "docker-baseline"
module = "builtin:docker-baseline"
settings = {{ {settings} }}
[[policies]]
name = "allow"
module = "builtin:allow"
"#,
        socket.display()
    )
}

fn records(portcullis: &Portcullis) -> Vec<Value> {
    let text = fs::read_to_string(portcullis.folder().join("decisions.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the person at the terminal reads, and the record that explains it.
#[track_caller]
fn assert_refused(portcullis: &Portcullis, text: &str, rule: &str) {
    assert!(text.contains("authorization denied by plugin"), "{text}");
    assert!(text.contains(&format!("policy docker-baseline, rule {rule}, decision ")), "rule {rule}: {text}");
    let id = text.split("decision ").nth(1).unwrap().split(')').next().unwrap();
    let record = records(portcullis).into_iter().find(|record| record["id"] == id);
    let record = record.unwrap_or_else(|| panic!("no record of {id}"));
    assert_eq!(record["verdict"], "deny");
    assert_eq!(record["rule"], rule);
    assert_eq!(record["policy"], "docker-baseline");
    assert_eq!(record["outcomes"][1]["outcome"], "not-asked");
}

#[test]
fn what_is_allowed_works_and_what_is_not_is_refused_with_its_rule() {
    let Some(needed) = need_dockerd() else { return };
    let plugin = Plugin::socket();
    let portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), r#"allowed_mounts = ["/srv"]"#));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    let ok = |arguments: &[&str]| dockerd.docker(arguments).ok();

    dockerd.import_busybox("bb:1");
    assert_eq!(ok(&["run", "--rm", "--network", "none", "bb:1", "echo", "hello"]), "hello\n");
    ok(&["run", "-d", "--name", "web", "--network", "none", "bb:1", "sh", "-c", "echo started; sleep 1000"]);
    assert_eq!(ok(&["exec", "web", "echo", "inside"]), "inside\n");
    assert_eq!(ok(&["logs", "web"]), "started\n");
    assert!(ok(&["ps"]).contains("web"));
    let file = portcullis.folder().join("copied");
    ok(&["cp", "web:/bin/busybox", &file.to_string_lossy()]);
    assert!(file.metadata().unwrap().len() > 100_000);
    ok(&["cp", &file.to_string_lossy(), "web:/copy"]);
    let context = portcullis.folder().join("context");
    fs::create_dir(&context).unwrap();
    fs::write(context.join("Dockerfile"), "FROM bb:1\nRUN echo made > /made\n").unwrap();
    ok(&["build", "--network", "none", "-t", "built:1", &context.to_string_lossy()]);
    assert_eq!(ok(&["run", "--rm", "--network", "none", "built:1", "cat", "/made"]), "made\n");
    fs::create_dir_all("/srv").unwrap();
    ok(&["run", "--rm", "--network", "none", "-v", "/srv:/srv:ro", "bb:1", "ls", "/srv"]);
    ok(&["volume", "create", "plain"]);
    ok(&["run", "--rm", "--network", "none", "-v", "plain:/data", "bb:1", "true"]);

    let run = |options: &[&str]| {
        let arguments = [&["run", "--rm", "--network", "none"], options, &["bb:1", "true"]].concat();
        for run in dockerd.every_docker(&arguments) {
            assert!(run.stderr.contains("denied"), "{}: {}", run.command, run.stderr);
        }
        dockerd.docker(&arguments).refused()
    };
    let cases: [(&[&str], &str); 13] = [
        (&["-v", "/srv:/srv"], "host-mount"),
        (&["--privileged"], "privileged"),
        (&["-v", "/etc:/x"], "host-mount"),
        (&["-v", "/srv/../etc:/x"], "host-mount"),
        (&["-v", "/var/run/docker.sock:/s"], "docker-socket"),
        (&["--pid", "host"], "host-pid"),
        (&["--ipc", "host"], "host-ipc"),
        (&["--cap-add", "SYS_ADMIN"], "capability"),
        (&["--device", "/dev/null"], "device"),
        (&["--security-opt", "seccomp=unconfined"], "security-option"),
        (&["--mount", "type=bind,src=/,dst=/x"], "docker-socket"),
        (
            &[
                "--mount",
                "type=volume,dst=/x,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/",
            ],
            "docker-socket",
        ),
        (
            &[
                "--mount",
                "type=volume,dst=/x,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc",
            ],
            "host-mount",
        ),
    ];
    for (options, rule) in cases {
        assert_refused(&portcullis, &run(options), rule);
    }
    let volume = |device: &str| {
        let device = format!("device={device}");
        dockerd
            .docker(&["volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", &device, "v"])
            .refused()
    };
    assert_refused(&portcullis, &volume("/"), "docker-socket");
    assert_refused(&portcullis, &volume("/etc"), "host-mount");
    assert_refused(
        &portcullis,
        &dockerd.docker(&["exec", "--privileged", "web", "true"]).refused(),
        "privileged",
    );
    assert_refused(&portcullis, &dockerd.docker(&["swarm", "init"]).refused(), "swarm-administration");
    ok(&["rm", "-f", "web"]);
}

#[test]
fn killed_means_refused_and_back_means_it_works() {
    let Some(needed) = need_dockerd() else { return };
    let plugin = Plugin::socket();
    let mut portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), ""));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.docker(&["ps"]).ok();
    portcullis.kill();
    // dockerd tries again for 15 s before it gives up.
    let text = dockerd.docker(&["ps"]).refused();
    assert!(text.contains(&plugin.name), "{text}");
    portcullis.restart();
    dockerd.docker(&["ps"]).ok();
    fs::remove_file(plugin.path()).unwrap();
    let status = portcullis.terminate();
    assert!(status.success(), "{status:?}");
    dockerd.docker(&["ps"]).refused();
    portcullis.restart();
    dockerd.docker(&["ps"]).ok();
}

#[test]
fn a_swap_changes_the_verdict_and_a_bad_one_changes_nothing() {
    let Some(needed) = need_dockerd() else { return };
    let plugin = Plugin::socket();
    let mut portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), ""));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    // Made and not run: not every machine that runs tests lets a container have all capabilities.
    let privileged = || dockerd.docker(&["create", "--network", "none", "--privileged", "bb:1", "true"]);
    privileged().refused();
    portcullis.configure(&config(plugin.path(), r#"allow = { "*" = ["privileged"] }"#));
    portcullis.reload();
    privileged().ok();
    portcullis.configure(&config(plugin.path(), r#"allow = { "*" = ["no-such-rule"] }"#));
    portcullis.reload();
    privileged().ok();
    assert!(portcullis.log().contains("the old ones stay in force"), "{}", portcullis.log());
    portcullis.configure(&config(plugin.path(), ""));
    portcullis.reload();
    privileged().refused();
}

/// A daemon with TLS, and the certificate of alice of the organization Example as its client's.
pub(crate) fn tls_of_alice(folder: &std::path::Path) -> DockerTls {
    let authority = Authority::new(folder, "clients and daemon");
    let server = authority.server("daemon");
    let client = authority.client("alice", "Example").folder;
    DockerTls { ca: server.ca, certificate: server.certificate, key: server.key, client }
}

#[test]
fn the_name_in_a_clients_certificate_reaches_policy_and_record() {
    let Some(needed) = need_dockerd() else { return };
    let folder = tempfile::tempdir().unwrap();
    let tls = tls_of_alice(folder.path());
    let plugin = Plugin::socket();
    let settings = r#"allow = { alice = ["privileged"] }"#;
    let portcullis = Portcullis::start(PROGRAM, &config(plugin.path(), settings));
    let dockerd = Dockerd::start(&needed, &[&plugin.name], Some(tls));
    dockerd.import_busybox("bb:1");
    dockerd.docker(&["create", "--network", "none", "--privileged", "bb:1", "true"]).ok();
    let created =
        records(&portcullis).into_iter().find(|record| record["operation"] == "ContainerCreate").unwrap();
    assert_eq!(created["principal"]["name"], "alice");
    assert_eq!(created["principal"]["authentication"], "certificate");
    assert!(created["principal"]["certificate"].as_str().unwrap().contains("CN=alice"));
    dockerd.docker(&["run", "--rm", "--network", "none", "--pid", "host", "bb:1", "true"]).refused();
}

#[test]
fn dockerd_asks_over_mutual_tls_too() {
    let Some(needed) = need_dockerd() else { return };
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "host and daemon");
    let (host, daemon) = (authority.server("host"), authority.client("dockerd", "Daemons"));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let plugin = Plugin::json(&serde_json::json!({
        "Name": "ignored",
        "Addr": format!("https://localhost:{port}"),
        "TLSConfig": { "CAFile": host.ca, "CertFile": daemon.certificate, "KeyFile": daemon.key },
    }));
    let unix = folder.path().join("unused.sock");
    let listen = format!(
        r#"docker = [{{ address = "127.0.0.1:{port}", tls = {{ certificate = "{}", key = "{}", client_ca = "{}" }} }}]"#,
        host.certificate.display(),
        host.key.display(),
        host.ca.display()
    );
    let config = config(&unix, "").replace(&format!("docker = [\"unix:{}\"]", unix.display()), &listen);
    let portcullis = Portcullis::start(PROGRAM, &config);
    let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
    dockerd.import_busybox("bb:1");
    let text =
        dockerd.docker(&["run", "--rm", "--network", "none", "--privileged", "bb:1", "true"]).refused();
    assert_refused(&portcullis, &text, "privileged");
}
