//! The last look before a policy goes live: its own cases, asked of exactly what will answer from now on.

use portcullis_contract::hook::{AwsRoles, DockerRequest, DockerResponse, SecretAccess};
use portcullis_contract::types::Opinion;
use std::sync::Arc;
use std::time::Duration;

use crate::ask::{Callable, tame};
use crate::caller::Caller;
use crate::case::{Case, Question, Said};
use crate::error::PolicyError;
use crate::policy::{Answered, Policy};

/// What a probe came to.
pub(crate) enum Probed {
    /// It may go live.
    Good,
    /// It answers otherwise than before pre-initialization: how.
    FrozenDiffers(String),
}

/// Asks every case. `not_preinitialized_because` is what the component said to them before pre-initialization.
pub(crate) async fn probe(
    policy: &Arc<Policy>,
    cases: &[Case],
    not_preinitialized_because: &[Said],
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

async fn ask(policy: &Arc<Policy>, question: &Question) -> Said {
    match question {
        Question::DockerRequest(input) => opinion(answer::<DockerRequest>(policy, input).await),
        Question::DockerResponse(input) => opinion(answer::<DockerResponse>(policy, input).await),
        Question::SecretAccess(input) => opinion(answer::<SecretAccess>(policy, input).await),
        Question::AwsRoles(input) => match answer::<AwsRoles>(policy, input).await.said {
            Ok(answer) => Said::Roles(answer),
            Err(fault) => Said::Fault(fault.to_string()),
        },
    }
}

async fn answer<H: Callable<Input: Clone>>(policy: &Arc<Policy>, input: &H::Input) -> Answered<H::Answer> {
    policy.ask::<H>(&Arc::new(input.clone()), &Caller::BACKGROUND).await
}

fn opinion(answer: Answered<Opinion>) -> Said {
    match answer.said {
        Ok(opinion) => Said::Opinion(tame(opinion)),
        Err(fault) => Said::Fault(fault.to_string()),
    }
}
