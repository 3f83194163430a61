//! Docker's SDKs, unmodified: docker-py and dockerode.
//!
//! `tests/run` installs them into `$XDG_CACHE_HOME/portcullis/tools/sdks` (or `PORTCULLIS_SDKS` names another folder): a
//! virtual environment of Python, with `node_modules` in it.

use super::needs::{missing, virtual_environment};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the SDKs.
#[derive(Debug, Clone)]
pub struct DockerSdks {
    folder: PathBuf,
}

impl DockerSdks {
    /// None, and a line that says what is missing, where they are not installed. Where `PORTCULLIS_NEED_SDKS` is set,
    /// that fails instead.
    #[track_caller]
    pub fn needed() -> Option<Self> {
        let is_whole = |folder: &PathBuf| {
            folder.join("bin/python").is_file() && folder.join("node_modules/dockerode").is_dir()
        };
        let found = virtual_environment("sdks").filter(is_whole).map(|folder| Self { folder });
        found.or_else(|| missing("sdks", "docker-py and dockerode are not installed (tests/run does it)"))
    }

    /// Runs a script that uses docker-py.
    pub fn python(&self, script: impl AsRef<Path>) -> Command {
        let mut command = clean(Command::new(self.folder.join("bin/python")));
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script.as_ref());
        command
    }

    /// Runs a script that uses dockerode.
    pub fn node(&self, script: impl AsRef<Path>) -> Command {
        let mut command = clean(Command::new("node"));
        command.env("NODE_PATH", self.folder.join("node_modules")).arg(script.as_ref());
        command
    }
}

/// Without the caller's own engine, credentials and proxies.
fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        if text.starts_with("DOCKER_") || text.ends_with("_PROXY") || text == "TOKEN" {
            command.env_remove(&name);
        }
    }
    command.env("DOCKER_CONFIG", "/nonexistent");
    command
}
