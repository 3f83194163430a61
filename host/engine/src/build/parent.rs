//! Starts the children one after the other, and says in plain words what became of each.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::compile::{CompileReport, CompileRequest};
use super::configure::{ConfigureReport, ConfigureRequest};
use super::prepare::{PrepareReport, PrepareRequest};
use super::{BuildReport, BuildRequest, ChildOptions, Confinement, Failure, ResourceLimits, Stage, wire};
use crate::source::Source;
use crate::text;

/// Bytes of an answer, at most: `SpiderMonkey` compiles to 45 MB.
const ANSWER: u64 = 1 << 30;
/// Bytes of what `configure` answers beside the guest's memories.
const REPORT: u64 = 64 << 20;

/// How children are started.
#[derive(Debug, Clone)]
pub struct Builder {
    /// The child that runs the guest.
    pub configure: ChildProgram,
    /// The child that makes native code, and runs no guest.
    pub compile: ChildProgram,
    /// What each of them may use.
    pub resource_limits: ResourceLimits,
    /// What is done with a module that is not built in where the kernel cannot confine them.
    pub confinement: Confinement,
}

/// A program whose hidden subcommand calls [`super::child_main`].
#[derive(Debug, Clone)]
pub struct ChildProgram {
    /// The program.
    pub program: PathBuf,
    /// That subcommand.
    pub arguments: Vec<String>,
}

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A child looked at the module and refused it.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// A child came to an end of its own.
    #[error("cannot be built: the child that {stage} {reason}")]
    Ended {
        /// Which.
        stage: Stage,
        /// How.
        reason: String,
    },
    /// A child could not be started or spoken to.
    #[error("cannot be built: the child that {stage} could not be run: {error}")]
    Io {
        /// Which.
        stage: Stage,
        /// Why.
        error: io::Error,
    },
}

/// What builds of one module share, for all of its settings: native code that only a child made which ran no guest.
#[derive(Debug, Default)]
pub struct ModuleCode {
    prepared: Option<Vec<u8>>,
    functions: Vec<u8>,
    changed: bool,
}

impl ModuleCode {
    /// INVARIANT: `bytes` are what [`ModuleCode::changed`] gave, unchanged. Other bytes hold nothing, or run in a child.
    pub(crate) fn trusted(bytes: &[u8]) -> Option<Self> {
        let (lengths, rest) = wire::unpack::<(Option<usize>, usize)>(bytes).ok()?;
        let (prepared, functions) = lengths;
        let rest = bytes.get(rest..)?;
        let (kept, rest) = rest.split_at_checked(prepared.unwrap_or_default())?;
        (rest.len() == functions).then(|| Self {
            prepared: prepared.is_some().then(|| kept.to_vec()),
            functions: rest.to_vec(),
            changed: false,
        })
    }

    /// The bytes to keep, where a build changed them.
    pub(crate) fn changed(&self) -> Option<io::Result<Vec<u8>>> {
        let prepared = self.prepared.as_deref();
        let lengths = (prepared.map(<[u8]>::len), self.functions.len());
        self.changed.then(|| wire::pack(&lengths, &[prepared.unwrap_or_default(), &self.functions]))
    }
}

impl Builder {
    /// Both children are `program`, with the usual limits.
    pub fn new(program: ChildProgram, confinement: Confinement) -> Self {
        let (configure, compile) = (program.clone(), program);
        Self { configure, compile, resource_limits: ResourceLimits::default(), confinement }
    }

    /// The confinement for modules of `source`: those that are part of the program were not made by others.
    pub fn confinement_for(&self, source: &Source) -> Confinement {
        match source {
            Source::Builtin(..) => Confinement::BestEffort,
            Source::File(_) | Source::Stored { .. } => self.confinement,
        }
    }

    /// Builds `module` as `request` says. `code` is what earlier builds of the module left, and takes what this one adds.
    pub async fn build(
        &self,
        request: &BuildRequest,
        module: &[u8],
        code: &mut ModuleCode,
    ) -> Result<(BuildReport, Vec<u8>), BuildError> {
        let at_most = request.limits.memory.saturating_add(REPORT);
        let (prepared, native) = self.prepare(request, module, code).await?;
        let to_configure = ConfigureRequest { build: request.clone(), prepared, module: module.len() as u64 };
        let rest = [module, &native];
        let (configured, memories): (ConfigureReport, _) =
            self.run(Stage::Configure, request.confinement, &to_configure, &rest, at_most).await?;
        let configured = configured.sanitize(&request.limits);
        let (state, not_preinitialized_because) = match configured.state {
            Ok(state) => (Some(state), None),
            Err(reason) => (None, Some(reason)),
        };
        let to_compile = CompileRequest {
            wasi: request.wasi.clone(),
            memory: request.limits.memory,
            module: module.len() as u64,
            functions: code.functions.len() as u64,
            state,
        };
        let rest = [module, &code.functions, &memories];
        let (compiled, mut artifact): (CompileReport, _) =
            self.run(Stage::Compile, request.confinement, &to_compile, &rest, ANSWER).await?;
        let length = usize::try_from(compiled.artifact).unwrap_or(usize::MAX);
        let functions = artifact.split_off(length.min(artifact.len()));
        if !functions.is_empty() {
            code.functions = functions;
            code.changed = true;
        }
        let report = BuildReport {
            imports: compiled.imports,
            hooks: compiled.hooks,
            not_preinitialized_because,
            needs: compiled.needs,
            log: configured.log,
            answers: configured.answers,
        };
        Ok((report, artifact))
    }

    /// The module's code for the child that runs the guest.
    async fn prepare(
        &self,
        request: &BuildRequest,
        module: &[u8],
        code: &mut ModuleCode,
    ) -> Result<(PrepareReport, Vec<u8>), BuildError> {
        let prevented = request.not_preinitialized_because.clone();
        // What is made for one reason is not for every build of the module.
        let is_shared = prevented.is_none();
        let kept = code.prepared.as_deref().filter(|_| is_shared);
        if let Some((bytes, (report, at))) = kept.and_then(|bytes| Some((bytes, wire::unpack(bytes).ok()?))) {
            return Ok((report, bytes.get(at..).unwrap_or_default().to_vec()));
        }
        let to_prepare = PrepareRequest { wasi: request.wasi.clone(), not_preinitialized_because: prevented };
        let (report, native) =
            self.run(Stage::Prepare, request.confinement, &to_prepare, &[module], ANSWER).await?;
        if is_shared {
            code.prepared = wire::pack(&report, &[&native]).ok();
            code.changed = true;
        }
        Ok((report, native))
    }

    /// Runs one child to its end: `request` and `rest` in, a report and at most `at_most` bytes out.
    async fn run<R: DeserializeOwned>(
        &self,
        stage: Stage,
        confinement: Confinement,
        request: &impl Serialize,
        rest: &[&[u8]],
        at_most: u64,
    ) -> Result<(R, Vec<u8>), BuildError> {
        let failed = |error| BuildError::Io { stage, error };
        let ChildProgram { program, arguments } = match stage {
            Stage::Configure => &self.configure,
            Stage::Prepare | Stage::Compile => &self.compile,
        };
        let options = ChildOptions { stage, resource_limits: self.resource_limits, confinement };
        // Read here, since a confined process cannot read the quota of its control group.
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut child = Command::new(program)
            .args(arguments)
            .arg(options.to_argument().map_err(failed)?)
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        // Processor time is what is limited; the clock on the wall only ends a child that waits for ever.
        let patience = Duration::from_secs(self.resource_limits.processor_seconds.saturating_mul(5).max(60));
        let input = wire::pack(request, rest).map_err(failed)?;
        match tokio::time::timeout(patience, converse(&mut child, &input, at_most)).await {
            Ok(outcome) => self.judge(stage, outcome.map_err(failed)?),
            Err(_) => Err(BuildError::Ended {
                stage,
                reason: format!("did not end within {} s", patience.as_secs()),
            }),
        }
    }

    fn judge<R: DeserializeOwned>(&self, stage: Stage, outcome: Outcome) -> Result<(R, Vec<u8>), BuildError> {
        if !outcome.status.success() {
            return Err(BuildError::Ended { stage, reason: self.why(outcome.status, &outcome.complaint) });
        }
        let (head, length) = wire::unpack::<Result<R, Failure>>(&outcome.answer).map_err(|_| {
            BuildError::Ended { stage, reason: "answered what no child of this program answers".into() }
        })?;
        let mut answer = outcome.answer;
        // A child that was taken over writes what it likes.
        let report = head.map_err(Failure::sanitize)?;
        Ok((report, answer.split_off(length)))
    }

    fn why(&self, status: ExitStatus, complaint: &str) -> String {
        const SIGABRT: i32 = 6;
        const SIGKILL: i32 = 9;
        const SIGXCPU: i32 = 24;
        const SIGSYS: i32 = 31;
        let ResourceLimits { address_space, processor_seconds } = self.resource_limits;
        match status.signal() {
            Some(SIGXCPU | SIGKILL) => format!("took more than {processor_seconds} s of processor time"),
            Some(SIGSYS) => {
                "was ended by the kernel (SIGSYS): it made a system call that its confinement does not allow"
                    .into()
            }
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

async fn converse(child: &mut Child, input: &[u8], at_most: u64) -> io::Result<Outcome> {
    let missing = || io::Error::other("a pipe is missing");
    let mut stdin = child.stdin.take().ok_or_else(missing)?;
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let stderr = child.stderr.take().ok_or_else(missing)?;
    let give = async move {
        // A child that ended early leaves a broken pipe; its status says more.
        let _ = stdin.write_all(input).await;
        drop(stdin);
    };
    let read = |mut from: Box<dyn tokio::io::AsyncRead + Send + Unpin>, at_most: u64| async move {
        let mut bytes = Vec::new();
        (&mut from).take(at_most).read_to_end(&mut bytes).await?;
        // Closed: a child that has more to say does not wait for a reader.
        drop(from);
        io::Result::Ok(bytes)
    };
    let ((), answer, complaint) =
        tokio::join!(give, read(Box::new(stdout), at_most), read(Box::new(stderr), 16 << 10));
    let status = child.wait().await?;
    let complaint = String::from_utf8_lossy(&complaint?).into_owned();
    Ok(Outcome { status, answer: answer?, complaint })
}
