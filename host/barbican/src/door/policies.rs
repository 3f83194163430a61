//! The [`Decider`] of production: the policies in force, and the decision log.

use portcullis_audit::Log;
use portcullis_authorization::{Authorizer, NotReady, Refused};
use portcullis_contract::hook::{HookName, SecretAccess};
use portcullis_engine::Host;
use portcullis_identity::Tokens;
use std::sync::Arc;

use super::record;
use super::{Door, Options};
use crate::decide::{Decider, Deciding, Question};
use crate::vault::Vault;

impl Door {
    /// A door that asks the policies of `host`, writes its records to `log`, and takes whoever `tokens` names.
    pub fn new(host: Arc<Host>, log: Log, vault: Vault, tokens: Tokens, options: Options) -> Self {
        Self::with(Arc::new(Authorizer::new(host, log)), Arc::new(tokens), vault, options)
    }
}

impl Decider for Authorizer {
    fn ready(&self) -> Result<(), NotReady> {
        self.policies().ready(HookName::SecretAccess)
    }

    fn decide(&self, question: Question) -> Deciding<'_> {
        Box::pin(async move {
            let Question { access, method, uri, begun } = question;
            let id = access.context.decision.clone();
            let decision =
                self.policies().decide::<SecretAccess>(Box::new(access), begun, move |access, record| {
                    record::describe(access, &method, &uri, record);
                });
            self.run(decision).await.unwrap_or_else(|| Err(Refused::cut_short(&id)))
        })
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        Box::pin(async move {
            let Question { access, method, uri, begun } = question;
            let id = access.context.decision.clone();
            let policies = self.policies();
            let refusal = async move {
                let asked = (&access.context, HookName::SecretAccess);
                let describe = |record: &mut _| record::describe(&access, &method, &uri, record);
                Err(policies.refuse_by_host(asked, (rule, &reason), begun, describe).await)
            };
            self.run(refusal).await.unwrap_or_else(|| Err(Refused::cut_short(&id)))
        })
    }
}
