//! The last look before a policy goes live: its own cases, asked of exactly what will answer from now on.

use std::sync::Arc;
use std::time::Duration;

use crate::answer::{Callable, CaseResult};
use crate::caller::Caller;
use crate::case::{AskCase, Case};
use crate::error::PolicyError;
use crate::policy::Policy;

/// What a probe came to.
pub(crate) enum Probed {
    /// It may go live.
    Good,
    /// It answers otherwise than it did before it was pre-initialized: how.
    PreinitializedDiffers(String),
}

/// Compares the types of the policy's functions with the contract's, and asks every case. `answers_before` is what the
/// component answered before it was pre-initialized.
pub(crate) async fn probe(
    policy: &Arc<Policy>,
    cases: &[Case],
    answers_before: &[CaseResult],
) -> Result<Probed, PolicyError> {
    match &policy.status.not_preinitialized_because {
        None => drop(policy.time_to_configure().await.map_err(PolicyError::Start)?),
        Some(reason) => {
            let (took, deadline) = (least_time_to_configure(policy).await?, policy.limits.deadline);
            if took > deadline / 2 {
                return Err(PolicyError::SlowToConfigure { reason: reason.clone(), took, deadline });
            }
        }
    }
    for (at, case) in cases.iter().enumerate() {
        let said = case.input.ask(&mut Asker(policy)).await;
        if policy.status.not_preinitialized_because.is_none() && answers_before.get(at) != Some(&said) {
            let reason = format!("pre-initialized, it answers case `{}` otherwise than before", case.name);
            return Ok(Probed::PreinitializedDiffers(reason));
        }
        if let Some(difference) = case.expect.difference(&said) {
            let (case, hook) = (case.name.clone(), case.input.hook());
            return Err(PolicyError::Case { case, hook, difference });
        }
    }
    Ok(Probed::Good)
}

/// The least of a few tries: the first one also pays for code and memory that were never touched.
async fn least_time_to_configure(policy: &Arc<Policy>) -> Result<Duration, PolicyError> {
    let mut least = Duration::MAX;
    for _ in 0..3 {
        least = least.min(policy.time_to_configure().await.map_err(PolicyError::Start)?);
        if least <= policy.limits.deadline / 2 {
            break;
        }
    }
    Ok(least)
}

/// Asks the policy as requests do.
struct Asker<'a>(&'a Arc<Policy>);

impl AskCase for Asker<'_> {
    async fn ask<H: Callable>(&mut self, input: &Arc<H::Input>) -> CaseResult {
        let answered = self.0.ask::<H>(input, &Caller::BACKGROUND).await;
        answered.said.map_or_else(|fault| CaseResult::Fault(fault.to_string()), Into::into)
    }
}
