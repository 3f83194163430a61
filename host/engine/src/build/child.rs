//! What runs in a child: confines itself, reads one request, and writes one answer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::compile::{CompileRequest, compile};
use super::configure::{ConfigureRequest, configure};
use super::confine::confine;
use super::prepare::{PrepareRequest, prepare};
use super::{ChildOptions, Confinement, Failure, Stage, Step, wire};
use crate::offload;

/// The hidden subcommand: confines this process, reads a request and a module from standard input, and writes the answer
/// to standard output. Its exit code is 0 also when the module was refused: the answer says so. The last argument of
/// the command line says which stage of a build this is.
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
    let options = ChildOptions::from_arguments()?;
    let confined = confine(options.resource_limits);
    if let (Err(missing), Confinement::Required) = (confined, options.confinement) {
        return answer::<()>(Err(unconfined(&missing)));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    match options.stage {
        Stage::Prepare => {
            let (request, module) = read::<PrepareRequest>()?;
            answer(prepare(request, module))
        }
        Stage::Configure => {
            let (request, bytes) = read::<ConfigureRequest>()?;
            answer(runtime.block_on(configure(request, bytes)))
        }
        Stage::Compile => {
            let (request, bytes) = read::<CompileRequest>()?;
            answer(runtime.block_on(compile(&request, bytes)))
        }
    }
}

fn unconfined(missing: &str) -> Failure {
    Step::Confine.failed(format_args!(
        "this kernel has no {missing}; a module that is not built in runs without only where the configuration says \
         `confinement = \"best-effort\"` in `[build]`"
    ))
}

fn read<T: DeserializeOwned>() -> io::Result<(T, Vec<u8>)> {
    wire::read(io::stdin().lock())
}

fn answer<T: Serialize>(result: Result<(T, Vec<u8>), Failure>) -> io::Result<()> {
    let (head, rest) = match result {
        Ok((report, rest)) => (Ok(report), rest),
        Err(failure) => (Err(failure), Vec::new()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&wire::pack(&head, &[&rest])?)?;
    out.flush()
}
