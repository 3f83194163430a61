//! The last look before a policy goes live: its own cases, asked of exactly what will answer from now on.

use portcullis_contract::hook::{AwsRoles, DockerRequest, DockerResponse, SecretAccess};
use portcullis_contract::types::Opinion;
use std::time::{Duration, Instant};

use crate::Fault;
use crate::ask::tame;
use crate::case::{Case, Question, Said};
use crate::error::PolicyError;
use crate::policy::{Answered, Policy};

/// What a probe came to.
pub(crate) enum Probed {
    /// It may go live.
    Good,
    /// It answers otherwise than it did before it was frozen: how.
    FrozenDiffers(String),
}

/// Asks every case. `not_preinitialized_because` is what the component said to them before it was frozen.
pub(crate) async fn probe(
    policy: &Policy,
    cases: &[Case],
    not_preinitialized_because: &[Said],
) -> Result<Probed, PolicyError> {
    match &policy.status.not_preinitialized_because {
        None => drop(policy.time_to_configure().await.map_err(PolicyError::Start)?),
        Some(reason) => {
            let (took, deadline) = (time_to_configure(policy).await?, policy.limits.deadline);
            if took > deadline / 2 {
                return Err(PolicyError::SlowToConfigure { reason: reason.clone(), took, deadline });
            }
        }
    }
    for (at, case) in cases.iter().enumerate() {
        let said = ask(policy, &case.question).await;
        if policy.status.not_preinitialized_because.is_none()
            && not_preinitialized_because.get(at) != Some(&said)
        {
            let reason = format!("frozen, it answers case `{}` otherwise than before", case.name);
            return Ok(Probed::FrozenDiffers(reason));
        }
        if let Some(difference) = case.expect.difference(&said) {
            let (case, hook) = (case.name.clone(), case.question.hook());
            return Err(PolicyError::Case { case, hook, difference });
        }
    }
    Ok(Probed::Good)
}

/// The least of a few tries: the first one also pays for code and memory that were never touched, and a machine
/// that is busy elsewhere says nothing about the policy.
async fn time_to_configure(policy: &Policy) -> Result<Duration, PolicyError> {
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let begun = Instant::now();
        let took = match policy.time_to_configure().await {
            // It was stopped, so it takes this much at least.
            Err(Fault::Deadline(_)) => begun.elapsed(),
            other => other.map_err(PolicyError::Start)?,
        };
        least = least.min(took);
        if least <= policy.limits.deadline / 2 {
            break;
        }
    }
    Ok(least)
}

async fn ask(policy: &Policy, question: &Question) -> Said {
    match question {
        Question::DockerRequest(input) => opinion(policy.ask::<DockerRequest>(input).await),
        Question::DockerResponse(input) => opinion(policy.ask::<DockerResponse>(input).await),
        Question::SecretAccess(input) => opinion(policy.ask::<SecretAccess>(input).await),
        Question::AwsRoles(input) => match policy.ask::<AwsRoles>(input).await.said {
            Ok(answer) => Said::Roles(answer),
            Err(fault) => Said::Fault(fault.to_string()),
        },
    }
}

fn opinion(answer: Answered<Opinion>) -> Said {
    match answer.said {
        Ok(opinion) => Said::Opinion(tame(opinion)),
        Err(fault) => Said::Fault(fault.to_string()),
    }
}
