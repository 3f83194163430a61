//! A portcullis of one's own.

use rustix::process::Signal;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;
use tempfile::TempDir;

use super::child::{Run, Service};

/// How long starting and ending may take: policies are compiled while the machine is busy with other tests, and one
/// in Python is 20 MB of WebAssembly.
const PATIENCE: Duration = Duration::from_mins(5);

/// A running `portcullis serve --config FILE`; it is killed when this is dropped. Relative paths in its
/// configuration are in its own folder.
pub struct Portcullis {
    program: PathBuf,
    folder: TempDir,
    service: Option<Service>,
}

impl Portcullis {
    /// Starts the program (`env!("CARGO_BIN_EXE_portcullis")`) with a configuration, and waits until it says that
    /// it is ready.
    #[track_caller]
    pub fn start(program: impl Into<PathBuf>, config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("portcullis.toml"), config).unwrap();
        let mut started = Self { program: program.into(), folder, service: None };
        started.restart();
        started
    }

    /// Runs the program to its end with these arguments, e.g. `["check", "--config", "portcullis.toml"]`.
    pub fn run(program: impl AsRef<Path>, folder: &Path, arguments: &[&str]) -> Run {
        let mut command = Command::new(program.as_ref());
        clean(&mut command);
        Run::of(command.args(arguments).current_dir(folder))
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything it has said since the first start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Its process, for reading `/proc`.
    pub fn id(&self) -> Option<u32> {
        self.service.as_ref().map(Service::id)
    }

    /// Writes another configuration, for [`Portcullis::reload`] or [`Portcullis::restart`].
    pub fn configure(&self, config: &str) {
        fs::write(self.folder.path().join("portcullis.toml"), config).unwrap();
    }

    /// Sends SIGHUP, and waits until it is ready again.
    #[track_caller]
    pub fn reload(&mut self) {
        let notified = self.notifications();
        let service = self.service.as_mut().expect("it is running");
        service.signal(Signal::HUP);
        service.wait_until(PATIENCE, || is_ready(&notified));
    }

    /// Kills it: SIGKILL, as a crash or the kernel would.
    pub fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            service.signal(Signal::KILL);
            service.wait(PATIENCE);
        }
    }

    /// Sends SIGTERM, and says how it ended.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        let mut service = self.service.take().expect("it is running");
        service.signal(Signal::TERM);
        service.wait(PATIENCE).unwrap_or_else(|| panic!("it did not end\n{}", service.log()))
    }

    /// Starts it again; if it runs, it is killed first.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        let notified = self.notifications();
        let mut command = Command::new(&self.program);
        clean(&mut command);
        command.args(["serve", "--config", "portcullis.toml"]).current_dir(self.folder.path());
        command.env("NOTIFY_SOCKET", self.folder.path().join("notify"));
        let mut service = Service::start(&mut command, &self.folder.path().join("log"));
        service.wait_until(PATIENCE, || is_ready(&notified));
        self.service = Some(service);
    }

    /// What a service manager listens on (`sd_notify(3)`): the one readiness that is no guess.
    fn notifications(&self) -> UnixDatagram {
        let path = self.folder.path().join("notify");
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }
}

/// Nothing of the caller's own configuration or service manager.
pub fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["PORTCULLIS", "LISTEN_", "NOTIFY_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(&*name);
        }
    }
}

fn is_ready(notified: &UnixDatagram) -> bool {
    let mut text = [0; 4096];
    std::iter::from_fn(|| notified.recv(&mut text).ok().map(|length| text[..length].to_vec()))
        .any(|text| text.split(|byte| *byte == b'\n').any(|line| line == b"READY=1"))
}

impl Drop for Portcullis {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what portcullis said:\n{}", self.log());
        }
        self.kill();
    }
}
