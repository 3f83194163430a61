//! Policy `builtin:rego`: the operator's Rego, parsed and checked once in `configure`, pre-initialized with the memory,
//! and evaluated by regorus for each decision.
//!
//! * [`settings`]: what the operator writes; `bundle` reads OPA's bundles
//! * [`lint`]: calls of functions that do not exist are refused before the first decision
//! * [`builtins`]: functions of OPA that regorus does not have, or that need what a sandbox has not
//! * [`spelling`]: what newer releases of OPA write otherwise than regorus reads it
//! * [`evaluator`]: one query for each hook
//! * [`record`]: a WIT record as Rego's `input`; [`docker_authz`]: the `input` of opa-docker-authz
//! * [`answer`]: what a query's value means

mod answer;
mod builtins;
mod bundle;
mod docker_authz;
mod evaluator;
mod lint;
mod query;
mod record;
mod settings;
mod spelling;
#[cfg(test)]
mod tests;

use evaluator::Evaluator;
use portcullis_policy_sdk::docker_edits::Edits;
use portcullis_policy_sdk::prelude::*;
use query::Hook;
use regorus::Value;
use settings::{InputShape, Settings};

/// The policy.
struct Rego {
    evaluator: Evaluator,
    input: InputShape,
}

impl Policy for Rego {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        let input = settings.input;
        let policy = Self { evaluator: Evaluator::new(settings)?, input };
        policy.rehearse()?;
        Ok(policy)
    }
}

impl Rego {
    /// Evaluates every query once with an empty request, so that what regorus prepares on first use is in the
    /// pre-initialized image. Faults are ignored: an empty request may lack what the policy relies on.
    fn rehearse(&self) -> Result<(), String> {
        let empty = docker::Request::default();
        let inputs = [
            (Hook::DockerRequest, self.docker(&empty)?),
            (Hook::DockerResponse, record::of(&docker::Response::default())?),
            (Hook::DockerEdit, record::of(&empty)?),
            (Hook::SecretAccess, record::of(&secrets::Access::default())?),
            (Hook::AwsRoles, record::of(&aws::Request::default())?),
        ];
        for (hook, input) in inputs {
            let _ = self.evaluator.evaluate(hook, 0, input);
        }
        Ok(())
    }

    fn docker(&self, request: &docker::Request) -> Result<Value, String> {
        match self.input {
            InputShape::Facts => record::of(request),
            InputShape::OpaDockerAuthz => docker_authz::input(request),
        }
    }

    /// A hook without a query has no opinion.
    fn opinion(&self, hook: Hook, now: u64, input: Value) -> Result<Opinion, String> {
        let rules = self.evaluator.evaluate(hook, now, input)?;
        rules.map_or_else(|| Ok(Opinion::abstain()), |rules| answer::opinion(&rules))
    }
}

impl DockerRequest for Rego {
    fn authorize(&self, request: &docker::Request) -> Result<Opinion, String> {
        self.opinion(Hook::DockerRequest, request.context.now, self.docker(request)?)
    }
}

impl DockerResponse for Rego {
    fn authorize(&self, response: &docker::Response) -> Result<Opinion, String> {
        if self.evaluator.has(Hook::DockerResponse) {
            let now = response.request.context.now;
            return self.opinion(Hook::DockerResponse, now, record::of(response)?);
        }
        Ok(Opinion::abstain())
    }
}

impl DockerEdit for Rego {
    fn edit(&self, request: &docker::Request) -> Result<Edits, String> {
        if !self.evaluator.has(Hook::DockerEdit) {
            return Ok(Edits::default());
        }
        let rules = self.evaluator.evaluate(Hook::DockerEdit, request.context.now, record::of(request)?)?;
        rules.map_or_else(|| Ok(Edits::default()), |rules| answer::edits(&rules))
    }
}

impl SecretAccess for Rego {
    fn authorize(&self, access: &secrets::Access) -> Result<Opinion, String> {
        self.opinion(Hook::SecretAccess, access.context.now, record::of(access)?)
    }
}

impl AwsRoles for Rego {
    fn grants(&self, request: &aws::Request) -> Result<aws::Answer, String> {
        let rules = self.evaluator.evaluate(Hook::AwsRoles, request.context.now, record::of(request)?)?;
        rules.map_or_else(|| Ok(aws::Answer::default()), |rules| answer::grants(&rules))
    }
}

export!(Rego: docker_request, docker_response, docker_edit, secret_access, aws_roles);
