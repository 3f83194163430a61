//! What the policies in force would decide, for an operator who tries a request before a client makes it. Asked as for a
//! client; nothing is carried out, recorded, or asked of monitoring policies.

use portcullis_audit::{Principal, Record, Target};
use portcullis_contract::docker_edits::Edits;
use portcullis_contract::hook::{self, Hook};
use portcullis_contract::{aws, docker, secrets};
use portcullis_engine::Callable;
use portcullis_engine::case::CaseInput;
use std::sync::Arc;
use std::time::Instant;

use crate::Policies;
use crate::docker::describe_docker_request;
use crate::record;

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
        match input {
            CaseInput::DockerRequest(input) => {
                let record = self.opinion::<hook::DockerRequest>(input).await;
                docker_record(input, record).into()
            }
            CaseInput::DockerResponse(input) => {
                let record = self.opinion::<hook::DockerResponse>(input).await;
                docker_record(&input.request, record).into()
            }
            CaseInput::SecretAccess(input) => {
                let record = self.opinion::<hook::SecretAccess>(input).await;
                secrets_record(input, record).into()
            }
            CaseInput::DockerEdit(input) => {
                let begun = Instant::now();
                let caller = self.caller_of::<hook::DockerEdit>(input, begun);
                let edits = self.generation.edits(input, &caller).await;
                let record = record::by_policies::<hook::DockerEdit>(input, edits.decision, begun);
                Asked { edits: edits.edits, ..docker_record(input, record).into() }
            }
            CaseInput::AwsRoles(input) => {
                let begun = Instant::now();
                let caller = self.caller_of::<hook::AwsRoles>(input, begun);
                let serves = |hooks: &[_]| hooks.contains(&hook::AwsRoles::NAME);
                let of = self.generation.status().filter(|policy| serves(&policy.hooks));
                let of: Vec<_> = of.map(|policy| Arc::clone(&policy.name)).collect();
                let granted = self.generation.grants(input, &of, &caller).await;
                let record = record::by_policies::<hook::AwsRoles>(input, granted.decision, begun);
                let (grants, denials) = (granted.grants, granted.denials);
                Asked { grants, denials, ..aws_record(input, record).into() }
            }
        }
    }

    async fn opinion<H>(&self, input: &Arc<H::Input>) -> Record
    where
        H: Callable + Hook<Answer = portcullis_contract::types::Opinion>,
    {
        let begun = Instant::now();
        let decision = self.generation.decide::<H>(input, &self.caller_of::<H>(input, begun)).await;
        record::by_policies::<H>(input, decision, begun)
    }

    fn caller_of<H: Hook>(&self, input: &H::Input, begun: Instant) -> portcullis_engine::Caller {
        self.caller(H::principal(input), H::context(input), begun)
    }
}

fn docker_record(request: &docker::Request, mut record: Record) -> Record {
    describe_docker_request(request, &Arc::from(request.daemon.as_str()), &mut record);
    record
}

fn secrets_record(access: &secrets::Access, mut record: Record) -> Record {
    let requester = &access.principal;
    record.principal = Some(Principal {
        name: requester.user.clone(),
        authentication: if requester.user.is_some() { "token" } else { "anonymous" }.into(),
        groups: requester.groups.clone(),
        certificate: None,
    });
    record.operation = Some(access.operation.clone().into());
    let entity = access.entity.iter();
    record
        .targets
        .extend(entity.map(|entity| Target { kind: entity.kind.clone().into(), as_sent: entity.id.clone() }));
    record
}

fn aws_record(request: &aws::Request, mut record: Record) -> Record {
    record.principal = Some((&request.principal).into());
    record.operation = Some(request.purpose.clone().into());
    record
}
