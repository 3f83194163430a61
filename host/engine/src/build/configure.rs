//! Runs the guest, in a child of its own. Gives it its settings, reads the state that this leaves, and asks the policy's cases.
//!
//! A guest that takes this process over chooses everything that it answers. So nothing of it is code: see `guest_state`. The
//! rest is text, for people, and answers to the policy's own cases, which a policy chooses anyway.

use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::guest_state::GuestState;
use super::preinitialize::{Configured, Instantiator, snapshot};
use super::prepare::PrepareReport;
use super::rewrite::instrument;
use super::{BuildRequest, Failure, Step, cases, encode};
use crate::answer::CaseResult;
use crate::sealed::Artifact;
use crate::ticker::Ticker;
use crate::{Digest, Limits, compile_config, text};

/// What is to be configured. The module is beside it, and then the native code that was prepared.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConfigureRequest {
    pub(super) build: BuildRequest,
    /// What the native code was made of.
    pub(super) prepared: PrepareReport,
    /// Bytes of the module.
    pub(super) module: u64,
}

/// What the child answers. The bytes of the state's memories are beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConfigureReport {
    /// What `configure` left, or why each instance is configured anew.
    pub(super) state: Result<GuestState, String>,
    /// What `configure` logged.
    pub(super) log: Vec<String>,
    /// What the component that is not pre-initialized answered to each case.
    pub(super) answers: Vec<CaseResult>,
}

impl ConfigureReport {
    /// The report with its texts bounded and harmless, as an honest child writes them.
    pub(super) fn sanitize(self, limits: &Limits) -> Self {
        let lines = self.log.iter().take(limits.log_lines as usize);
        Self {
            state: self.state.map_err(|reason| text::one_line(&reason, 2048)),
            log: lines.map(|line| text::printable(line, limits.answer as usize)).collect(),
            answers: self.answers,
        }
    }
}

/// Configures the policy in `bytes`.
pub(super) async fn configure(
    request: ConfigureRequest,
    mut bytes: Vec<u8>,
) -> Result<(ConfigureReport, Vec<u8>), Failure> {
    let ConfigureRequest { build: request, prepared, module } = request;
    let code = bytes.split_off(usize::try_from(module).unwrap_or(usize::MAX).min(bytes.len()));
    let component = encode::encode(bytes)?;
    let failed = |error: wasmtime::Error| Step::Compile.failed(format!("{error:#}"));
    let engine = Engine::new(&compile_config::for_build()).map_err(failed)?;
    // From the host, which has it of a child that ran no guest.
    let code = Artifact::trusted(code).component(&engine).map_err(failed)?;
    let ticker = Ticker::start().map_err(|error| Step::Compile.failed(error))?;
    ticker.add(&engine);
    let _running = ticker.run();
    match prepared.instrumented {
        Err(reason) => configure_only(&engine, &request, &code, reason).await,
        Ok(()) => match preinitialize(&engine, &request, &component, &code).await? {
            Ok(preinitialized) => Ok(preinitialized),
            Err(reason) => {
                let code = Component::new(&engine, &component).map_err(failed)?;
                configure_only(&engine, &request, &code, reason).await
            }
        },
    }
}

/// The state; the inner error says why the component cannot be pre-initialized, the outer one that it is of no use at all.
async fn preinitialize(
    engine: &Engine,
    request: &BuildRequest,
    component: &[u8],
    code: &Component,
) -> Result<Result<(ConfigureReport, Vec<u8>), String>, Failure> {
    let instrumented = match instrument(component) {
        Ok(instrumented) => instrumented,
        Err(reason) => return Ok(Err(reason)),
    };
    let instantiator = Instantiator::new(engine, request, code, true)?;
    let mut configured = match instantiator.configure().await {
        Ok(configured) => configured,
        // It called something it was granted, which traps while it is pre-initialized.
        Err(failure) if !request.wasi.is_empty() => return Ok(Err(failure.reason)),
        Err(failure) => return Err(failure),
    };
    let log = configured.store.data_mut().take_log();
    let (state, memories) = match snapshot(&instrumented, Digest::of(component), &mut configured).await {
        Ok(snapshot) => snapshot,
        Err(reason) => return Ok(Err(reason)),
    };
    let answers = cases::ask(&instantiator).await?;
    Ok(Ok((ConfigureReport { state: Ok(state), log, answers }, memories)))
}

async fn configure_only(
    engine: &Engine,
    request: &BuildRequest,
    code: &Component,
    reason: String,
) -> Result<(ConfigureReport, Vec<u8>), Failure> {
    let instantiator = Instantiator::new(engine, request, code, false)?;
    let Configured { mut store, .. } = instantiator.configure().await?;
    let log = store.data_mut().take_log();
    let answers = cases::ask(&instantiator).await?;
    Ok((ConfigureReport { state: Err(reason), log, answers }, Vec::new()))
}
