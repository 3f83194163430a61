//! A candidate that is asked without being put in force: its cases, recorded inputs, and measurements.

use std::sync::Arc;

use crate::Candidate;
use crate::answer::Callable;
use crate::caller::Caller;
use crate::case::{self, AskCase, Case, CaseInput, CaseResult, CaseRun};
use crate::policy::Policy;

impl Candidate {
    /// What the candidate's first policy answers, alone. A fault is an answer too.
    pub async fn ask(&self, input: &CaseInput) -> CaseResult {
        match self.policies.first() {
            Some(policy) => case::ask(input, &mut Asker(policy)).await,
            None => CaseResult::Fault("the candidate has no policy".into()),
        }
    }

    /// Asks the candidate's first policy all of these cases.
    pub async fn run_cases(&self, cases: &[Case]) -> Vec<CaseRun> {
        let mut runs = Vec::with_capacity(cases.len());
        for case in cases {
            runs.push(CaseRun::new(case, self.ask(&case.input).await));
        }
        runs
    }

    /// Bytes of linear memory of a new instance of the first policy.
    ///
    /// # Errors
    /// There is no policy, or no instance can be made.
    pub async fn instance_memory(&self) -> Result<u64, String> {
        let policy = self.policies.first().ok_or("the candidate has no policy")?;
        policy.memory_of_instance().await.map_err(|fault| fault.to_string())
    }
}

/// Asks the policy as requests do, and waits for as long as it takes.
pub(crate) struct Asker<'a>(pub(crate) &'a Arc<Policy>);

impl AskCase for Asker<'_> {
    async fn ask<H: Callable>(&mut self, input: &Arc<H::Input>) -> CaseResult {
        let answered = self.0.ask::<H>(input, &Caller::BACKGROUND).await;
        answered.said.map_or_else(|fault| CaseResult::Fault(fault.to_string()), Into::into)
    }
}
