//! The last look before a policy goes live: its own cases, asked of exactly what will answer from now on.

use std::sync::Arc;
use std::time::Duration;

use crate::case::{self, Case, CaseReport, CaseResult, CaseRun};
use crate::error::PolicyError;
use crate::policy::Policy;
use crate::trial::Asker;

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
    let mut runs = Vec::with_capacity(cases.len());
    for (at, case) in cases.iter().enumerate() {
        let said = case::ask(&case.input, &mut Asker(policy)).await;
        if policy.status.not_preinitialized_because.is_none() && answers_before.get(at) != Some(&said) {
            let reason = format!("pre-initialized, it answers case `{}` otherwise than before", case.name);
            return Ok(Probed::PreinitializedDiffers(reason));
        }
        runs.push(CaseRun::new(case, said));
    }
    let report = CaseReport(runs);
    if report.failed().next().is_some() {
        return Err(PolicyError::Cases(report));
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
