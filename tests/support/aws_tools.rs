//! Amazon's and AFP's own clients, unmodified, and a moto.
//!
//! `tests/run` installs them into `$XDG_CACHE_HOME/portcullis/tools/aws` (or `PORTCULLIS_AWS` names another virtual
//! environment). A test includes it beside `support/mod.rs`.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "this is how a test fails"
)]
#![allow(missing_docs, unreachable_pub, reason = "it is part of a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The virtual environment.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Nothing, and a line that says what is missing, where it cannot be had. Where `PORTCULLIS_NEED_AWS` is set,
    /// that fails instead.
    #[track_caller]
    pub fn needed() -> Option<Self> {
        let cache = || {
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
            Some(cache.or_else(home)?.join("portcullis/tools/aws"))
        };
        let folder = std::env::var_os("PORTCULLIS_AWS").map(PathBuf::from).or_else(cache);
        let whole =
            |tools: &Self| ["python", "moto_server", "afp"].iter().all(|name| tools.program(name).is_file());
        let found = folder.map(|folder| Self { folder }).filter(whole);
        if found.is_none() {
            let text = "SKIPPED: everything with boto3, moto and afp-cli: they are not installed (tests/run does it)";
            assert!(std::env::var_os("PORTCULLIS_NEED_AWS").is_none(), "{text}");
            eprintln!("{text}");
        }
        found
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// One of its programs, that finds nothing of the caller's own about AWS; `home` is its home.
    pub fn command(&self, name: &str, home: &Path) -> Command {
        let mut command = Command::new(self.program(name));
        clean(&mut command, home);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Runs a script.
    pub fn python(&self, script: impl AsRef<Path>, home: &Path) -> Command {
        let mut command = self.command("python", home);
        command.arg(script.as_ref());
        command
    }
}

/// Nothing of the caller's own keys, profiles, endpoints and proxies.
pub fn clean(command: &mut Command, home: &Path) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        if text.starts_with("AWS_") || text.ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    command.env("HOME", home).env("AWS_REGION", "eu-central-1").env("AWS_DEFAULT_REGION", "eu-central-1");
}
