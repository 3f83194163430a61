//! A folder with a configuration and two sockets in it, and HTTP spoken by hand: what is sent is what is written.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

use portcullis_testing::child::{LOOK, Service};
use portcullis_testing::portcullis::clean;
use portcullis_testing::{Portcullis, Run, http};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// What everything is allowed by.
pub(crate) const ALLOW: &str = "[[policies]]\nname = \"allow\"\nmodule = \"builtin:allow\"\n";
/// The configuration without a file, in one.
pub(crate) const BOTH: &str = "[[policies]]\nname = \"docker-baseline\"\nmodule = \"builtin:docker-baseline\"\n\
                               [[policies]]\nname = \"allow\"\nmodule = \"builtin:allow\"\n";

pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn door(&self) -> PathBuf {
        self.at("door.sock")
    }

    pub(crate) fn admin(&self) -> PathBuf {
        self.at("admin.sock")
    }

    /// Four lines, and then `rest`.
    pub(crate) fn config(&self, rest: &str) -> String {
        let (state, door, admin) = (self.at("state"), self.door(), self.admin());
        format!(
            "state = \"{}\"\n[listen]\ndocker = [\"unix:{}\"]\nadmin = [\"unix:{}\"]\n{rest}",
            state.display(),
            door.display(),
            admin.display()
        )
    }

    /// Serves with docker-baseline, allow and `rest`, and records in `decisions.jsonl` in the folder of what is
    /// given back.
    #[track_caller]
    pub(crate) fn start(&self, rest: &str) -> Portcullis {
        let audit = "[audit]\nfile = \"decisions.jsonl\"\n";
        Portcullis::start(PROGRAM, &self.config(&format!("{audit}{rest}{BOTH}")))
    }

    /// The program with these arguments in the folder, and nothing of the caller's own configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        clean(&mut command);
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Runs `serve` with this configuration, which must not hold.
    #[track_caller]
    pub(crate) fn refused(&self, config: &str) -> String {
        fs::write(self.at("portcullis.toml"), config).unwrap();
        self.assert_refused(&Run::of(&self.command(&["serve", "--config", "portcullis.toml"])))
    }

    /// One clear line, exit code 1, and nothing half started.
    #[track_caller]
    pub(crate) fn assert_refused(&self, run: &Run) -> String {
        assert_eq!(run.status.code(), Some(1), "{}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout, "");
        let line = run.stderr.strip_suffix('\n').unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!line.ends_with('.') && !line.contains(char::is_control), "{line}");
        assert!(!self.door().exists() && !self.admin().exists(), "{line}: a socket was left");
        line.strip_prefix("portcullis: ").unwrap().to_owned()
    }

    /// Starts a command that serves, and waits until it says that it is ready.
    #[track_caller]
    pub(crate) fn serve(&self, command: &mut Command) -> Service {
        let log = self.at("log");
        let _ = fs::remove_file(&log);
        let mut service = Service::start(command, &log);
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let mut last = String::new();
        let came_up = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            service.wait_until(PATIENCE, || {
                last = said();
                last.contains("ready; ")
            });
        }));
        assert!(came_up.is_ok(), "it did not come up\n{}", said());
        service
    }
}

/// A message as dockerd posts it.
pub(crate) fn message(method: &str, uri: &str, body: Option<&Value>) -> Value {
    use base64::Engine as _;
    let mut message = serde_json::json!({ "RequestMethod": method, "RequestUri": uri });
    if let Some(body) = body {
        message["RequestBody"] = base64::engine::general_purpose::STANDARD.encode(body.to_string()).into();
        message["RequestHeaders"] = serde_json::json!({ "Content-Type": "application/json" });
    }
    message
}

/// Asks the door, and gives the answer's status and JSON.
#[track_caller]
pub(crate) fn ask(door: &Path, message: &Value) -> (u16, Value) {
    let (status, answer) = http::post_unix(door, "/AuthZPlugin.AuthZReq", &message.to_string()).unwrap();
    (status, serde_json::from_str(&answer).unwrap())
}

/// `GET` of JSON on a unix socket.
#[track_caller]
pub(crate) fn get_json(socket: &Path, path: &str) -> Value {
    let (status, text) = http::get_unix(socket, path).unwrap();
    assert_eq!(status, 200, "{path}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Looks until it is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let late = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < late, "it did not come to this: {what}");
        std::thread::sleep(LOOK);
    }
}

pub(crate) fn signal(process: u32, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    kill_process(process, signal).unwrap();
}

/// One kept connection.
pub(crate) struct Connection(BufReader<UnixStream>);

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends exactly this. The peer may have stopped reading.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// The answer, whose length is said; nothing, if the connection is closed.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1)?.split('\r').next()?.parse().ok()?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some(Answer { status: head.split(' ').nth(1)?.parse().ok()?, head, body })
    }

    /// One exchange.
    #[track_caller]
    pub(crate) fn exchange(&mut self, bytes: &[u8]) -> Answer {
        self.send(bytes);
        self.answer().unwrap_or_else(|| panic!("no answer"))
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
