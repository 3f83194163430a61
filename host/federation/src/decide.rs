//! The seam between the door and whoever decides.
//!
//! The door finds out who asks for what; a [`Decider`] says which roles may be had. In production that is the engine
//! with the audit log (feature `door`); tests bring their own.

use portcullis_contract::aws::{Denial, Grant, Request};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use crate::mounts::Mounts;

/// A question of the door.
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
    /// When the request came.
    pub begun: Instant,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq)]
pub enum Ruling {
    /// What may be had: where a role was asked for, that one alone.
    Granted(Vec<Grant>),
    /// Nothing of what was asked.
    Refused(Refused),
}

/// Why nothing may be had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// For the caller.
    pub reason: String,
    /// The rule that fired.
    pub rule: String,
    /// The policy whose word it was; absent where it was the host's.
    pub policy: Option<Arc<str>>,
    /// Under which id it is recorded.
    pub id: String,
    /// Whether a fault, and not a policy's will, refused it.
    pub fault: bool,
}

/// A decision in the making.
pub type Deciding = Pin<Box<dyn Future<Output = Ruling> + Send>>;

/// Who decides.
pub trait Decider: Send + Sync + 'static {
    /// What is in force now; a request keeps to it until it is answered.
    fn in_force(&self) -> Arc<dyn InForce>;
}

/// Mounts and policies that went into force together.
pub trait InForce: Send + Sync {
    /// The mounts.
    fn mounts(&self) -> &Mounts;

    /// Whether every one of these policies is there to be asked.
    fn serves(&self, policies: &[Arc<str>]) -> bool;

    /// Decides, and leaves a record, whatever becomes of the caller. What cannot be decided is refused as a fault.
    fn decide(self: Arc<Self>, question: Question) -> Deciding;
}

/// What of everything that is granted answers the question: all of it where all is listed, and the one role where it
/// was asked for.
pub fn narrowed(
    request: &Request,
    grants: Vec<(Arc<str>, Grant)>,
    denials: &[(Arc<str>, Denial)],
) -> Result<Vec<(Arc<str>, Grant)>, Refused> {
    let id = || request.context.decision.clone();
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
    let denied = denials.iter().find(|(_, denial)| about(denial));
    Err(denied.map_or_else(
        || Refused {
            reason: "no policy grants you this role in this account".into(),
            rule: "host:no-grant".into(),
            id: id(),
            ..Refused::default()
        },
        |(policy, denial)| Refused {
            reason: if denial.reason.is_empty() {
                format!("policy `{policy}` denies it and gave no reason")
            } else {
                denial.reason.clone()
            },
            rule: denial.rule.clone(),
            policy: Some(Arc::clone(policy)),
            id: id(),
            fault: false,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(account: &str, role: &str) -> (Arc<str>, Grant) {
        ("first".into(), Grant { account: account.into(), role: role.into(), ..Grant::default() })
    }

    fn asked(account: &str, role: &str) -> Request {
        Request { account: Some(account.into()), role: Some(role.into()), ..Request::default() }
    }

    #[test]
    fn the_role_that_was_asked_for_and_no_other() {
        let grants = || vec![grant("a", "r"), grant("a", "s"), grant("b", "r")];
        assert_eq!(narrowed(&Request::default(), grants(), &[]).map(|found| found.len()), Ok(3));
        assert_eq!(narrowed(&asked("a", "s"), grants(), &[]), Ok(vec![grant("a", "s")]));
        for (account, role) in [("b", "s"), ("A", "r"), ("a", "R"), ("a", ""), ("", "r")] {
            let refused = narrowed(&asked(account, role), grants(), &[]).unwrap_err();
            assert_eq!((refused.rule.as_str(), refused.fault), ("host:no-grant", false), "{account}/{role}");
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
        let refused = narrowed(&asked("a", "r"), Vec::new(), &denials).unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.rule.as_str()), ("r is frozen until Monday", "frozen"));
        assert_eq!(refused.policy.as_deref(), Some("second"));
    }
}
