//! What the policies in force would decide, for an operator who tries a request before a client makes it. Nothing is carried
//! out, recorded, or asked of monitoring policies.

use portcullis_audit::{Record, Target};
use portcullis_contract::docker_edits::Edits;
use portcullis_contract::hook::{self, Hook};
use portcullis_contract::types::Opinion;
use portcullis_contract::{aws, docker};
use portcullis_engine::case::CaseInput;
use portcullis_engine::{Callable, Caller};
use std::sync::Arc;
use std::time::Instant;

use crate::Policies;
use crate::docker::describe_docker_request;
use crate::record;

/// Whose turns in the queues of policies count: not those of the principal in the facts.
const OPERATOR: &str = "operator";

/// What the policies in force came to.
pub struct Asked {
    /// The record that a request with this input would leave.
    pub record: Record,
    /// The roles that may be had, each with the policy that supplied it.
    pub grants: Vec<(Arc<str>, aws::Grant)>,
    /// What was denied, each with the policy that did.
    pub denials: Vec<(Arc<str>, aws::Denial)>,
    /// What each policy edits, in order.
    pub edits: Vec<Edits>,
}

impl From<Record> for Asked {
    fn from(record: Record) -> Self {
        Self { record, grants: Vec::new(), denials: Vec::new(), edits: Vec::new() }
    }
}

impl Policies {
    /// Asks the policies of the input's hook. Of `aws-roles`, those of all mounts.
    pub async fn ask(&self, input: &CaseInput) -> Asked {
        let begun = Instant::now();
        let caller = Caller::new(None, Some(OPERATOR), self.until(begun));
        match input {
            CaseInput::DockerRequest(input) => {
                let record = self.opinion::<hook::DockerRequest>(input, &caller, begun).await;
                of_docker(input, record).into()
            }
            CaseInput::DockerResponse(input) => {
                let record = self.opinion::<hook::DockerResponse>(input, &caller, begun).await;
                of_docker(&input.request, record).into()
            }
            CaseInput::SecretAccess(input) => {
                let mut record = self.opinion::<hook::SecretAccess>(input, &caller, begun).await;
                record.principal = Some((&input.principal).into());
                record.operation = Some(input.operation.clone().into());
                let target =
                    input.entity.as_ref().map(|entity| (entity.kind.clone().into(), entity.id.clone()));
                record.targets.extend(target.map(|(kind, as_sent)| Target { kind, as_sent }));
                record.into()
            }
            CaseInput::DockerEdit(input) => {
                let edits = self.generation.edits(input, &caller).await;
                let record = record::by_policies::<hook::DockerEdit>(input, edits.decision, begun);
                Asked { edits: edits.edits, ..of_docker(input, record).into() }
            }
            CaseInput::AwsRoles(input) => {
                let serving =
                    self.generation.status().filter(|policy| policy.hooks.contains(&hook::AwsRoles::NAME));
                let of: Vec<_> = serving.map(|policy| Arc::clone(&policy.name)).collect();
                let granted = self.generation.grants(input, &of, &caller).await;
                let mut record = record::by_policies::<hook::AwsRoles>(input, granted.decision, begun);
                record.principal = Some((&input.principal).into());
                record.operation = Some(input.purpose.clone().into());
                Asked { grants: granted.grants, denials: granted.denials, ..record.into() }
            }
        }
    }

    async fn opinion<H>(&self, input: &Arc<H::Input>, caller: &Caller, begun: Instant) -> Record
    where
        H: Callable + Hook<Answer = Opinion>,
    {
        let decision = self.generation.decide::<H>(input, caller).await;
        record::by_policies::<H>(input, decision, begun)
    }
}

fn of_docker(request: &docker::Request, mut record: Record) -> Record {
    describe_docker_request(request, &Arc::from(request.daemon.as_str()), &mut record);
    record
}
