//! What Cedar answers, as the host's opinions and grants.
//!
//! Cedar skips a policy whose condition fails, and permits what another policy permits. Here a `forbid` that fails is a
//! fault, and so the request is refused. A `permit` that fails permits nothing, and is in the log.

use cedar_policy::{Authorizer, Context, Effect, EntityUid, PolicyId, Request, Schema};
use portcullis_policy_sdk::prelude::*;

use crate::place;
use crate::policies::{Policies, Rule};
use crate::request::{Names, Question};
use crate::settings::NoPermit;
use crate::store::{Draft, Store, number_of, tags_of, text_of};

/// Everything that decisions need.
pub(crate) struct Decider {
    pub(crate) policies: Policies,
    pub(crate) schema: Schema,
    pub(crate) store: Store,
    pub(crate) names: Names,
    pub(crate) no_permit: NoPermit,
    pub(crate) authorizer: Authorizer,
}

/// A resource with what the policies say of it, or why they cannot.
type OfResource<'a> = (EntityUid, Result<Outcome<'a>, String>);

/// What the policies say of one resource.
enum Outcome<'a> {
    Permitted(&'a Rule),
    /// All that forbid, in the order of the texts.
    Forbidden(Vec<&'a Rule>),
    /// No policy that applies.
    Neither,
}

impl Decider {
    /// One opinion of all resources: each must be permitted, and none forbidden.
    pub(crate) fn opinion(&self, question: Question, no_permit: NoPermit) -> Result<Opinion, String> {
        let action = question.action.clone();
        let mut permitted = None;
        let mut neither = None;
        let mut fault = None;
        for (resource, outcome) in self.outcomes(question)? {
            match outcome {
                Ok(Outcome::Forbidden(rules)) => return Ok(denial(&rules)),
                Ok(Outcome::Permitted(rule)) => permitted = permitted.or(Some(rule)),
                Ok(Outcome::Neither) => neither = neither.or(Some(resource)),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        match (fault, neither, permitted) {
            (Some(error), ..) => Err(error),
            (_, Some(resource), _) if no_permit == NoPermit::Deny => Ok(Opinion::deny(
                "no-permit",
                format!("no policy permits {} on {}", action.id().unescaped(), named(&resource)),
            )),
            (_, None, Some(rule)) => Ok(Opinion::allow(rule.name.clone())),
            _ => Ok(Opinion::abstain()),
        }
    }

    /// One grant for each role of the entities that is permitted, and one denial for each that is forbidden.
    pub(crate) fn grants(&self, request: &aws::Request) -> Result<aws::Answer, String> {
        let wanted = |account: &str, role: &str| {
            request.account.as_deref().is_none_or(|wanted| wanted == account)
                && request.role.as_deref().is_none_or(|wanted| wanted == role)
        };
        let mut roles = Vec::new();
        for role in self.store.of_type(&self.names.role) {
            let uid = role.uid();
            if uid.id().unescaped().split_once('/').is_some_and(|(account, role)| wanted(account, role)) {
                roles.push(uid);
            }
        }
        let mut question = crate::request::aws::request(&self.names, request, roles)?;
        // A role that only another policy knows: it is not granted here, but it can be forbidden.
        if let (Some(account), Some(role), []) =
            (&request.account, &request.role, question.resources.as_slice())
        {
            let (uid, account_uid) = crate::request::aws::role(&self.names, account, role);
            let attributes = crate::value::fields([
                ("account", Some(crate::value::text(account))),
                ("name", Some(crate::value::text(role))),
            ]);
            question.drafts.push(Draft {
                uid: uid.clone(),
                attributes,
                tags: Vec::new(),
                parents: vec![account_uid],
            });
            question.resources.push(uid);
        }
        let mut answer = aws::Answer::default();
        for (resource, outcome) in self.outcomes(question)? {
            let Some((account, role)) = resource.id().unescaped().split_once('/') else { continue };
            match outcome? {
                Outcome::Permitted(by) => answer.grants.extend(self.grant(&resource, account, role, by)?),
                Outcome::Forbidden(by) => {
                    let denial = denial(&by);
                    answer.denials.push(aws::Denial {
                        account: Some(account.to_owned()),
                        role: Some(role.to_owned()),
                        reason: denial.reason,
                        rule: denial.rule,
                        extra: Vec::new(),
                    });
                }
                Outcome::Neither => {}
            }
        }
        Ok(answer)
    }

    /// The session is as the role's entity says.
    fn grant(
        &self,
        uid: &EntityUid,
        account: &str,
        role: &str,
        by: &Rule,
    ) -> Result<Option<aws::Grant>, String> {
        let Some(entity) = self.store.get(uid) else { return Ok(None) };
        let duration = number_of(entity, "durationSeconds").map(|seconds| {
            seconds.try_into().map_err(|_| format!("`{uid}`: `durationSeconds` is {seconds}"))
        });
        Ok(Some(aws::Grant {
            account: account.to_owned(),
            role: role.to_owned(),
            reason: by.reason.clone().unwrap_or_else(|| by.name.clone()),
            duration_seconds: duration.transpose()?,
            session_name: text_of(entity, "sessionName"),
            source_identity: text_of(entity, "sourceIdentity"),
            tags: tags_of(entity),
            session_policy: text_of(entity, "sessionPolicy"),
            external_id: text_of(entity, "externalId"),
            extra: Vec::new(),
        }))
    }

    /// Decides, and says only whether the request fits the schema.
    pub(crate) fn rehearse(&self, question: Question) -> Result<(), String> {
        self.outcomes(question).map(|_| ())
    }

    /// What the policies say of each resource.
    fn outcomes(&self, question: Question) -> Result<Vec<OfResource<'_>>, String> {
        let Question { principal, action, resources, context, drafts } = question;
        let reached = resources.iter().cloned().chain([action.clone()]);
        let entities = self.store.joined(drafts, reached)?;
        let context = Context::from_pairs(context).map_err(|error| place::chain(&error))?;
        let mut outcomes = Vec::new();
        for resource in resources {
            let request = Request::new(
                principal.clone(),
                action.clone(),
                resource.clone(),
                context.clone(),
                Some(&self.schema),
            )
            .map_err(|error| format!("the request does not fit the schema: {}", place::chain(&error)))?;
            let response = self.authorizer.is_authorized(&request, &self.policies.set, &entities);
            outcomes.push((resource, self.outcome(&response)));
        }
        Ok(outcomes)
    }

    fn outcome(&self, response: &cedar_policy::Response) -> Result<Outcome<'_>, String> {
        let rule = |id: &PolicyId| {
            self.policies
                .rules
                .get(id)
                .ok_or_else(|| format!("Cedar names a policy `{id}`, which is not there"))
        };
        let mut determining = response.diagnostics().reason().map(rule).collect::<Result<Vec<_>, _>>()?;
        determining.sort_by_key(|rule| rule.position);
        let mut forbids = None;
        let mut permits = None;
        for error in response.diagnostics().errors() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(failed) = error;
            let text = format!("policy `{}`: {}", failed.policy_id(), place::chain(failed.inner()));
            match rule(failed.policy_id())?.effect {
                Effect::Forbid => forbids = forbids.or(Some(text)),
                Effect::Permit => {
                    log::warn(&text);
                    permits = permits.or(Some(text));
                }
            }
        }
        let is_forbidden = determining.first().is_some_and(|rule| rule.effect == Effect::Forbid);
        if is_forbidden {
            return Ok(Outcome::Forbidden(determining));
        }
        if let Some(error) = forbids {
            return Err(error);
        }
        match (determining.first(), permits) {
            (Some(rule), _) => Ok(Outcome::Permitted(rule)),
            // Another policy could allow what this one was to decide.
            (None, Some(error)) => Err(error),
            (None, None) => Ok(Outcome::Neither),
        }
    }
}

/// The first rule in the order of the texts names the denial, and all reasons are told.
fn denial(rules: &[&Rule]) -> Opinion {
    let reason = |rule: &&Rule| {
        rule.reason.clone().unwrap_or_else(|| format!("forbidden by the rule `{}`", rule.name))
    };
    let reasons: Vec<_> = rules.iter().map(reason).collect();
    Opinion::deny(rules.first().map(|rule| rule.name.clone()).unwrap_or_default(), reasons.join("; "))
}

/// An entity's id, for the caller.
fn named(uid: &EntityUid) -> String {
    let id = uid.id().unescaped().trim_end_matches('/');
    if id.is_empty() { "this".to_owned() } else { format!("`{id}`") }
}
