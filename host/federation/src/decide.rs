//! The seam between the API and the authorization.
//!
//! The API finds out who asks for what; a [`Decider`] says which roles are granted. In production that is
//! `portcullis-authorization`; tests bring their own.

use portcullis_audit::Record;
pub(crate) use portcullis_authorization::{ACCESS, APPROVE, REQUEST};
use portcullis_authorization::{Granted, NamedGrants, NotReady, Refused, access_mark};
use portcullis_contract::aws::{Denial, Grant, Request};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::aws::{Session, excerpt};
use crate::mounts::Mounts;

/// The access that a grant is by, or its mark.
pub(crate) fn access_of(grant: &Grant) -> Option<&String> {
    grant.extra.iter().find(|(name, _)| name == ACCESS).map(|(_, value)| value)
}

/// Whether a grant answers what was asked: a policy that knows nothing of requests and of approving must grant neither.
fn is_for(grant: &Grant, purpose: &str) -> bool {
    access_mark(grant) == Some(purpose).filter(|purpose| [REQUEST, APPROVE].contains(purpose))
}

/// A request for a decision.
#[derive(Debug, Clone)]
pub struct Question {
    /// What the policies are told.
    pub request: Request,
    /// The policies that are asked.
    pub policies: Arc<[Arc<str>]>,
    /// The HTTP method.
    pub method: String,
    /// The URI as it was sent.
    pub uri: String,
    /// Tags of the session beside those that are granted, for the record.
    pub session_tags: Vec<(String, String)>,
    /// When the request came.
    pub begun: Instant,
}

/// A decision in the making.
pub type Deciding = Pin<Box<dyn Future<Output = Result<Vec<Grant>, Refused>> + Send>>;

/// Who decides.
pub trait Decider: Send + Sync + 'static {
    /// What is in force now; a request keeps to it until it is answered.
    fn in_force(&self) -> Arc<dyn InForce>;

    /// Queues a record that is of no decision. A failure is logged.
    fn record(&self, _record: Record) {}
}

/// Mounts and policies that went into force together.
pub trait InForce: Send + Sync {
    /// The mounts.
    fn mounts(&self) -> &Mounts;

    /// Whether requests of a mount with these policies can be decided and recorded.
    ///
    /// # Errors
    /// Why they cannot.
    fn ready(&self, policies: &[Arc<str>]) -> Result<(), NotReady>;

    /// Decides and writes a record, even if the caller hangs up. What cannot be decided is refused as a fault.
    fn decide(self: Arc<Self>, question: Question) -> Deciding;
}

/// What of everything that is granted answers the question: all of it where all is listed, and the one role where it
/// was asked for.
///
/// A role that AWS knows no such name for is not offered: it could be listed and never had.
///
/// # Errors
/// The role is not granted.
pub fn narrowed(request: &Request, Granted { grants, denials }: Granted) -> Result<NamedGrants, Refused> {
    let id = &request.context.decision;
    let grants: NamedGrants = grants
        .into_iter()
        .filter(|(policy, grant)| is_for(grant, &request.purpose) && is_possible(policy, grant))
        .collect();
    let (Some(account), Some(role)) = (&request.account, &request.role) else {
        return Ok(grants);
    };
    if let Some(grant) =
        grants.into_iter().find(|(_, grant)| grant.account == *account && grant.role == *role)
    {
        return Ok(vec![grant]);
    }
    let about = |denial: &Denial| {
        denial.account.as_ref().is_none_or(|denied| denied == account)
            && denial.role.as_ref().is_none_or(|denied| denied == role)
    };
    let Some((policy, denial)) = denials.iter().find(|(_, denial)| about(denial)) else {
        let reason = match request.purpose.as_str() {
            REQUEST => "no policy lets you request this role in this account",
            APPROVE => "no policy lets you approve or deny requests of this role in this account",
            _ => "no policy grants you this role in this account",
        };
        return Err(Refused::by_host("host:no-grant", reason, id));
    };
    let reason = if denial.reason.is_empty() {
        format!("policy `{policy}` denies it and gave no reason")
    } else {
        denial.reason.clone()
    };
    Err(Refused { policy: Some(Arc::clone(policy)), ..Refused::by_host(denial.rule.as_str(), reason, id) })
}

/// Whether AWS can have the role. The log says once what a policy grants in vain; the policy's reason names the group.
fn is_possible(policy: &str, grant: &Grant) -> bool {
    /// So many are remembered, and no others are told.
    const TOLD: usize = 1000;
    static SEEN: Mutex<BTreeSet<(String, String, String)>> = Mutex::new(BTreeSet::new());
    let Err(error) = Session::check_role(&grant.role) else { return true };
    let key = (policy.to_owned(), grant.account.clone(), grant.role.clone());
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.len() < TOLD && seen.insert(key) {
        tracing::warn!(
            policy, account = excerpt(&grant.account), reason = excerpt(&grant.reason), %error,
            "a policy grants a role that AWS cannot have; it is not offered"
        );
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(account: &str, role: &str) -> (Arc<str>, Grant) {
        ("first".into(), Grant { account: account.into(), role: role.into(), ..Grant::default() })
    }

    fn granted(grants: NamedGrants, denials: &[(Arc<str>, Denial)]) -> Granted {
        Granted { grants, denials: denials.to_vec() }
    }

    fn asked(account: &str, role: &str) -> Request {
        Request { account: Some(account.into()), role: Some(role.into()), ..Request::default() }
    }

    #[test]
    fn the_role_that_was_asked_for_and_no_other() {
        let grants = || vec![grant("a", "r"), grant("a", "s"), grant("b", "r")];
        assert_eq!(narrowed(&Request::default(), granted(grants(), &[])).map(|found| found.len()), Ok(3));
        assert_eq!(narrowed(&asked("a", "s"), granted(grants(), &[])), Ok(vec![grant("a", "s")]));
        for (account, role) in [("b", "s"), ("A", "r"), ("a", "R"), ("a", ""), ("", "r")] {
            let refused = narrowed(&asked(account, role), granted(grants(), &[])).unwrap_err();
            assert_eq!((refused.rule.as_str(), refused.fault), ("host:no-grant", false), "{account}/{role}");
        }
    }

    /// A policy that does not look at the purpose answers as for credentials.
    #[test]
    fn only_a_marked_grant_lets_request_or_approve() {
        let marked = |mark: Option<&str>| {
            let (policy, mut grant) = grant("a", "r");
            grant.extra.extend(mark.map(|mark| (ACCESS.to_owned(), mark.to_owned())));
            vec![(policy, grant)]
        };
        for (purpose, mark, is_granted) in [
            ("credentials", None, true),
            ("credentials", Some("7f01"), true),
            ("credentials", Some("request"), false),
            ("list", Some("approve"), false),
            ("request", None, false),
            ("request", Some("7f01"), false),
            ("request", Some("request"), true),
            ("request", Some("approve"), false),
            ("approve", None, false),
            ("approve", Some("request"), false),
            ("approve", Some("approve"), true),
        ] {
            for one in [true, false] {
                let mut request = if one { asked("a", "r") } else { Request::default() };
                request.purpose = purpose.into();
                let found =
                    narrowed(&request, granted(marked(mark), &[])).is_ok_and(|found| !found.is_empty());
                assert_eq!(found, is_granted, "{purpose} {mark:?} {one}");
            }
        }
        // An unmarked grant before a marked one does not hide it.
        let mut request = asked("a", "r");
        request.purpose = "approve".into();
        let both = [marked(None), marked(Some("approve"))].concat();
        assert!(narrowed(&request, granted(both, &[])).is_ok());
    }

    #[test]
    fn a_role_that_no_session_can_have_is_not_offered() {
        let long = "x".repeat(65);
        for role in ["a b", "a//b", "/a", "a/", "<img>", "r\u{f6}le", "", &long] {
            let grants = || granted(vec![grant("a", role), grant("a", "s")], &[]);
            assert_eq!(narrowed(&Request::default(), grants()), Ok(vec![grant("a", "s")]), "{role}");
            assert_eq!(narrowed(&asked("a", role), grants()).unwrap_err().rule, "host:no-grant", "{role}");
        }
    }

    #[test]
    fn a_denial_that_is_about_it_says_why() {
        let denial = |account: Option<&str>, role: Option<&str>, reason: &str| {
            let denial = Denial {
                account: account.map(Into::into),
                role: role.map(Into::into),
                reason: reason.into(),
                rule: "frozen".into(),
                ..Denial::default()
            };
            (Arc::from("second"), denial)
        };
        let denials = [denial(Some("b"), None, "other"), denial(None, Some("r"), "r is frozen until Monday")];
        let refused = narrowed(&asked("a", "r"), granted(Vec::new(), &denials)).unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.rule.as_str()), ("r is frozen until Monday", "frozen"));
        assert_eq!(refused.policy.as_deref(), Some("second"));
    }
}
