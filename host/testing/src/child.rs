//! Processes: run to their end, or started and ended in good order.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at something that is waited for.
pub const LOOK: Duration = Duration::from_millis(5);

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Run {
    pub command: String,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Runs a command to its end. It is killed after two minutes.
    pub fn of(command: &Command) -> Self {
        Self::with_input(command, Stdio::null())
    }

    /// The same, with a standard input.
    pub fn with_input(command: &Command, input: impl Into<Stdio>) -> Self {
        let mut limited = Command::new("timeout");
        limited.args(["-k", "5", "120"]).arg(command.get_program()).args(command.get_args()).stdin(input);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            limited.current_dir(folder);
        }
        let output = limited.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            command: format!("{command:?}"),
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// What it wrote to standard output, since it succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.status.success(), "{} failed\n{}{}", self.command, self.stdout, self.stderr);
        self.stdout
    }

    /// What it wrote to standard error, since it failed.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(!self.status.success(), "{} was let through\n{}{}", self.command, self.stdout, self.stderr);
        assert_ne!(self.status.code(), Some(124), "{} took too long\n{}", self.command, self.stderr);
        self.stderr
    }
}

/// A process that runs until it is ended; what it says goes into a file.
pub struct Service {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts it. Both of its outputs are appended to the file `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        Self::start_with(command, log, Stdio::null())
    }

    /// The same, with a standard input.
    pub fn start_with(command: &mut Command, log: &Path, input: Stdio) -> Self {
        let file = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(input).stdout(file.try_clone().unwrap()).stderr(file);
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, child, log: log.to_owned() }
    }

    /// Waits until `is_ready` says so. Fails if it ends before or takes too long; its owner then shows its log.
    #[track_caller]
    pub fn wait_until(&mut self, within: Duration, mut is_ready: impl FnMut() -> bool) {
        let until = Instant::now() + within;
        while !is_ready() {
            let ended = self.child.try_wait().unwrap();
            let late = Instant::now() > until;
            assert!(ended.is_none() && !late, "{} did not come up ({ended:?})", self.name);
            sleep(LOOK);
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        // An error means that it has ended, which the code that waits for it reports.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + within;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return Some(status),
                None if Instant::now() > until => return None,
                None => sleep(LOOK),
            }
        }
    }

    /// Asks it to end, and ends it if it does not.
    pub fn stop(&mut self, within: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(within).unwrap_or_else(|| {
            self.signal(Signal::KILL);
            self.child.wait().unwrap()
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Where it has ended, that is an error, and of no interest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
