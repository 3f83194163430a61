//! What this API adds to the record of a decision. Neither credentials nor console URLs ever come here: the record is
//! written before AWS is asked.

use portcullis_audit::{Principal, Record, Target};
use portcullis_authorization::access_mark;
use portcullis_contract::aws::{Grant, Request};
use portcullis_contract::types::{self, Verdict};
use portcullis_identity::FailedLogin;

use super::session_tags;
use crate::access::{AccessRequest, State};
use crate::decide::access_of;

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

/// The record of a sign-in or a sign-out on the page: who it was, or why it failed.
pub(super) fn sign_in(
    operation: &'static str,
    result: Result<&types::Principal, &str>,
    mount: &str,
    peer: Option<String>,
) -> Record {
    let context = portcullis_authorization::context("aws-federation", peer);
    let (verdict, rule, reason) = match result {
        Ok(_) => (Verdict::Allow, "host:authenticated", ""),
        Err(why) => (Verdict::Deny, "host:sign-in-failed", why),
    };
    let mut record = Record::authentication(context.decision, context.now, "aws-federation", verdict);
    record.rule = rule.into();
    record.reason = reason.into();
    record.operation = Some(operation.into());
    record.peer = context.peer;
    record.principal = result.ok().map(Into::into);
    record.extra.push(("mount".into(), mount.into()));
    record
}

/// The record of a step that was taken with a request for access, which its state tells.
pub(super) fn access(request: &AccessRequest, by: &types::Principal, peer: Option<String>) -> Record {
    let operation = match request.state {
        State::Open => "access-request",
        State::Approved => "access-approve",
        State::Denied => "access-deny",
        State::Revoked => "access-revoke",
    };
    of_request(operation, Verdict::Allow, request, by, peer)
}

/// The record of an approval that the host refuses.
pub(super) fn refused_approval(
    rule: &'static str,
    reason: String,
    request: &AccessRequest,
    by: &types::Principal,
    peer: Option<String>,
) -> Record {
    let mut record = of_request("access-approve", Verdict::Deny, request, by, peer);
    record.rule = rule.into();
    record.reason = reason;
    record
}

fn of_request(
    operation: &'static str,
    verdict: Verdict,
    request: &AccessRequest,
    by: &types::Principal,
    peer: Option<String>,
) -> Record {
    let context = portcullis_authorization::context("aws-federation", peer);
    let mut record = Record::change(context.decision, context.now, "aws-federation", verdict);
    record.rule = "host:access".into();
    record.operation = Some(operation.into());
    record.peer = context.peer;
    record.principal = Some(by.into());
    let role = format!("{}/{}", request.account, request.role);
    record.targets.push(Target { kind: "role".into(), as_sent: role });
    for (name, value) in [
        ("mount", request.mount.clone()),
        ("access", request.id.clone()),
        ("access_state", request.state.as_str().to_owned()),
        ("access_requester", request.requester.clone()),
        ("access_reason", request.reason.clone()),
        ("access_seconds", request.duration_seconds.to_string()),
        ("access_ends", request.ends.to_string()),
    ] {
        record.extra.push((name.into(), value));
    }
    record
}

/// As what AWS knows a session.
pub(super) struct KnownAs<'a> {
    /// The role's ARN and the session's name; absent where no session is asked for.
    pub(super) session: Option<(String, String)>,
    /// Tags beside granted ones.
    pub(super) tags: &'a [(String, String)],
}

/// How many roles of a list are named.
const NAMED: usize = 20;

/// Adds who asked for what, and what was granted.
///
/// By `known_as` everything done with a session is found in `CloudTrail`.
pub(super) fn describe(
    request: &Request,
    (method, uri): (&str, &str),
    granted: &[Grant],
    known_as: KnownAs<'_>,
    record: &mut Record,
) {
    record.principal = Some((&request.principal).into());
    record.operation = Some(request.purpose.clone().into());
    record.method = Some(method.into());
    record.uri = Some(uri.into());
    if let (Some(account), Some(role)) = (&request.account, &request.role) {
        record.targets.push(Target { kind: "role".into(), as_sent: format!("{account}/{role}") });
    }
    for name in ["access-request", "access-requester", "access-reason", "access-seconds"] {
        let value = request.extra.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        record.extra.extend(value.map(|value| (name.replace('-', "_").into(), value)));
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
            let (role_arn, name) = known_as.session.unzip();
            say("role_arn", role_arn);
            say("session_name", name.or_else(|| grant.session_name.clone()));
            say("access", access_of(grant).cloned());
            say("source_identity", grant.source_identity.clone());
            let tags = session_tags::merged(&grant.tags, known_as.tags);
            let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
            say("tags", Some(tags.join(", ")).filter(|tags| !tags.is_empty()));
            say(
                "session_policy",
                grant.session_policy.as_ref().map(|policy| format!("{} bytes", policy.len())),
            );
        }
        grants => {
            let mut names: Vec<_> = grants.iter().take(NAMED).map(named).collect();
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

/// A grant of a list; one that an approved request leads to names that.
fn named(grant: &Grant) -> String {
    let name = format!("{}/{}", grant.account, grant.role);
    match access_of(grant) {
        Some(access) if access_mark(grant).is_none() => format!("{name} (by request {access})"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_tells_grants_by_approval_apart() {
        let grant = |role: &str, access: Option<&str>| {
            let extra = access.map(|access| ("access".to_owned(), access.to_owned())).into_iter().collect();
            Grant { account: "a".into(), role: role.into(), extra, ..Grant::default() }
        };
        let grants = [grant("r", None), grant("s", Some("7f01")), grant("t", Some("request"))];
        let mut record = Record::authentication("id".to_owned(), 0, "aws-federation", Verdict::Allow);
        let known_as = KnownAs { session: None, tags: &[] };
        describe(&Request::default(), ("GET", "/account"), &grants, known_as, &mut record);
        let granted =
            record.extra.iter().find(|(name, _)| name == "granted").map(|(_, value)| value.as_str());
        assert_eq!(granted, Some("a/r, a/s (by request 7f01), a/t"));
    }
}
