//! What runs in the child: one order in, facts and an artifact out.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{self, Write as _};
use std::process::ExitCode;
use wasmtime::Engine;

use super::freeze::{Configured, Workbench, instrument, snapshot};
use super::inspect::{Inspected, inspect};
use super::parent::Confines;
use super::{Facts, Failure, Needs, Order, Step, cases, compile, encode, wire};
use crate::ticker::Ticker;
use crate::{compile_config, offload};

/// The hidden subcommand: reads an [`Order`] and a module from standard input, builds, writes the answer to
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
    let ((confines, order), module): ((Confines, Order), Vec<u8>) = wire::read(io::stdin().lock())?;
    confine(confines)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let built = runtime.block_on(build(&order, module));
    let (head, artifact): (Result<Facts, Failure>, _) = match built {
        Ok((facts, artifact)) => (Ok(facts), artifact),
        Err(failure) => (Err(failure), Vec::new()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&wire::pack(&head, &artifact)?)?;
    out.flush()
}

fn confine(confines: Confines) -> io::Result<()> {
    let at_most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    setrlimit(Resource::As, at_most(confines.address_space))?;
    setrlimit(Resource::Cpu, at_most(confines.processor_seconds))?;
    setrlimit(Resource::Core, at_most(0))?;
    Ok(())
}

async fn build(order: &Order, module: Vec<u8>) -> Result<(Facts, Vec<u8>), Failure> {
    let component = encode::encode(module)?;
    let inspected = inspect(&component, &order.wasi)?;
    let engine = Engine::new(&compile_config::for_build())
        .map_err(|error| Step::Compile.failed(format!("{error:#}")))?;
    let ticker = Ticker::start().map_err(|error| Step::Compile.failed(error))?;
    ticker.add(&engine);
    let _running = ticker.run();
    let prevented = order.not_preinitialized_because.clone().or_else(|| {
        inspected
            .handles
            .as_ref()
            .map(|import| format!("it imports `{import}`, whose handles do not outlive a freeze"))
    });
    let frozen = match prevented {
        Some(reason) => Err(reason),
        None => freeze(&engine, order, &component).await?,
    };
    match frozen {
        Ok(frozen) => finish(order, inspected, frozen, None),
        Err(reason) => {
            let not_preinitialized_because = configure_only(&engine, order, component).await?;
            finish(order, inspected, not_preinitialized_because, Some(reason))
        }
    }
}

/// A component to be compiled, and what was learned on the way.
struct Prepared {
    component: Vec<u8>,
    memories: u32,
    tables: u32,
    log: Vec<String>,
    answers: Vec<crate::case::Said>,
}

/// The pre-initialized component; the inner error says why it cannot be pre-initialized, the outer one that it is
/// of no use at all.
async fn freeze(
    engine: &Engine,
    order: &Order,
    component: &[u8],
) -> Result<Result<Prepared, String>, Failure> {
    let instrumented = match instrument(component) {
        Ok(instrumented) => instrumented,
        Err(reason) => return Ok(Err(reason)),
    };
    let workbench = Workbench::new(engine, order, &instrumented.bytes, true)?;
    let mut configured = match workbench.configure().await {
        Ok(configured) => configured,
        // It called something it was granted, which traps while it is pre-initialized.
        Err(failure) if !order.wasi.is_empty() => return Ok(Err(failure.reason)),
        Err(failure) => return Err(failure),
    };
    let log = configured.store.data_mut().take_log();
    let frozen = match snapshot(&instrumented, &mut configured).await {
        Ok(frozen) => frozen,
        Err(reason) => return Ok(Err(reason)),
    };
    let answers = cases::ask(&workbench).await?;
    Ok(Ok(prepared(&workbench, frozen, log, answers)))
}

async fn configure_only(engine: &Engine, order: &Order, component: Vec<u8>) -> Result<Prepared, Failure> {
    let workbench = Workbench::new(engine, order, &component, false)?;
    let Configured { mut store, .. } = workbench.configure().await?;
    let log = store.data_mut().take_log();
    let answers = cases::ask(&workbench).await?;
    Ok(prepared(&workbench, component, log, answers))
}

fn prepared(
    workbench: &Workbench<'_>,
    component: Vec<u8>,
    log: Vec<String>,
    answers: Vec<crate::case::Said>,
) -> Prepared {
    let required = workbench.component().resources_required();
    let (memories, tables) =
        required.map_or((8, 64), |required| (required.num_memories, required.num_tables));
    Prepared { component, memories, tables, log, answers }
}

fn finish(
    order: &Order,
    inspected: Inspected,
    prepared: Prepared,
    not_preinitialized_because: Option<String>,
) -> Result<(Facts, Vec<u8>), Failure> {
    let artifact = compile::compile(&prepared.component, order.limits.memory)?;
    let facts = Facts {
        imports: inspected.imports,
        hooks: inspected.hooks,
        not_preinitialized_because,
        needs: Needs {
            // The pre-initialized component has one instance more than the original for each that it snapshots.
            instances: inspected.instances.saturating_mul(2),
            memories: prepared.memories,
            tables: prepared.tables,
        },
        log: prepared.log,
        answers: prepared.answers,
    };
    Ok((facts, artifact))
}
