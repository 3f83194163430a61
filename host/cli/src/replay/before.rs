//! What a recorded decision is compared with.

use portcullis_engine::case::CaseInput;
use portcullis_engine::{Candidate, Host, PolicySpec};
use portcullis_policy_store::PolicyStore;
use std::collections::HashMap;
use std::path::PathBuf;

use super::super::records::RecordedOutcome;
use super::super::trial::candidate;
use super::answer::Answered;

/// Digits of a revision that a person is shown.
const SHOWN: usize = 12;

/// What a recorded decision is compared with.
pub(super) enum Before<'h> {
    /// The verdict in the record.
    Recorded,
    /// What one policy answers when it is asked again.
    Policy(Candidate),
    /// What the recorded revision answers when it is asked again.
    Revisions(Revisions<'h>),
}

/// Revisions that a host keeps in its state directory, built when a record names them.
pub(super) struct Revisions<'h> {
    host: &'h Host,
    state: PathBuf,
    built: HashMap<String, Result<Candidate, String>>,
}

impl Before<'_> {
    /// Whether a policy is asked again.
    pub(super) fn is_asked(&self) -> bool {
        !matches!(self, Self::Recorded)
    }

    /// What was answered; the error is why that is not known.
    pub(super) async fn answered(
        &mut self,
        outcome: &RecordedOutcome,
        input: &CaseInput,
    ) -> Result<Answered, String> {
        let policy = match self {
            Self::Recorded => return Answered::recorded(outcome),
            Self::Policy(policy) => policy,
            Self::Revisions(revisions) => revisions.of(outcome).await?,
        };
        let again = Answered::of(policy.ask(input).await, input);
        match again.differs_from_record(outcome) {
            Some(why) => Err(why),
            None => Ok(again),
        }
    }
}

impl<'h> Revisions<'h> {
    pub(super) fn new(host: &'h Host, state: PathBuf) -> Self {
        Self { host, state, built: HashMap::new() }
    }

    async fn of(&mut self, outcome: &RecordedOutcome) -> Result<&Candidate, String> {
        let revision = &outcome.revision;
        if !self.built.contains_key(revision) {
            let built = self.build(revision).await;
            self.built.insert(revision.clone(), built);
        }
        match self.built.get(revision) {
            Some(Ok(candidate)) => Ok(candidate),
            Some(Err(why)) => Err(why.clone()),
            None => Err("the revision was not built".into()),
        }
    }

    async fn build(&self, revision: &str) -> Result<Candidate, String> {
        let found = PolicyStore::find_revision(&self.state, revision).map_err(|error| error.to_string())?;
        let spec = found.ok_or_else(|| {
            let shown = revision.get(..SHOWN).unwrap_or(revision);
            format!("revision {shown} is not kept in `{}`", self.state.display())
        })?;
        // It has answered its cases before it was put in force.
        let spec = PolicySpec { cases: Vec::new(), ..spec };
        candidate(self.host, spec).await.map_err(|error| error.to_string())
    }
}
