//! Ends the cached sessions of a user, at the wish of an operator.

use portcullis_api::{Revocation, Revoked};
use portcullis_contract::aws::Grant;
use std::collections::BTreeSet;

use crate::aws::Session;
use crate::mounts::{Mount, Mounts};

/// Drops what is cached for the user on the mounts that are meant.
///
/// # Errors
/// The mount or the role that there is none of.
pub(super) fn revoke(mounts: &Mounts, wanted: &Revocation) -> Result<Vec<Revoked>, String> {
    let is_meant = |mount: &&Mount| wanted.mount.as_ref().is_none_or(|name| *name == mount.name);
    let meant: Vec<_> = mounts.iter().filter(is_meant).collect();
    if meant.is_empty() {
        let names: Vec<_> = mounts.iter().map(|mount| format!("`{}`", mount.name)).collect();
        return Err(format!("there is no such mount; there are {}", names.join(", ")));
    }
    let mut revoked = BTreeSet::new();
    let mut has_role = wanted.role.is_none();
    for mount in meant {
        let role_arn = wanted.role.as_deref().map(|role| role_arn(mount, &wanted.user, role));
        if let Some(None) = role_arn {
            continue;
        }
        has_role = true;
        let forgotten = mount.aws.forget(&mount.name, &wanted.user, role_arn.flatten().as_deref());
        revoked
            .extend(forgotten.into_iter().map(|(role_arn, session_name)| Revoked { role_arn, session_name }));
    }
    if !has_role {
        return Err("the role is ACCOUNT/ROLE, with an account of a mount, e.g. `production/reader`".into());
    }
    Ok(revoked.into_iter().collect())
}

/// The ARN of `ACCOUNT/ROLE` on a mount that has the account.
fn role_arn(mount: &Mount, user: &str, role: &str) -> Option<String> {
    let (account, role) = role.split_once('/')?;
    let grant = Grant { account: account.into(), role: role.into(), ..Grant::default() };
    Session::known_as(mount.accounts.get(account)?, user, &grant).ok().map(|(role_arn, _)| role_arn)
}
