//! Ends the cached sessions of a user, at the wish of an operator, and where no role is named those of the page.

use portcullis_api::{Revocation, Revoked};
use portcullis_contract::aws::Grant;
use portcullis_contract::types::Principal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::record;
use crate::access::{AccessRequest, AccessRequests, now};
use crate::aws::Session;
use crate::decide::Decider;
use crate::mounts::{Mount, Mounts};

/// Who revokes a request for access by the admin API.
const OPERATOR: &str = "the operator";

/// Drops what is cached for the user on the mounts that are meant, and revokes what others have approved.
///
/// # Errors
/// The mount or the role that there is none of, or a role that stands for several.
pub(super) async fn revoke(
    mounts: &Mounts,
    requests: Option<&AccessRequests>,
    wanted: &Revocation,
    decider: &dyn Decider,
) -> Result<Revoked, String> {
    let is_meant = |mount: &&Mount| wanted.instance.as_ref().is_none_or(|name| *name == mount.name);
    let meant: Vec<_> = mounts.iter().filter(is_meant).collect();
    if meant.is_empty() {
        let names: Vec<_> = mounts.iter().map(|mount| format!("`{}`", mount.name)).collect();
        return Err(format!("there is no such mount; there are {}", names.join(", ")));
    }
    // The ARN of the role and the name of the session.
    let mut sessions: BTreeSet<(String, String)> = BTreeSet::new();
    let roles = wanted.target.as_deref().map(|target| named_roles(mounts, &meant, &wanted.user, target));
    let roles = roles.transpose()?;
    if roles.as_ref().is_some_and(BTreeSet::is_empty) {
        return Err("the role is ACCOUNT/ROLE, with an account of a mount, e.g. `production/reader`".into());
    }
    let (mut revoked, mut of_page) = (0, 0);
    for mount in meant {
        // First: a session of the page leads to new credentials.
        if let (None, Some(sign_in)) = (&roles, &mount.sign_in) {
            of_page += sign_in.end_sessions_of(&wanted.user);
        }
        // Before the sessions: what is approved would lead to credentials again.
        if let Some(requests) = requests {
            // By the ARN, as for sessions.
            let is_meant = |request: &AccessRequest| {
                let role = format!("{}/{}", request.account, request.role);
                let role = role_arn(mount, &wanted.user, &role);
                roles.as_ref().is_none_or(|roles| role.is_some_and(|role| roles.contains(&role)))
            };
            let done = requests.revoke(&mount.name, &wanted.user, is_meant, OPERATOR, now(), |request| {
                revoked += 1;
                decider.record(record::access(request, &operator(), None));
            });
            done.await.map_err(|error| format!("requests for access cannot be revoked: {error}"))?;
        }
        match &roles {
            None => sessions.extend(mount.aws.forget(&mount.name, &wanted.user, None)),
            Some(roles) => {
                for role in roles {
                    sessions.extend(mount.aws.forget(&mount.name, &wanted.user, Some(role)));
                }
            }
        }
    }
    let policy = deny_policy(&sessions, SystemTime::now());
    let shown = sessions.iter().map(|(role, name)| json!({ "role_arn": role, "session_name": name }));
    let details = json!({
        "sessions": shown.collect::<Vec<_>>(),
        "policy": policy,
        "requests": revoked,
        "page_sessions": of_page,
    });
    Ok(Revoked { ended: sessions.len(), details })
}

/// The ARNs of what `ACCOUNT/ROLE` is to the mounts that are meant, or else to any mount: one mount may call an account otherwise
/// than another, and the role is revoked on each, by any name. A name that is not of the mounts that are meant, and stands for
/// several roles on others, says of none which is meant.
fn named_roles(
    mounts: &Mounts,
    meant: &[&Mount],
    user: &str,
    target: &str,
) -> Result<BTreeSet<String>, String> {
    let known: BTreeSet<_> = meant.iter().filter_map(|mount| role_arn(mount, user, target)).collect();
    if !known.is_empty() {
        return Ok(known);
    }
    let others: BTreeSet<_> = mounts.iter().filter_map(|mount| role_arn(mount, user, target)).collect();
    if others.len() > 1 {
        let arns: Vec<_> = others.iter().map(|arn| format!("`{arn}`")).collect();
        let arns = arns.join(", ");
        return Err(format!("the role stands for several: {arns}; name it as the mount calls it"));
    }
    Ok(others)
}

/// Who revokes, for the records. The record of the whole revocation says by which way the operator came.
fn operator() -> Principal {
    Principal { name: Some(OPERATOR.into()), authentication: "admin".into(), ..Principal::default() }
}

/// The ARN of `ACCOUNT/ROLE` on a mount that has the account.
fn role_arn(mount: &Mount, user: &str, role: &str) -> Option<String> {
    let (account, role) = role.split_once('/')?;
    let grant = Grant { account: account.into(), role: role.into(), ..Grant::default() };
    Session::known_as(mount.accounts.get(account)?, user, &grant).ok().map(|(role_arn, _)| role_arn)
}

/// Denies everything to sessions of these names that AWS gave before now (IAM User Guide, Revoking IAM role temporary
/// security credentials). None where no session is known: without a name, it would be a denial for all users.
fn deny_policy(sessions: &BTreeSet<(String, String)>, now: SystemTime) -> Option<Value> {
    let names: BTreeSet<_> = sessions.iter().map(|(_, name)| format!("*:{name}")).collect();
    // AWS issues tokens in whole seconds: those of this second are meant too.
    let before = humantime::format_rfc3339_seconds(now + Duration::from_secs(1)).to_string();
    (!names.is_empty()).then(|| {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "RevokedByPortcullis",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "DateLessThan": { "aws:TokenIssueTime": before },
                    "StringLike": { "aws:userid": names },
                },
            }],
        })
    })
}
