//! Amazon's and AFP's own clients, unmodified, and a moto.
//!
//! `tests/run` installs them into `$XDG_CACHE_HOME/portcullis/tools/aws` (or `PORTCULLIS_AWS` names another virtual
//! environment).

use super::needs::{missing, virtual_environment};
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
        let folder = virtual_environment("aws");
        let whole =
            |tools: &Self| ["python", "moto_server", "afp"].iter().all(|name| tools.program(name).is_file());
        let found = folder.map(|folder| Self { folder }).filter(whole);
        found.or_else(|| missing("aws", "boto3, moto and afp-cli are not installed (tests/run does it)"))
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
