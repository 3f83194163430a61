//! What the component that is not pre-initialized answers to the policy's own cases; the pre-initialized one must answer the same.

use std::sync::Arc;

use super::Failure;
use super::preinitialize::{Configured, Instantiator};
use crate::Limits;
use crate::answer::{Callable, CaseResult};
use crate::ask::arm_for_build;
use crate::case::{self, AskCase};

/// Asks every case, each of a new and newly configured instance.
pub(super) async fn ask(instantiator: &Instantiator<'_>) -> Result<Vec<CaseResult>, Failure> {
    let request = instantiator.request();
    let mut answers = Vec::with_capacity(request.cases.len());
    for case in &request.cases {
        let mut configured = instantiator.configure().await?;
        arm_for_build(&mut configured.store, &request.limits);
        answers.push(case::ask(&case.input, &mut Asker { configured, limits: &request.limits }).await);
    }
    Ok(answers)
}

/// Asks an instance that was configured.
struct Asker<'a> {
    configured: Configured,
    limits: &'a Limits,
}

impl AskCase for Asker<'_> {
    async fn ask<H: Callable>(&mut self, input: &Arc<H::Input>) -> CaseResult {
        let Configured { store, instance, exports } = &mut self.configured;
        exports.ask_case::<H>(store, instance, input, self.limits).await
    }
}
