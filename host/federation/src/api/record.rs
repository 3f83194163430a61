//! What this API adds to the record of a decision. Neither credentials nor console URLs ever come here: the record is
//! written before AWS is asked.

use portcullis_audit::{Principal, Record, Target};
use portcullis_contract::aws::{Grant, Request};
use portcullis_contract::types::Verdict;
use portcullis_identity::FailedLogin;

use super::session_tags;

/// The record of a login that failed, which stands for all of this user and address within a minute.
pub(super) fn failed_login(
    login: &FailedLogin,
    mount: &str,
    operation: &str,
    peer: Option<String>,
) -> Record {
    let context = portcullis_authorization::context("aws-federation", peer);
    let mut record = Record::authentication(context.decision, context.now, "aws-federation", Verdict::Deny);
    let (rule, reason) = match login.user {
        Some(_) => ("host:wrong-password", "the password is wrong"),
        None => ("host:unknown-user", "there is no such user"),
    };
    record.rule = rule.into();
    record.reason = reason.into();
    record.operation = Some(operation.to_owned().into());
    record.peer = context.peer;
    record.principal = Some(Principal {
        name: login.user.clone(),
        authentication: "password".into(),
        groups: Vec::new(),
        certificate: None,
    });
    record.extra.push(("mount".into(), mount.into()));
    record
}

/// How many roles of a list are named.
const NAMED: usize = 20;

/// Adds who asked for what, and what was granted.
///
/// `known_as` is the role's ARN and the session's name, by which everything done with it is found in `CloudTrail`, and the
/// tags are those that the session has beside granted ones.
pub(super) fn describe(
    request: &Request,
    (method, uri): (&str, &str),
    granted: &[Grant],
    (known_as, session_tags): (Option<(String, String)>, &[(String, String)]),
    record: &mut Record,
) {
    record.principal = Some((&request.principal).into());
    record.operation = Some(request.purpose.clone().into());
    record.method = Some(method.into());
    record.uri = Some(uri.into());
    if let (Some(account), Some(role)) = (&request.account, &request.role) {
        record.targets.push(Target { kind: "role".into(), as_sent: format!("{account}/{role}") });
    }
    let mut say = |name: &'static str, value: Option<String>| {
        record.extra.extend(value.map(|value| (name.into(), value)));
    };
    say("mount", Some(request.mount.clone()).filter(|mount| !mount.is_empty()));
    match granted {
        [grant] => {
            say("granted", Some(format!("{}/{}", grant.account, grant.role)));
            say("grant_reason", Some(grant.reason.clone()).filter(|reason| !reason.is_empty()));
            say("duration_seconds", grant.duration_seconds.map(|seconds| seconds.to_string()));
            let (role_arn, name) = known_as.unzip();
            say("role_arn", role_arn);
            say("session_name", name.or_else(|| grant.session_name.clone()));
            say("source_identity", grant.source_identity.clone());
            let tags = session_tags::merged(&grant.tags, session_tags);
            let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
            say("tags", Some(tags.join(", ")).filter(|tags| !tags.is_empty()));
            say(
                "session_policy",
                grant.session_policy.as_ref().map(|policy| format!("{} bytes", policy.len())),
            );
        }
        grants => {
            let names = grants.iter().take(NAMED).map(|grant| format!("{}/{}", grant.account, grant.role));
            let mut names: Vec<_> = names.collect();
            if let Some(more @ 1..) = grants.len().checked_sub(NAMED) {
                names.push(format!("and {more} more"));
            }
            say("granted", Some(names.join(", ")).filter(|names| !names.is_empty()));
        }
    }
    for (name, value) in &request.principal.attributes {
        record.extra.push((name.clone().into(), value.clone()));
    }
}
