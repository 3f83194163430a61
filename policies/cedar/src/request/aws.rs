//! `aws-roles`: who asks in which circumstances; the roles are the resources.

use cedar_policy::EntityUid;
use portcullis_policy_sdk::aws::Request;

use super::{Names, Question, uid};
use crate::value::{fields, optional, text};

pub(crate) fn request(names: &Names, request: &Request, roles: Vec<EntityUid>) -> Result<Question, String> {
    let mut drafts = Vec::new();
    let principal = names.principal(&request.principal, &mut drafts)?;
    let mut context = names.circumstances(&request.context)?;
    context.extend(fields([
        ("mount", Some(text(&request.mount))),
        ("purpose", Some(text(&request.purpose))),
        ("callbackUrl", optional(request.callback_url.as_ref())),
        ("extra", Some(names.multi_map("extra", &request.extra, &mut drafts))),
    ]));
    Ok(Question { principal, action: names.assume.clone(), resources: roles, context, drafts })
}

/// The role of an account, and the account.
pub(crate) fn role(names: &Names, account: &str, role: &str) -> (EntityUid, EntityUid) {
    (uid(&names.role, &format!("{account}/{role}")), uid(&names.account, account))
}
