//! `[docker] look_up` with a real dockerd: what was made before the guard is judged by what it may do, by each of its names
//! and through each call that reaches into it. Another plugin in the chain, and a daemon that is away.

mod other;

use portcullis_testing::{Dockerd, Needed, Plugin, Portcullis, http, need_dockerd};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::{PROGRAM, assert_refused, config_of, records};
use crate::program::place::until;
use other::Other;

const JSON: &str = "application/json";
const HEADER: &str = "X-Portcullis-Look-Up";

/// A daemon whose containers were made when everything was allowed, and the guard in front of it.
struct Place {
    portcullis: Portcullis,
    dockerd: Dockerd,
    plugin: Plugin,
    settings: &'static str,
}

impl Place {
    /// Everything is allowed.
    fn open(needed: &Needed, other: Option<(&str, bool)>, settings: &'static str) -> Self {
        let plugin = Plugin::socket();
        let portcullis = Portcullis::start(
            PROGRAM,
            &config_of(
                plugin.path(),
                r#"otherwise = "allow", allow = { "*" = ["privileged", "host-mount", "unshown-form"] }"#,
                "",
            ),
        );
        let plugins = match other {
            None => vec![plugin.name.as_str()],
            Some((other, true)) => vec![other, &plugin.name],
            Some((other, false)) => vec![&plugin.name, other],
        };
        let dockerd = Dockerd::start(needed, &plugins, None);
        dockerd.import_busybox("bb:1");
        let place = Self { portcullis, dockerd, plugin, settings };
        place.ok(&[
            "run",
            "-d",
            "--name",
            "web",
            "--network",
            "none",
            "-v",
            "data:/data",
            "bb:1",
            "sleep",
            "1000",
        ]);
        place
    }

    /// From now on docker-baseline decides, and containers are looked up.
    fn guard(&mut self) {
        let look_up = format!(r#"look_up = "unix:{}""#, self.dockerd.socket().display());
        self.portcullis.configure(&config_of(self.plugin.path(), self.settings, &look_up));
        self.portcullis.restart();
        until("events are followed", || {
            self.portcullis.log().contains("follows the events of the Docker daemon")
        });
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        self.dockerd.docker(arguments).ok()
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], rule: &str) {
        assert_refused(&self.portcullis, &self.dockerd.docker(arguments).refused(), rule);
    }

    fn call(&self, method: &str, uri: &str, body: &str) -> (u16, String) {
        let kind = if body.is_empty() { "" } else { JSON };
        http::call_unix(&self.dockerd.socket(), method, uri, kind, body.as_bytes()).unwrap()
    }

    /// The id of an exec that is not started.
    #[track_caller]
    fn exec(&self, body: &Value) -> String {
        let (status, text) = self.call("POST", "/containers/web/exec", &body.to_string());
        assert_eq!(status, 201, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["Id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_container_made_before_the_guard_is_no_way_round_it() {
    let Some(needed) = need_dockerd() else { return };
    let mut place = Place::open(&needed, None, r#"assume_no_form = ["ImageBuild", "ImageCreate"]"#);
    let id = place.ok(&[
        "run",
        "-d",
        "--name",
        "open",
        "--network",
        "none",
        "-v",
        "/etc:/x",
        "bb:1",
        "sleep",
        "1000",
    ]);
    place.ok(&["create", "--name", "root", "--network", "none", "--privileged", "bb:1", "true"]);
    place.ok(&["volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/etc", "evil"]);
    place.ok(&["create", "--name", "mounts", "--network", "none", "-v", "evil:/x", "bb:1", "true"]);
    let privileged = place.exec(&json!({ "Cmd": ["true"], "Privileged": true }));
    let ordinary = place.exec(&json!({ "Cmd": ["true"] }));
    place.guard();

    place.refused(&["start", "root"], "privileged");
    place.refused(&["restart", "root"], "privileged");
    // A volume is what it was made of, under any name.
    place.refused(&["start", "mounts"], "host-mount");
    let evil = "type=volume,source=evil,target=/x";
    for mount in [["-v", "evil:/x:ro"], ["--mount", evil]] {
        place.refused(
            &[&["create", "--network", "none"], &mount[..], &["bb:1", "true"]].concat(),
            "host-mount",
        );
    }
    for name in ["open", id.trim(), &id[..12], &id[..4]] {
        place.refused(&["exec", name, "true"], "host-mount");
    }
    for arguments in [
        &["commit", "open", "copy:1"][..],
        &["update", "--restart", "no", "open"],
        &["rename", "open", "web-2"],
        &["restart", "open"],
    ] {
        place.refused(arguments, "host-mount");
    }
    for (method, uri) in [
        ("GET", "/containers/open/archive?path=/x/hostname"),
        ("HEAD", "/containers/open/archive?path=/x/hostname"),
        ("PUT", "/containers/open/archive?path=/x"),
        ("GET", "/containers/open/attach/ws"),
        ("GET", "/containers/open/export"),
        ("POST", "/containers/open/attach?stream=1&stdout=1"),
        ("POST", "/commit?container=/open&repo=copy"),
        ("POST", "/containers/open/exec"),
    ] {
        let body = if uri.ends_with("exec") { r#"{"Cmd":["true"]}"# } else { "" };
        let (status, text) = place.call(method, uri, body);
        assert!(status == 403 && (method == "HEAD" || text.contains("host-mount")), "{method} {uri}: {text}");
    }
    let (status, text) = place.call("POST", &format!("/exec/{privileged}/start"), r#"{"Detach":true}"#);
    assert!(status == 403 && text.contains("rule privileged"), "{text}");

    // To look at them and to remove them needs nothing of what they may do.
    place.ok(&["logs", "open"]);
    place.ok(&["inspect", "open"]);
    place.ok(&["rm", "-f", "open", "root", "mounts"]);
    place.ok(&["volume", "inspect", "evil"]);
    // An ordinary container works, made before the guard or after it.
    let (status, text) = place.call("POST", &format!("/exec/{ordinary}/start"), r#"{"Detach":true}"#);
    assert_eq!(status, 200, "{text}");
    place.ok(&[
        "run",
        "-d",
        "--name",
        "new",
        "--network",
        "none",
        "-v",
        "data:/data",
        "bb:1",
        "sleep",
        "1000",
    ]);
    let file = place.portcullis.folder().join("copied");
    for name in ["web", "new"] {
        assert_eq!(place.ok(&["exec", name, "echo", "inside"]), "inside\n");
        place.ok(&["cp", &format!("{name}:/bin/busybox"), &file.to_string_lossy()]);
        place.ok(&["cp", &file.to_string_lossy(), &format!("{name}:/copy")]);
        place.ok(&["commit", name, "copy:1"]);
        place.ok(&["export", "-o", &file.to_string_lossy(), name]);
        place.ok(&["update", "--restart", "no", name]);
        place.ok(&["rename", name, "renamed"]);
        place.ok(&["exec", "renamed", "true"]);
        assert!(place.dockerd.docker(&["exec", name, "true"]).refused().contains("No such container"));
        place.ok(&["kill", "renamed"]);
        place.ok(&["start", "renamed"]);
        place.ok(&["rm", "-f", "renamed"]);
    }
    assert_eq!(place.ok(&["run", "--rm", "--network", "none", "bb:1", "echo", "hello"]), "hello\n");
    let uris: BTreeSet<_> = records(&place.portcullis)
        .iter()
        .map(|record| record["uri"].as_str().unwrap_or_default().to_owned())
        .collect();
    let own = |uri: &&String| {
        uri.starts_with("/containers/") && (uri.ends_with("/json") || uri.contains("/json?"))
            || uri.starts_with("/volumes/")
            || uri.starts_with("/info")
            || uri.starts_with("/events")
    };
    assert_eq!(uris.iter().find(own), None, "look-ups are not recorded");
}

#[test]
fn an_exec_outlives_a_restart_of_the_host_and_a_daemon_that_is_away_is_a_fault() {
    let Some(needed) = need_dockerd() else { return };
    let mut place = Place::open(&needed, None, r#"allow = { "*" = ["privileged"] }"#);
    place.guard();
    let made = place.exec(&json!({ "Cmd": ["true"], "Privileged": true }));
    // What dockerd fills in for `--privileged` is part of the exception. Not every machine can run such a container.
    place.ok(&["create", "--name", "root", "--network", "none", "--privileged", "bb:1", "true"]);
    let started = format!("{:?}", place.dockerd.docker(&["start", "root"]));
    assert!(!started.contains("authorization denied"), "{started}");
    place.settings = "";
    place.guard();
    let uri = format!("/exec/{made}/start");
    let (status, text) = place.call("POST", &uri, r#"{"Detach":true}"#);
    assert!(status == 403 && text.contains("rule privileged"), "{text}");
    let ordinary = place.exec(&json!({ "Cmd": ["true"] }));
    place.guard();
    let (status, text) = place.call("POST", &format!("/exec/{ordinary}/start"), r#"{"Detach":true}"#);
    assert_eq!(status, 200, "{text}");

    let Place { dockerd, plugin, portcullis, .. } = place;
    drop(dockerd);
    let message = json!({ "RequestMethod": "POST", "RequestUri": "/v1.41/containers/web/start" }).to_string();
    let (status, text) = http::post_unix(plugin.path(), "/AuthZPlugin.AuthZReq", &message).unwrap();
    assert!(
        status == 500 && text.contains("`web` cannot be looked up: the daemon does not answer"),
        "{text}"
    );
    let record = records(&portcullis).pop().unwrap();
    assert_eq!((&record["rule"], &record["verdict"]), (&json!("host:look-up"), &json!("deny")));
}

/// The nonce of a look-up, and the target it is for.
fn nonce(message: &Value) -> Option<(String, String)> {
    let headers = message["RequestHeaders"].as_object()?;
    let nonce = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(HEADER))?.1.as_str()?;
    let uri = message["RequestUri"].as_str()?;
    uri.ends_with("/json").then(|| (nonce.to_owned(), uri.to_owned()))
}

fn replay(socket: &std::path::Path, (nonce, uri): &(String, String)) -> (u16, String) {
    let request = format!("GET {uri} HTTP/1.1\r\nHost: d\r\n{HEADER}: {nonce}\r\nConnection: close\r\n\r\n");
    http::send_unix(socket, request.as_bytes()).unwrap()
}

#[test]
fn another_plugin_sees_a_nonce_and_cannot_use_it_again() {
    let Some(needed) = need_dockerd() else { return };
    let (send, seen) = mpsc::channel();
    let send = Mutex::new(send);
    // The first look-up is held; that of the exec which it is for comes later.
    let is_held = AtomicBool::new(false);
    let other = Other::serve(move |message| {
        if let Some(nonce) = nonce(message)
            && !is_held.swap(true, Ordering::SeqCst)
        {
            let (go_on, wait) = mpsc::channel::<()>();
            send.lock().unwrap().send((nonce, go_on)).unwrap();
            let _ = wait.recv();
        }
    });
    let mut place = Place::open(&needed, Some((&other.name, false)), "");
    place.guard();
    let socket = place.dockerd.socket();
    std::thread::scope(|scope| {
        let exec = scope.spawn(|| place.dockerd.docker(&["exec", "web", "echo", "inside"]));
        let (nonce, go_on) = seen.recv().unwrap();
        let (status, text) = replay(&socket, &nonce);
        assert!(status == 403 && text.contains("rule host:look-up-nonce"), "{text}");
        drop(go_on);
        assert_eq!(exec.join().unwrap().ok(), "inside\n");
        let (status, text) = replay(&socket, &nonce);
        assert!(status == 403 && text.contains("rule host:look-up-nonce"), "{text}");
    });
    let refusals =
        records(&place.portcullis).into_iter().filter(|record| record["rule"] == "host:look-up-nonce");
    assert_eq!(refusals.count(), 2);
}

#[test]
fn a_nonce_that_another_plugin_uses_first_refuses_what_it_was_for() {
    let Some(needed) = need_dockerd() else { return };
    let used = Mutex::new(BTreeSet::new());
    let (told, socket) = mpsc::channel::<std::path::PathBuf>();
    let socket = Mutex::new((socket, None));
    let other = Other::serve(move |message| {
        let Some(nonce) = nonce(message) else { return };
        if used.lock().unwrap().insert(nonce.0.clone()) {
            let at = {
                let mut socket = socket.lock().unwrap();
                let known = socket.1.take().unwrap_or_else(|| socket.0.recv().unwrap());
                socket.1 = Some(known.clone());
                known
            };
            assert_eq!(replay(&at, &nonce).0, 200);
        }
    });
    let mut place = Place::open(&needed, Some((&other.name, true)), "");
    place.guard();
    told.send(place.dockerd.socket()).unwrap();
    let text = place.dockerd.docker(&["exec", "web", "true"]).refused();
    assert!(text.contains("`web` cannot be looked up: the daemon refuses the host's own look-up"), "{text}");
}

#[test]
fn a_rename_under_way_refuses_what_names_the_container() {
    let Some(needed) = need_dockerd() else { return };
    let (send, seen) = mpsc::channel();
    let send = Mutex::new(send);
    let other = Other::serve(move |message| {
        if message["RequestUri"].as_str().unwrap().contains("/rename") {
            let (go_on, wait) = mpsc::channel::<()>();
            send.lock().unwrap().send(go_on).unwrap();
            let _ = wait.recv();
        }
    });
    let mut place = Place::open(&needed, Some((&other.name, false)), "");
    place.guard();
    place.ok(&["run", "-d", "--name", "db", "--network", "none", "bb:1", "sleep", "1000"]);
    std::thread::scope(|scope| {
        let rename = scope.spawn(|| place.dockerd.docker(&["rename", "web", "front"]));
        let go_on = seen.recv().unwrap();
        for name in ["web", "front"] {
            let text = place.dockerd.docker(&["exec", name, "true"]).refused();
            assert!(text.contains("it is being made, renamed or removed"), "{text}");
        }
        place.ok(&["exec", "db", "true"]);
        drop(go_on);
        rename.join().unwrap().ok();
    });
    place.ok(&["exec", "front", "true"]);
    assert!(place.dockerd.docker(&["exec", "web", "true"]).refused().contains("No such container"));
}
