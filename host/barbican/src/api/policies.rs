//! The [`Decider`] of production: the policies in force, and the decision log.

use portcullis_authorization::{Authorizer, NotReady};
use portcullis_contract::hook::{HookName, SecretAccess};
use portcullis_contract::secrets::Access;
use portcullis_identity::Tokens;
use std::sync::Arc;

use super::record;
use super::{BarbicanApi, Options};
use crate::decide::{Decider, Deciding, Question};
use crate::vault::Vault;

impl BarbicanApi {
    /// An API that asks `authorizer`, and authenticates by `tokens`.
    pub fn new(authorizer: Authorizer, vault: Vault, tokens: Tokens, options: Options) -> Self {
        Self::with(Arc::new(authorizer), Arc::new(tokens), vault, options)
    }
}

impl Decider for Authorizer {
    fn ready(&self) -> Result<(), NotReady> {
        self.policies().ready(HookName::SecretAccess)
    }

    fn decide(&self, question: Question) -> Deciding<'_> {
        Box::pin(async move {
            let Question { access, method, uri, begun } = question;
            let describe =
                move |access: &Access, record: &mut _| record::describe(access, &method, &uri, record);
            self.policies().decide::<SecretAccess>(Arc::new(access), begun, describe).await
        })
    }

    fn refuse(&self, question: Question, rule: &'static str, reason: String) -> Deciding<'_> {
        Box::pin(async move {
            let Question { access, method, uri, begun } = question;
            let asked = (&access.context, HookName::SecretAccess);
            let describe = |record: &mut _| record::describe(&access, &method, &uri, record);
            Err(self.policies().refuse_by_host(asked, (rule, &reason), begun, describe).await)
        })
    }
}
