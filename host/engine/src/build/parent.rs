//! Starts the child, and says in plain words what became of it.

use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::{BuildReport, BuildRequest, Failure, wire};
use crate::text;

/// Bytes of an answer, at most: `SpiderMonkey` compiles to 45 MB.
const ANSWER: u64 = 1 << 30;

/// What a child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceLimits {
    /// Bytes of address space.
    pub address_space: u64,
    /// Seconds of processor time, over all its threads.
    pub processor_seconds: u64,
}

impl Default for ResourceLimits {
    fn default() -> Self {
        Self { address_space: 4 << 30, processor_seconds: 120 }
    }
}

/// How children are started.
#[derive(Debug, Clone)]
pub struct Builder {
    /// The program whose hidden subcommand calls [`super::child_main`].
    pub program: PathBuf,
    /// That subcommand.
    pub arguments: Vec<String>,
    /// What a child may use.
    pub resource_limits: ResourceLimits,
}

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The child looked at the module and refused it.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The child came to an end of its own.
    #[error("cannot be built: the build {0}")]
    Ended(String),
    /// The child could not be started or spoken to.
    #[error("cannot be built: the build could not be run: {0}")]
    Io(#[from] io::Error),
}

impl Builder {
    /// Builds `module` as `request` says.
    pub async fn build(
        &self,
        request: &BuildRequest,
        module: &[u8],
    ) -> Result<(BuildReport, Vec<u8>), BuildError> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        // Processor time is what is limited; the clock on the wall only ends a child that waits for ever.
        let patience = Duration::from_secs(self.resource_limits.processor_seconds.saturating_mul(5).max(60));
        let input = wire::pack(&(self.resource_limits, request), module)?;
        match tokio::time::timeout(patience, converse(&mut child, &input)).await {
            Ok(outcome) => self.judge(&outcome?),
            Err(_) => Err(BuildError::Ended(format!("did not end within {} s", patience.as_secs()))),
        }
    }

    fn judge(&self, outcome: &Outcome) -> Result<(BuildReport, Vec<u8>), BuildError> {
        if outcome.status.success() {
            let (head, artifact) = wire::unpack::<Result<BuildReport, Failure>>(&outcome.answer)?;
            return Ok((head?, artifact.to_vec()));
        }
        Err(BuildError::Ended(self.why(outcome.status, &outcome.complaint)))
    }

    fn why(&self, status: ExitStatus, complaint: &str) -> String {
        const SIGABRT: i32 = 6;
        const SIGKILL: i32 = 9;
        const SIGXCPU: i32 = 24;
        let ResourceLimits { address_space, processor_seconds } = self.resource_limits;
        match status.signal() {
            Some(SIGXCPU | SIGKILL) => format!("took more than {processor_seconds} s of processor time"),
            Some(SIGABRT) if complaint.contains("memory allocation") => {
                format!("wanted more than {} MiB of memory", address_space >> 20)
            }
            _ => {
                let last = complaint.lines().last().unwrap_or_default();
                text::one_line(format!("ended with {status}: {last}").trim_end_matches([':', ' ']), 512)
            }
        }
    }
}

struct Outcome {
    status: ExitStatus,
    answer: Vec<u8>,
    complaint: String,
}

async fn converse(child: &mut Child, input: &[u8]) -> io::Result<Outcome> {
    let missing = || io::Error::other("a pipe is missing");
    let mut stdin = child.stdin.take().ok_or_else(missing)?;
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let stderr = child.stderr.take().ok_or_else(missing)?;
    let give = async move {
        // A child that ended early leaves a broken pipe; its status says more.
        let _ = stdin.write_all(input).await;
        drop(stdin);
    };
    let (mut answer, mut complaint) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (stdout.take(ANSWER), stderr.take(16 << 10));
    let ((), read, complained) =
        tokio::join!(give, stdout.read_to_end(&mut answer), stderr.read_to_end(&mut complaint));
    read?;
    complained?;
    let status = child.wait().await?;
    Ok(Outcome { status, answer, complaint: String::from_utf8_lossy(&complaint).into_owned() })
}
