//! The [`Decider`] of production: mounts and policies of one generation, and the decision log.

use portcullis_audit::Record;
use portcullis_authorization::{Authorizer, NotReady, Policies};
use portcullis_contract::aws::{Grant, Request};
use portcullis_contract::hook::HookName;
use std::sync::{Arc, LazyLock};

use super::call::Purpose;
use super::{FederationApi, NoRandomness, record};
use crate::access::AccessRequests;
use crate::aws::Session;
use crate::decide::{Decider, Deciding, InForce, Question, narrowed};
use crate::mounts::Mounts;

/// The mounts before any were published.
static NO_MOUNTS: LazyLock<Mounts> = LazyLock::new(Mounts::default);

impl FederationApi {
    /// An API that asks `authorizer`. Its [`Mounts`] are attached to the generation in force.
    pub fn new(
        authorizer: Authorizer,
        token_key: Option<&[u8]>,
        requests: Option<AccessRequests>,
    ) -> Result<Self, NoRandomness> {
        Self::with(Arc::new(authorizer), token_key, requests)
    }
}

impl Decider for Authorizer {
    fn in_force(&self) -> Arc<dyn InForce> {
        Arc::new(Current { policies: self.policies() })
    }

    fn record(&self, record: Record) {
        // Not waited for: a user whose first failure is recorded would be told apart by the time, from one who is unknown.
        if let Err(error) = Authorizer::record(self, record) {
            tracing::error!(%error, "a failed login cannot be recorded");
        }
    }
}

struct Current {
    policies: Policies,
}

impl InForce for Current {
    fn mounts(&self) -> &Mounts {
        self.policies.generation().attached().unwrap_or(&NO_MOUNTS)
    }

    fn ready(&self, policies: &[Arc<str>]) -> Result<(), NotReady> {
        self.policies.ready_with(HookName::AwsRoles, policies)
    }

    fn decide(self: Arc<Self>, question: Question) -> Deciding {
        Box::pin(async move {
            let Question { request, policies: of, method, uri, session_tags, begun } = question;
            let current = Arc::clone(&self);
            let describe = move |request: &Request, granted: &[Grant], record: &mut _| {
                let session = current.known_as(request, granted);
                let known_as = record::KnownAs { session, tags: &session_tags };
                record::describe(request, (&method, &uri), granted, known_as, record);
            };
            self.policies.clone().grants(Arc::new(request), of, begun, narrowed, describe).await
        })
    }
}

impl Current {
    /// The role's ARN and the session's name as AWS will know them; none where no session is asked for, and for what AWS would
    /// reject.
    fn known_as(&self, request: &Request, granted: &[Grant]) -> Option<(String, String)> {
        let without = [Purpose::List, Purpose::Request, Purpose::Approve].map(Purpose::as_str);
        let ([grant], false) = (granted, without.contains(&request.purpose.as_str())) else { return None };
        let mount = self.mounts().iter().find(|mount| mount.name == request.mount)?;
        let user = request.principal.name.as_deref().unwrap_or_default();
        Session::known_as(mount.accounts.get(&grant.account)?, user, grant).ok()
    }
}
