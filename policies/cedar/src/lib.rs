//! Policy `builtin:cedar`: the operator's Cedar, parsed and validated once in `configure`, pre-initialized with the memory,
//! and evaluated by the crate `cedar-policy` for each decision.
//!
//! * [`settings`]: what the operator writes; [`limits`]: how deep a text may be nested
//! * [`schema`]: the schema of requests, and the operator's declarations
//! * [`policies`]: parsed, named by `@id`, validated; `place` has file, line and column of an error
//! * [`store`]: the operator's entities, and those of a request joined with them
//! * [`request`]: a record of the WIT as principal, action, resource and context; `value` and `time` are parts of it
//! * [`decide`]: Cedar's answer as an opinion, or as grants

mod decide;
mod limits;
mod place;
mod policies;
mod request;
mod schema;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod value;

use cedar_policy::Authorizer;
use decide::Decider;
use policies::Policies;
use portcullis_policy_sdk::prelude::*;
use request::Names;
use schema::Schemas;
use settings::{NoPermit, Settings};
use store::Store;

/// The policy.
struct Cedar(Decider);

impl Policy for Cedar {
    type Settings = Settings;

    fn configure(mut settings: Settings) -> Result<Self, String> {
        let schemas = Schemas::new(settings.schema.as_deref())?;
        let policies = Policies::new(&settings.files()?, &schemas.requests)?;
        let store = Store::new(settings.entities()?, &settings.accounts, &schemas, policies.literals())?;
        let names = Names::new(&schemas.requests, settings.utc_offset)?;
        let policy = Self(Decider {
            policies,
            store,
            names,
            schema: schemas.requests,
            no_permit: settings.no_permit,
            authorizer: Authorizer::new(),
        });
        policy.rehearse()?;
        Ok(policy)
    }
}

impl Cedar {
    /// Decides once on each hook with an empty request, so that a schema that requests do not fit is refused now, and
    /// what Cedar prepares on first use is in the pre-initialized image. Faults of policies are ignored: an empty request
    /// may lack what they rely on.
    fn rehearse(&self) -> Result<(), String> {
        let questions = [
            request::docker::request(&self.0.names, &docker::Request::default())?,
            request::docker::response(&self.0.names, &docker::Response::default())?,
            request::secrets::access(&self.0.names, &secrets::Access::default())?,
        ];
        for question in questions {
            self.0.rehearse(question)?;
        }
        Ok(())
    }
}

impl DockerRequest for Cedar {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        self.0.opinion(request::docker::request(&self.0.names, request)?, self.0.no_permit)
    }
}

impl DockerResponse for Cedar {
    /// A response is withheld where it is forbidden, and needs no permit.
    fn authorize(&self, response: &docker::Response) -> Result<Opinion, String> {
        self.0.opinion(request::docker::response(&self.0.names, response)?, NoPermit::Abstain)
    }
}

impl SecretAccess for Cedar {
    fn authorize(&self, access: &secrets::Access) -> Result<Opinion, String> {
        self.0.opinion(request::secrets::access(&self.0.names, access)?, self.0.no_permit)
    }
}

impl AwsRoles for Cedar {
    fn grants(&self, request: &aws::Request) -> Result<aws::Answer, String> {
        self.0.grants(request)
    }
}

export!(Cedar: docker_request, docker_response, secret_access, aws_roles);
