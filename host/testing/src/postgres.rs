//! A PostgreSQL of one's own: its data and its socket are in a folder that goes with it.
//!
//! It needs `super::child`, and the dev-dependencies `rustix` and `tempfile`.

use rustix::process::Signal;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tempfile::TempDir;

use super::child::{Run, Service};
use super::needs::missing;

/// How long starting may take, with the repair after a crash.
const START: Duration = Duration::from_mins(1);
/// How long ending may take before it is killed.
const STOP: Duration = Duration::from_secs(20);

/// A running PostgreSQL. Everything it acknowledges is on the disk: `fsync` is on.
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    service: Mutex<Option<Service>>,
    databases: AtomicU32,
}

impl Postgres {
    /// The one that runs for other tests of this process, or a new one. Where it cannot be had, nothing and a line
    /// that says so; where `PORTCULLIS_NEED_POSTGRES` is set, that fails instead.
    pub fn shared() -> Option<Arc<Self>> {
        static RUNNING: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(postgres) = running.upgrade() {
            return Some(postgres);
        }
        let postgres = Arc::new(Self::start()?);
        *running = Arc::downgrade(&postgres);
        Some(postgres)
    }

    /// A new one, under the same condition.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            return missing("postgres", "there is none (apt-get install postgresql)");
        };
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().unwrap();
        if let Some((user, group)) = account() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let started = Self { programs, folder, service: Mutex::new(None), databases: AtomicU32::new(0) };
        Run::of(
            started
                .program("initdb")
                .args([
                    "--auth=trust",
                    "--username=postgres",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                ])
                .arg("--pgdata")
                .arg(started.folder.path().join("data")),
        )
        .ok();
        started.come_back();
        Some(started)
    }

    /// Makes a database that sorts text as English readers do, and gives its URL.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(
            "postgres",
            &format!(
                "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
            ),
        );
        format!("postgres:///{name}?host={}&user=postgres", self.folder.path().display())
    }

    /// Runs a statement and gives what it printed, fields between `|`.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql]).arg("-h");
        Run::of(psql.arg(self.folder.path())).ok()
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Ends it in good order, with no regard for its clients.
    pub fn go_away(&self) {
        self.end(Signal::INT);
    }

    /// Ends it as a crash would: what is not on the disk is lost.
    pub fn crash(&self) {
        self.end(Signal::QUIT);
    }

    /// Stops its processes where they stand, or lets them go on.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let server = self.service.lock().unwrap().as_ref().unwrap().id().to_string();
        let children = Command::new("pgrep").args(["-P", &server]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        for process in children.split_whitespace().chain([&*server]) {
            let _ = Command::new("kill").args([signal, process]).output().unwrap();
        }
    }

    /// Starts it again, and waits until it answers.
    pub fn come_back(&self) {
        let folder = self.folder.path();
        let mut command = self.program("postgres");
        command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
        command.args(["-c", "listen_addresses=", "-c", "max_connections=100", "-c", "shared_buffers=16MB"]);
        let log = folder.join("log");
        let mut service = Service::start(&mut command, &log);
        service.wait_until(START, || {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.args(["-q", "-U", "postgres", "-h"]).arg(folder).status().unwrap().success()
        });
        *self.service.lock().unwrap() = Some(service);
    }

    fn end(&self, signal: Signal) {
        if let Some(mut service) = self.service.lock().unwrap().take() {
            service.signal(signal);
            service.wait(STOP);
        }
    }

    /// It refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match account() {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
                command.arg("--clear-groups").arg("--").arg(program);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(20).collect();
            eprintln!("what PostgreSQL said last:");
            last.iter().rev().for_each(|line| eprintln!("{line}"));
        }
        let service = self.service.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(mut service) = service.take() {
            service.signal(Signal::QUIT);
            service.wait(STOP);
        }
    }
}

/// Where Debian puts them, the newest first; else where the shell finds them.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.splice(0..0, std::env::split_paths(&path));
    folders.into_iter().rev().find(|folder| folder.join("initdb").is_file())
}

/// Whom to run it as, where we are root: `postgres` if there is such a user, else `nobody`.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
