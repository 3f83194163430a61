//! What `?acl_only=true` shows besides the secrets whose ACL lists the user's id: those that another entry of their ACL
//! opens (`group:ID`, `role:NAME`, `project:ID`, any of these and user ids with a time behind them).
//!
//! Which kinds of entries count is the policy's to say, so it is asked about each such secret as for a read of it.

use uuid::Uuid;

use super::call::{Call, Operation};
use crate::response::Refusal;
use crate::vault::{Kind, Principals};

/// How many secrets the policy is asked about for one list: each is a decision with its record, also for a secret of another
/// project, whose ACL any user can write. Those of the own project come first, then the oldest; the others are left out.
const MAX_ASKED: u64 = 64;

/// The secrets for which `operation` is allowed.
pub(super) async fn secrets(call: &Call<'_>, operation: Operation) -> Result<Vec<Uuid>, Refusal> {
    let requester = &call.requester;
    let groups = requester.groups.iter().map(|group| format!("group:{group}"));
    let principals = Principals {
        user: requester.user.clone().unwrap_or_default(),
        anywhere: groups.chain([format!("project:{}", call.project())]).collect(),
        roles: requester.roles.iter().map(|role| format!("role:{role}")).collect(),
        project: call.project().to_owned(),
    };
    let found = call.api.vault.listed_otherwise(&principals, MAX_ASKED).await;
    let mut allowed = Vec::new();
    for id in found.map_err(|error| Refusal::store(operation.doing, &error))? {
        let Some(held) = call.find(Kind::Secret, id).await? else { continue };
        match call.ask(operation, &held, None).await {
            Ok(()) => allowed.push(id),
            Err(refusal) if refusal.is_forbidden() => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(allowed)
}
