//! What runs in the child: one request in, a report and an artifact out.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{self, Write as _};
use std::process::ExitCode;
use wasmtime::Engine;

use super::inspect::{Inspected, inspect};
use super::parent::ResourceLimits;
use super::preinitialize::{Configured, Instantiator, instrument, snapshot};
use super::{BuildReport, BuildRequest, Failure, PoolRequirements, Step, cases, compile, encode, wire};
use crate::ticker::Ticker;
use crate::{compile_config, offload};

/// The hidden subcommand: reads an [`BuildRequest`] and a module from standard input, builds, writes the answer to
/// standard output. Its exit code is 0 also when the module was refused: the answer says so.
pub fn child_main() -> ExitCode {
    offload::lower_priority(offload::BUILD_NICE);
    // A panic is an answer here, not a text on the operator's terminal.
    std::panic::set_hook(Box::new(|_| {}));
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    let ((resource_limits, request), module): ((ResourceLimits, BuildRequest), Vec<u8>) =
        wire::read(io::stdin().lock())?;
    confine(resource_limits)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let built = runtime.block_on(build(&request, module));
    let (head, artifact): (Result<BuildReport, Failure>, _) = match built {
        Ok((report, artifact)) => (Ok(report), artifact),
        Err(failure) => (Err(failure), Vec::new()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&wire::pack(&head, &artifact)?)?;
    out.flush()
}

fn confine(resource_limits: ResourceLimits) -> io::Result<()> {
    let at_most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    setrlimit(Resource::As, at_most(resource_limits.address_space))?;
    setrlimit(Resource::Cpu, at_most(resource_limits.processor_seconds))?;
    setrlimit(Resource::Core, at_most(0))?;
    Ok(())
}

async fn build(request: &BuildRequest, module: Vec<u8>) -> Result<(BuildReport, Vec<u8>), Failure> {
    let component = encode::encode(module)?;
    let inspected = inspect(&component, &request.wasi)?;
    let engine = Engine::new(&compile_config::for_build())
        .map_err(|error| Step::Compile.failed(format!("{error:#}")))?;
    let ticker = Ticker::start().map_err(|error| Step::Compile.failed(error))?;
    ticker.add(&engine);
    let _running = ticker.run();
    let prevented = request.not_preinitialized_because.clone().or_else(|| {
        inspected
            .handles
            .as_ref()
            .map(|import| format!("it imports `{import}`, whose handles do not outlive pre-initialization"))
    });
    let preinitialized = match prevented {
        Some(reason) => Err(reason),
        None => preinitialize(&engine, request, &component).await?,
    };
    match preinitialized {
        Ok(preinitialized) => finish(request, inspected, preinitialized, None),
        Err(reason) => {
            let not_preinitialized_because = configure_only(&engine, request, component).await?;
            finish(request, inspected, not_preinitialized_because, Some(reason))
        }
    }
}

/// A component to be compiled, and what was learned on the way.
struct Prepared {
    component: Vec<u8>,
    memories: u32,
    tables: u32,
    log: Vec<String>,
    answers: Vec<crate::answer::CaseResult>,
}

/// The pre-initialized component; the inner error says why it cannot be pre-initialized, the outer one that it is of no use at all.
async fn preinitialize(
    engine: &Engine,
    request: &BuildRequest,
    component: &[u8],
) -> Result<Result<Prepared, String>, Failure> {
    let instrumented = match instrument(component) {
        Ok(instrumented) => instrumented,
        Err(reason) => return Ok(Err(reason)),
    };
    let instantiator = Instantiator::new(engine, request, &instrumented.bytes, true)?;
    let mut configured = match instantiator.configure().await {
        Ok(configured) => configured,
        // It called something it was granted, which traps while it is pre-initialized.
        Err(failure) if !request.wasi.is_empty() => return Ok(Err(failure.reason)),
        Err(failure) => return Err(failure),
    };
    let log = configured.store.data_mut().take_log();
    let preinitialized = match snapshot(&instrumented, &mut configured).await {
        Ok(preinitialized) => preinitialized,
        Err(reason) => return Ok(Err(reason)),
    };
    let answers = cases::ask(&instantiator).await?;
    Ok(Ok(prepared(&instantiator, preinitialized, log, answers)))
}

async fn configure_only(
    engine: &Engine,
    request: &BuildRequest,
    component: Vec<u8>,
) -> Result<Prepared, Failure> {
    let instantiator = Instantiator::new(engine, request, &component, false)?;
    let Configured { mut store, .. } = instantiator.configure().await?;
    let log = store.data_mut().take_log();
    let answers = cases::ask(&instantiator).await?;
    Ok(prepared(&instantiator, component, log, answers))
}

fn prepared(
    instantiator: &Instantiator<'_>,
    component: Vec<u8>,
    log: Vec<String>,
    answers: Vec<crate::answer::CaseResult>,
) -> Prepared {
    let required = instantiator.component().resources_required();
    let (memories, tables) =
        required.map_or((8, 64), |required| (required.num_memories, required.num_tables));
    Prepared { component, memories, tables, log, answers }
}

fn finish(
    request: &BuildRequest,
    inspected: Inspected,
    prepared: Prepared,
    not_preinitialized_because: Option<String>,
) -> Result<(BuildReport, Vec<u8>), Failure> {
    let artifact = compile::compile(&prepared.component, request.limits.memory)?;
    let report = BuildReport {
        imports: inspected.imports,
        hooks: inspected.hooks,
        not_preinitialized_because,
        needs: PoolRequirements {
            // The pre-initialized component has one instance more than the original for each that it snapshots.
            instances: inspected.instances.saturating_mul(2),
            memories: prepared.memories,
            tables: prepared.tables,
        },
        log: prepared.log,
        answers: prepared.answers,
    };
    Ok((report, artifact))
}
