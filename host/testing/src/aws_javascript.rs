//! AWS's SDKs for JavaScript, unmodified: version 2 and version 3.
//!
//! `tests/run` installs them into `$XDG_CACHE_HOME/portcullis/tools/aws_javascript` (or `PORTCULLIS_AWS_JAVASCRIPT` names
//! another folder with `node_modules` in it).

use super::aws_tools::clean;
use super::needs::{missing, virtual_environment};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the SDKs.
#[derive(Debug, Clone)]
pub struct JavaScriptSdks {
    modules: PathBuf,
}

impl JavaScriptSdks {
    /// None, and a line that says what is missing, where they are not installed. Where
    /// `PORTCULLIS_NEED_AWS_JAVASCRIPT` is set, that fails instead.
    #[track_caller]
    pub fn needed() -> Option<Self> {
        let modules = virtual_environment("aws_javascript").map(|folder| folder.join("node_modules"));
        let is_whole = |modules: &PathBuf| {
            ["aws-sdk", "@aws-sdk/credential-providers", "@aws-sdk/client-sts"]
                .iter()
                .all(|package| modules.join(package).is_dir())
        };
        let found = modules.filter(is_whole).map(|modules| Self { modules });
        found.or_else(|| {
            missing("aws_javascript", "AWS's SDKs for JavaScript are not installed (tests/run does it)")
        })
    }

    /// Runs a script that finds nothing of the caller's own about AWS; `home` is its home.
    pub fn node(&self, script: impl AsRef<Path>, home: &Path) -> Command {
        let mut command = Command::new("node");
        clean(&mut command, home);
        command.env("NODE_PATH", &self.modules).arg(script.as_ref());
        command
    }
}
