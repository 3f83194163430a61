//! Bodies that dockerd would obey and shows to no plugin: behind two Content-Types (dockerd reads the first and
//! shows the last), chunked, or of more than 1 MiB. None is obeyed, and what ordinary clients send works.

use portcullis_docker_api::{Operation, routes};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use super::{PROGRAM, config_of, records};
use crate::program::place::until;
use portcullis_testing::{Dockerd, Plugin, Portcullis, http, need_dockerd};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
/// What stands beside the type that dockerd obeys, before it and behind it.
const OTHER_TYPES: [&str; 8] = [
    JSON,
    "text/plain",
    "application/x-tar",
    "application/octet-stream",
    "text/json",
    "application/json; charset=utf-8",
    "x",
    "",
];

/// What a request hides.
#[derive(Clone, Copy, PartialEq)]
enum Hidden {
    /// A form.
    Form(&'static str),
    /// Members of a JSON object, which is made larger than dockerd shows.
    Json(&'static str),
}
use Hidden::{Form, Json};

impl Hidden {
    /// The body, with a member of `padding` bytes where it is JSON.
    fn body(self, registry: &str, padding: usize) -> Vec<u8> {
        let padding = "x".repeat(padding);
        let text = match self {
            Form(form) => form.to_owned(),
            Json("") => format!(r#"[{{"Name":"{padding}"}}]"#),
            Json(members) => format!(r#"{{{members},"Pad":"{padding}"}}"#),
        };
        text.replace("REGISTRY", registry).into_bytes()
    }
}

/// What is expected of a request that hides a body.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// The host refuses.
    Refused,
    /// It may pass: dockerd refuses the body, or reads nothing in it that a policy could mind.
    Passes,
    /// This dockerd has no such route, and asks no plugin. How the host reads it is tried without a daemon.
    NoRoute,
}
use Expect::{NoRoute, Passes, Refused};

/// Every operation that reads a body, by a request for it. `REGISTRY` stands for an address that listens.
const OPERATIONS: &[(&str, &str, Hidden, Expect)] = &[
    ("POST", "/v1.23/containers/fresh/start", Json(r#""Binds":["/:/h"],"Privileged":true"#), Refused),
    ("POST", "/commit?container=fresh&repo=good", Json(r#""Cmd":["evil"]"#), Refused),
    ("POST", "/commit?container=fresh&repo=good", Form("repo=evil"), Refused),
    ("POST", "/containers/fresh/copy", Json(r#""Resource":"/etc""#), Refused),
    (
        "POST",
        "/containers/create?name=evil",
        Json(r#""Image":"bb:1","HostConfig":{"Privileged":true}"#),
        Refused,
    ),
    ("POST", "/containers/fresh/exec", Json(r#""Cmd":["id"],"Privileged":true"#), Refused),
    ("POST", "/containers/fresh/update", Json(r#""RestartPolicy":{"Name":"always"}"#), Refused),
    ("POST", "/containers/fresh/checkpoints", Json(r#""CheckpointID":"c","CheckpointDir":"/etc""#), Refused),
    ("POST", "/exec/nosuch/start", Json(r#""Detach":true"#), Refused),
    ("POST", "/volumes/create", Json(r#""Name":"evil""#), Refused),
    ("PUT", "/volumes/kept", Json(r#""Spec":{}"#), NoRoute),
    ("POST", "/networks/create", Json(r#""Name":"evil","Driver":"null""#), Refused),
    ("POST", "/networks/none/connect", Json(r#""Container":"fresh""#), Refused),
    ("POST", "/networks/none/disconnect", Json(r#""Container":"fresh""#), Refused),
    ("POST", "/swarm/init", Json(r#""ListenAddr":"127.0.0.1:0""#), Refused),
    ("POST", "/swarm/join", Json(r#""JoinToken":"x""#), Refused),
    ("POST", "/swarm/update", Json(r#""Name":"x""#), Refused),
    ("POST", "/swarm/unlock", Json(r#""UnlockKey":"x""#), Refused),
    ("POST", "/services/create", Json(r#""Name":"evil""#), Refused),
    ("POST", "/services/x/update?version=1", Json(r#""Name":"evil""#), Refused),
    ("POST", "/nodes/x/update?version=1", Json(r#""Role":"manager""#), Refused),
    ("POST", "/secrets/create", Json(r#""Name":"evil""#), Refused),
    ("POST", "/secrets/x/update?version=1", Json(r#""Name":"evil""#), Refused),
    ("POST", "/configs/create", Json(r#""Name":"evil""#), Refused),
    ("POST", "/configs/x/update?version=1", Json(r#""Name":"evil""#), Refused),
    ("POST", "/plugins/pull?remote=REGISTRY/p", Json(""), Refused),
    ("POST", "/plugins/x/upgrade?remote=REGISTRY/p", Json(""), Refused),
    ("POST", "/plugins/x/set", Json(""), Refused),
    ("POST", "/containers/fresh/rename?name=good", Form("name=evil"), Refused),
    ("POST", "/containers/fresh/logs/clear", Form("x=evil"), NoRoute),
    ("POST", "/containers/prune?filters={%22label%22:[%22none%22]}", Form("filters={}"), Refused),
    ("POST", "/images/bb:1/tag?repo=good", Form("repo=evil"), Refused),
    ("POST", "/images/create?fromImage=REGISTRY/good&tag=1", Form("fromImage=REGISTRY/evil"), Refused),
    ("POST", "/images/create?fromSrc=-&repo=good", Form("repo=evil"), Refused),
    ("POST", "/images/bb:1/push?tag=good", Form("tag=evil"), Refused),
    (
        "POST",
        "/images/prune?filters={%22label%22:[%22none%22]}",
        Form("filters=%7B%22dangling%22%3A%5B%22false%22%5D%7D"),
        Refused,
    ),
    ("POST", "/volumes/prune?filters={%22label%22:[%22none%22]}", Form("filters={}"), Refused),
    ("POST", "/networks/prune?filters={%22label%22:[%22none%22]}", Form("filters={}"), Refused),
    ("POST", "/build/prune?filters={%22id%22:[%22none%22]}", Form("filters={}"), Refused),
    ("POST", "/build/cancel?id=good", Form("id=evil"), Refused),
    ("POST", "/build?t=good", Form("t=evil&networkmode=host&remote=http%3A%2F%2FREGISTRY%2Fevil"), Refused),
    ("POST", "/plugins/x/enable", Form("timeout=1"), Refused),
    ("POST", "/plugins/x/disable", Form("force=1"), Refused),
    ("POST", "/plugins/x/push", Form("x=1"), Refused),
    ("POST", "/plugins/create?name=good", Form("name=evil"), Refused),
    ("POST", "/swarm/leave", Form("force=1"), Refused),
    ("POST", "/v1.24/containers/nosuch/start", Json(r#""Privileged":true"#), Passes),
    ("POST", "/containers/nosuch/start", Form("checkpoint=evil"), Passes),
    ("POST", "/containers/nosuch/stop", Form("t=1"), Passes),
    ("POST", "/containers/nosuch/kill", Form("signal=TERM"), Passes),
    ("POST", "/containers/nosuch/restart", Form("t=1"), Passes),
    ("POST", "/containers/nosuch/pause", Form("x=1"), Passes),
    ("POST", "/containers/nosuch/unpause", Form("x=1"), Passes),
    ("POST", "/containers/nosuch/wait", Form("condition=removed"), Passes),
    ("POST", "/containers/nosuch/resize?h=1&w=1", Form("h=2"), Passes),
    ("POST", "/exec/nosuch/resize?h=1&w=1", Form("h=2"), Passes),
    // Nothing is loaded or unpacked where dockerd takes the archive for a form.
    ("POST", "/images/load", Form("quiet=1"), Passes),
    ("PUT", "/containers/fresh/archive?path=/", Form("path=/etc"), Passes),
    // Credentials, which are never shown, and nothing else.
    ("POST", "/auth", Json(r#""serveraddress":"127.0.0.1:1","username":"u","password":"p""#), Passes),
];

/// The operations that read neither: GET, HEAD and DELETE, of which Go parses no form, and streams.
fn reads_no_body(operation: &str) -> bool {
    let ends = ["List", "Inspect", "Delete", "Logs", "Export", "Info", "History", "Search", "GetAll"];
    ends.iter().any(|end| operation.ends_with(end))
        || [
            "ContainerTop",
            "ContainerChanges",
            "ContainerStats",
            "ContainerArchive",
            "ContainerAttach",
            "ContainerAttachWebsocket",
            "ImageGet",
            "SystemPing",
            "SystemPingHead",
            "SystemEvents",
            "SystemVersion",
            "SystemDataUsage",
            "SwarmUnlockkey",
            "GetPluginPrivileges",
            "Session",
            "Grpc",
            "Debug",
            "Options",
        ]
        .contains(&operation)
}

#[test]
fn every_operation_that_reads_a_body_is_tried() {
    let tried: BTreeSet<_> = OPERATIONS
        .iter()
        .map(|(method, uri, ..)| {
            let path = uri.split('?').next().unwrap();
            let path = path.strip_prefix("/v1.23").or_else(|| path.strip_prefix("/v1.24")).unwrap_or(path);
            routes::find(method, path).unwrap_or_else(|| panic!("no route: {uri}")).operation
        })
        .collect();
    for operation in Operation::ALL {
        let expected = !reads_no_body(operation.as_str());
        assert_eq!(tried.contains(operation), expected, "{operation}");
    }
}

/// How a body is framed.
#[derive(Debug, Clone, Copy)]
enum Framing {
    Length,
    Chunked,
    /// Chunked, with `Content-Length: 0` beside it, which Go ignores and does not show: it proves nothing.
    ChunkedWithLengthZero,
}
use Framing::{Chunked, ChunkedWithLengthZero, Length};

/// A request for it, with the body framed in one way.
fn request(method: &str, uri: &str, types: &[&str], body: &[u8], framing: Framing) -> Vec<u8> {
    let mut text = format!("{method} {uri} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n").into_bytes();
    for content_type in types {
        write!(text, "Content-Type: {content_type}\r\n").unwrap();
    }
    if let Length = framing {
        write!(text, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        text.extend_from_slice(body);
        return text;
    }
    if let ChunkedWithLengthZero = framing {
        text.extend_from_slice(b"Content-Length: 0\r\n");
    }
    write!(text, "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).unwrap();
    text.extend_from_slice(body);
    text.extend_from_slice(b"\r\n0\r\n\r\n");
    text
}

/// A daemon with a container, an image, a volume and a stopped container that a hidden body could change or remove.
struct Place {
    dockerd: Dockerd,
    portcullis: Portcullis,
    plugin: Plugin,
}

impl Place {
    fn new() -> Option<Self> {
        let needed = need_dockerd()?;
        let plugin = Plugin::socket();
        let portcullis = Portcullis::start(PROGRAM, &config_of(plugin.path(), "", ""));
        let dockerd = Dockerd::start(&needed, &[&plugin.name], None);
        let place = Self { dockerd, portcullis, plugin };
        let archive = std::fs::read(place.dockerd.busybox_archive()).unwrap();
        // Without a Content-Type there can be no form, so this needs no setting.
        let imported =
            place.send(&request("POST", "/images/create?fromSrc=-&repo=bb&tag=1", &[], &archive, Chunked));
        assert_eq!(imported.0, 200, "{}", imported.1);
        Some(place)
    }

    fn send(&self, request: &[u8]) -> (u16, String) {
        http::send_unix(&self.dockerd.socket(), request).unwrap()
    }

    #[track_caller]
    fn create(&self, name: &str) {
        let body = br#"{"Image":"bb:1","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"none"}}"#;
        let uri = format!("/containers/create?name={name}");
        let (status, text) = self.send(&request("POST", &uri, &[JSON], body, Length));
        assert_eq!(status, 201, "{text}");
    }

    fn ok(&self, arguments: &[&str]) -> String {
        self.dockerd.docker(arguments).ok()
    }
}

#[test]
fn nothing_that_dockerd_does_not_show_is_executed() {
    let Some(place) = Place::new() else { return };
    place.create("fresh");
    place.create("stopped");
    place.ok(&["volume", "create", "kept"]);
    place.ok(&["tag", "bb:1", "doomed:1"]);
    let registry = Registry::listen();
    let mut wrong = Vec::new();
    let (mut refused, mut passed) = (0, 0);
    for (method, uri, hidden, expect) in OPERATIONS {
        let uri = uri.replace("REGISTRY", &registry.address);
        let obeyed = if matches!(hidden, Form(_)) { FORM } else { JSON };
        let (small, large) = (hidden.body(&registry.address, 0), hidden.body(&registry.address, 1_100_000));
        for other in OTHER_TYPES {
            for types in [[obeyed, other], [other, obeyed]] {
                // dockerd shows JSON of less than 1 MiB.
                let body = if types[0].starts_with(JSON) { &large } else { &small };
                for framing in [Chunked, Length, ChunkedWithLengthZero] {
                    let (status, text) = place.send(&request(method, &uri, &types, body, framing));
                    let denied = status == 403 && text.contains("authorization denied by plugin");
                    // A form that is shown is refused wherever it stands; otherwise dockerd is to see the request.
                    if *expect == Refused && !denied {
                        wrong.push(format!("{method} {uri} {types:?} {framing:?}: {status} {text}"));
                    }
                    if *expect == Passes && types[1] != FORM && denied {
                        wrong.push(format!("refused: {method} {uri} {types:?} {framing:?}: {text}"));
                    }
                    if *expect == NoRoute && status != 404 {
                        wrong.push(format!("has a route: {method} {uri} {types:?}: {status} {text}"));
                    }
                    *(if denied { &mut refused } else { &mut passed }) += 1;
                }
            }
        }
    }
    println!("{refused} refused, {passed} passed");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(registry.asked(), Vec::<String>::new(), "dockerd fetched what a hidden body named");
    assert_eq!(
        place.ok(&["ps", "-a", "--format", "{{.Names}} {{.State}}"]),
        "stopped created\nfresh created\n"
    );
    let inspected =
        place.ok(&["inspect", "fresh", "--format", "{{.HostConfig.Privileged}} {{.HostConfig.Binds}}"]);
    assert_eq!(inspected, "false []\n");
    let mut images: Vec<_> =
        place.ok(&["images", "--format", "{{.Repository}}:{{.Tag}}"]).lines().map(str::to_owned).collect();
    images.sort();
    assert_eq!(images, ["bb:1", "doomed:1"]);
    assert_eq!(place.ok(&["volume", "ls", "-q"]), "kept\n");
}

#[test]
fn what_proves_that_there_is_no_body_is_taken() {
    let Some(mut place) = Place::new() else { return };
    // As bollard and testcontainers-rs, axios and `curl -d ''` send a start.
    let starts: [(&str, &str, &[u8]); 4] = [
        ("bollard", "/containers/NAME/start", b"Content-Type: application/json\r\n\r\n"),
        ("testcontainers", "/v1.41/containers/NAME/start", b"Content-Type: application/json\r\n\r\n"),
        (
            "axios",
            "/v1.41/containers/NAME/start",
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n",
        ),
        ("docker-py", "/v1.41/containers/NAME/start", b"Content-Length: 0\r\n\r\n"),
    ];
    for (client, uri, headers) in starts {
        place.create(client);
        let uri = uri.replace("NAME", client);
        let head = format!("POST {uri} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n");
        let (status, text) = place.send(&[head.as_bytes(), headers].concat());
        assert_eq!(status, 204, "{client}: {text}");
    }
    assert_eq!(place.ok(&["ps", "-q"]).lines().count(), starts.len());

    // A form of length 0 is none; without a type nothing is read as a form, and the query counts.
    for (types, body, framing) in
        [(&[FORM][..], "", Length), (&[JSON], "", Length), (&[], "", Length), (&[], "repo=evil", Chunked)]
    {
        let (status, text) =
            place.send(&request("POST", "/images/bb:1/tag?repo=good", types, body.as_bytes(), framing));
        assert_eq!(status, 201, "{types:?} {body}: {text}");
        place.ok(&["rmi", "good:latest"]);
    }
    assert!(!place.ok(&["images"]).contains("evil"));

    // What a client cannot prove the operator may say, and the refusal names how.
    let unproved = b"POST /images/bb:1/tag?repo=said HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n";
    let (status, text) = place.send(unproved);
    assert_eq!(status, 403, "{text}");
    assert!(text.contains(r#"assume_no_body = [\"ImageTag\"]"#) && text.contains("bollard"), "{text}");
    let said = config_of(place.plugin.path(), "", r#"assume_no_body = ["ImageTag"]"#);
    place.portcullis.configure(&said);
    place.portcullis.restart();
    let (status, text) = place.send(unproved);
    assert_eq!(status, 201, "{text}");

    // The command line types its archives: the exception that the refusal names opens that, and nothing else.
    let archive = place.dockerd.busybox_archive().to_string_lossy().into_owned();
    let text = place.dockerd.docker(&["import", &archive, "typed:1"]).refused();
    assert!(text.contains(r#"assume_no_form = ["ImageCreate"]"#), "{text}");
    place.portcullis.configure(&config_of(place.plugin.path(), r#"assume_no_form = ["ImageCreate"]"#, ""));
    place.portcullis.reload();
    place.ok(&["import", &archive, "typed:1"]);
    let form = request("POST", "/build?t=good", &[FORM, "application/x-tar"], b"t=evil", Chunked);
    let (status, text) = place.send(&form);
    assert_eq!(status, 403, "{text}");
    let build = records(&place.portcullis).pop().unwrap();
    assert_eq!(
        (build["operation"].as_str(), build["rule"].as_str()),
        (Some("ImageBuild"), Some("unshown-form"))
    );
}

/// The older of what the operator and the daemon say counts.
#[test]
fn a_version_of_the_daemon_opens_what_it_shows_or_refuses() {
    let Some(mut place) = Place::new() else { return };
    let commit = b"POST /commit?container=none HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n";
    let tag = b"POST /images/bb:1/tag?repo=said HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n";
    let refused = |place: &Place, request: &[u8]| {
        let (status, text) = place.send(request);
        assert!(matches!(status, 403 | 404), "{status} {text}");
        assert_eq!(status == 403, text.contains("host:body-not-shown"), "{text}");
        status == 403
    };
    let socket = place.dockerd.socket();
    let look_up = format!(r#"look_up = "unix:{}""#, socket.display());
    for (keys, is_refused) in [
        (r#"daemon_version = "29.3.0""#, true),
        (r#"daemon_version = "29.3.1""#, false),
        // This dockerd says that it is older.
        (&format!("daemon_version = \"29.3.1\"\n{look_up}"), true),
    ] {
        place.portcullis.configure(&config_of(place.plugin.path(), "", keys));
        place.portcullis.restart();
        if keys.contains("look_up") {
            until("events are followed", || {
                place.portcullis.log().contains("follows the events of the Docker daemon")
            });
        }
        assert_eq!(refused(&place, commit), is_refused, "{keys}");
        assert!(refused(&place, tag), "no version of dockerd refuses a form that it does not show");
    }
}

/// What dockerd would fetch from, were it told to. It answers nothing but remembers who asked for what.
struct Registry {
    address: String,
    asked: mpsc::Receiver<String>,
}

impl Registry {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, asked) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut line = String::new();
                let _ = BufReader::new(stream).read_line(&mut line);
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { address, asked }
    }

    /// The first lines of the requests so far.
    fn asked(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}
