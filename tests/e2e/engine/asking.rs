//! A portcullis that is asked as dockerd asks it, and what it says.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(missing_docs, unreachable_pub, reason = "it is a part of tests")]

use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

use portcullis_testing::child::LOOK;
use portcullis_testing::{Portcullis, http};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
/// How long something may take that must come sooner or later.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap().join(path)
}

/// A prebuilt guest of `tests/guests`.
pub fn guest(name: &str) -> PathBuf {
    repository("tests/guests/prebuilt").join(name).with_extension("wasm")
}

/// A policy's entry in the configuration; `rest` are further lines of it.
pub fn policy(name: &str, module: &Path, rest: &str) -> String {
    format!("[[policies]]\nname = \"{name}\"\nmodule = \"{}\"\n{rest}\n", module.display())
}

/// The policy `hostile`, on `docker-request`.
pub fn hostile(rest: &str) -> String {
    policy("hostile", &guest("hostile"), rest)
}

/// `builtin:allow`.
pub fn allow() -> String {
    policy("allow", Path::new("builtin:allow"), "deadline = \"20s\"")
}

/// The policy `every`, on `docker-response` alone: what another policy's misbehaviour must not touch.
pub fn bystander() -> String {
    policy("every", &guest("every-hook"), "hooks = [\"docker-response\"]\ndeadline = \"20s\"")
}

/// A whole configuration, with its sockets in `sockets`.
pub fn config(sockets: &Path, policies: &str) -> String {
    let sockets = sockets.display();
    // A test that keeps every core busy may run beside.
    let patient = if policies.contains("[decisions]") { "" } else { "[decisions]\ntimeout = \"1m\"\n" };
    format!(
        "state = \"state\"\n[listen]\ndocker = [\"unix:{sockets}/docker\"]\nadmin = [\"unix:{sockets}/admin\"]\n\
         [audit]\nfile = \"decisions.jsonl\"\nrecent = 10\n{patient}{policies}"
    )
}

/// A running portcullis.
pub struct Asked {
    pub portcullis: Portcullis,
    pub door: Door,
    sockets: TempDir,
}

impl Asked {
    #[track_caller]
    pub fn start(policies: &str) -> Self {
        let sockets = tempfile::tempdir().unwrap();
        let portcullis = Portcullis::start(PROGRAM, &config(sockets.path(), policies));
        let door = Door { docker: sockets.path().join("docker"), admin: sockets.path().join("admin") };
        Self { portcullis, door, sockets }
    }

    /// Other policies, for a reload or a restart.
    pub fn configure(&self, policies: &str) {
        self.portcullis.configure(&config(self.sockets.path(), policies));
    }

    /// Other policies, by SIGHUP.
    #[track_caller]
    pub fn reload(&mut self, policies: &str) {
        self.configure(policies);
        self.portcullis.reload();
    }

    pub fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.portcullis.folder().join("decisions.jsonl")).unwrap_or_default();
        // The last line may be in the making.
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Every record of one decision, as soon as there are `count`.
    #[track_caller]
    pub fn records_of(&self, id: &str, count: usize) -> Vec<Value> {
        eventually(&format!("{count} records of {id}"), || {
            let found: Vec<_> = self.records().into_iter().filter(|record| record["id"] == id).collect();
            (found.len() >= count).then_some(found)
        })
    }

    /// The record that explains a refusal.
    #[track_caller]
    pub fn record_of(&self, answer: &Answer) -> Value {
        self.records_of(answer.id(), 1).remove(0)
    }

    /// Asks whether `GET uri` may be done, is told that it may, and gives the record.
    #[track_caller]
    pub fn record_of_allowed(&self, uri: &str) -> Value {
        self.record_of_message(|door, user| {
            door.ask(&json!({ "User": user, "RequestMethod": "GET", "RequestUri": uri }))
        })
    }

    /// The same for the answer to `GET uri`.
    #[track_caller]
    pub fn record_of_shown(&self, uri: &str) -> Value {
        self.record_of_message(|door, user| {
            let message =
                json!({ "User": user, "RequestMethod": "GET", "RequestUri": uri, "ResponseStatusCode": 200 });
            door.post("/AuthZPlugin.AuthZRes", &message)
        })
    }

    /// An answer that allows names no id, so a name that is used once is what its record is found by.
    #[track_caller]
    fn record_of_message(&self, ask: impl FnOnce(&Door, &str) -> Answer) -> Value {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let user = format!("user-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        ask(&self.door, &user).allowed();
        eventually("the record", || {
            self.records().into_iter().find(|record| record["principal"]["name"] == *user)
        })
    }

    /// What `/policies` says.
    pub fn policies(&self) -> Value {
        serde_json::from_str(&self.door.admin("/policies").1).unwrap()
    }
}

/// The one line that `check` and `serve` end with alike.
#[track_caller]
pub fn complaint(policies: &str) -> String {
    let line = complaint_of("check", policies);
    assert_eq!(line, complaint_of("serve", policies));
    line
}

/// The one line that a command ends with, its exit code being 1; nothing is left that listens. It begins with the place
/// of the policy's entry in the configuration, which is left out here.
#[track_caller]
pub fn complaint_of(command: &str, policies: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = config(folder.path(), policies);
    fs::write(folder.path().join("portcullis.toml"), &text).unwrap();
    let run = Portcullis::run(PROGRAM, folder.path(), &[command, "--config", "portcullis.toml"]);
    assert_eq!((run.status.code(), &*run.stdout), (Some(1), ""), "{command}: {}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{command}: {}", run.stderr);
    for absent in ["docker", "admin", "decisions.jsonl"] {
        assert!(!folder.path().join(absent).exists(), "`{absent}` was left");
    }
    let place = run.stderr.trim_end().strip_prefix("portcullis: portcullis.toml:");
    let place = place.and_then(|rest| rest.split_once(": "));
    let (line, message) = place.unwrap_or_else(|| panic!("{}", run.stderr));
    let entry = text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
    assert!(entry.starts_with("[[policies]]") || !message.starts_with("policy `"), "{entry}: {message}");
    message.to_owned()
}

/// Waits until there is something.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        match look() {
            Some(found) => return found,
            None if Instant::now() > until => panic!("waited in vain for {what}"),
            None => std::thread::sleep(LOOK),
        }
    }
}

/// Where it is asked.
#[derive(Debug, Clone)]
pub struct Door {
    docker: PathBuf,
    admin: PathBuf,
}

impl Door {
    /// May this be done?
    pub fn ask(&self, message: &Value) -> Answer {
        self.post("/AuthZPlugin.AuthZReq", message)
    }

    /// May `GET uri` be done?
    pub fn get(&self, uri: &str) -> Answer {
        self.ask(&json!({ "RequestMethod": "GET", "RequestUri": uri }))
    }

    /// May the answer to `GET uri` be shown?
    pub fn show(&self, uri: &str) -> Answer {
        let message = json!({ "RequestMethod": "GET", "RequestUri": uri, "ResponseStatusCode": 200 });
        self.post("/AuthZPlugin.AuthZRes", &message)
    }

    fn post(&self, route: &str, message: &Value) -> Answer {
        let (status, body) = http::post_unix(&self.docker, route, &message.to_string()).unwrap();
        let answer: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let text = [&answer["Msg"], &answer["Err"]].into_iter().filter_map(Value::as_str).collect();
        Answer { status, allow: answer["Allow"].as_bool().unwrap(), text }
    }

    /// Asks, and does not wait for the answer.
    pub fn send(&self, message: &Value) -> UnixStream {
        let mut stream = UnixStream::connect(&self.docker).unwrap();
        let body = message.to_string();
        let head = format!(
            "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: plugin\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        stream
    }

    pub fn admin(&self, path: &str) -> (u16, String) {
        http::get_unix(&self.admin, path).unwrap()
    }
}

/// What dockerd reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub allow: bool,
    pub text: String,
}

impl Answer {
    /// The decision's id, at the end of a refusal.
    #[track_caller]
    pub fn id(&self) -> &str {
        let id = self.text.rsplit("decision ").next().and_then(|rest| rest.strip_suffix(')'));
        id.unwrap_or_else(|| panic!("no id: {self:?}"))
    }

    #[track_caller]
    pub fn allowed(&self) {
        assert_eq!((self.status, self.allow, &*self.text), (200, true, ""));
    }

    /// A refusal by will, or by a fault.
    #[track_caller]
    pub fn refused(&self, rule: &str) -> &Self {
        assert!(!self.allow, "{self:?}");
        let fault = rule.starts_with("host:") && !["host:no-grant", "host:no-policy"].contains(&rule);
        assert_eq!(self.status, if fault { 500 } else { 200 }, "{self:?}");
        assert!(self.text.contains(&format!("rule {rule}, decision ")), "{rule}: {self:?}");
        self
    }
}
