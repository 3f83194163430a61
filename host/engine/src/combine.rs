//! How the answers of several policies become one. Pure: no store, no clock.
//!
//! As AWS IAM does: any denial or fault wins, else any `allow`, else refused. `abstain` means no objection.

use portcullis_contract::aws::{Answer, Denial, Grant};
use portcullis_contract::types::{Opinion, Verdict};
use std::collections::HashSet;

use crate::Fault;

/// What it came to, and who brought it about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Whether a fault is the cause.
    pub fault: bool,
    /// Whether load is the cause, so that the same request may be allowed later.
    pub overloaded: bool,
    /// For the caller; empty where it is allowed.
    pub reason: String,
    /// The rule; `host:...` where no policy's rule is the cause.
    pub rule: String,
    /// The policy whose word it is, by its place in the list.
    pub by: Option<usize>,
}

impl Ruling {
    fn refused(rule: &str, reason: &str) -> Self {
        Self { reason: reason.into(), rule: rule.into(), ..Self::default() }
    }

    /// Everybody answered, and what may be had is a list.
    pub fn listed() -> Self {
        Self { allowed: true, ..Self::default() }
    }

    /// No policy is there to ask.
    pub fn no_policy(hook: portcullis_contract::HookName) -> Self {
        Self::refused("host:no-policy", &format!("no policy decides on `{hook}`"))
    }

    fn fault(by: usize, policy: &str, fault: &Fault) -> Self {
        Self {
            fault: true,
            overloaded: fault.is_overload(),
            reason: format!("policy `{policy}` could not decide: {}", fault.public()),
            rule: format!("host:{}", fault.name()),
            by: Some(by),
            ..Self::default()
        }
    }
}

/// What one policy said, with its name for the texts.
pub type Said<'a> = (&'a str, &'a Result<Opinion, Fault>);

/// What one policy's word settles regardless of the others: a denial or a fault.
pub fn settles(by: usize, (policy, said): Said<'_>) -> Option<Ruling> {
    match said {
        Err(fault) => Some(Ruling::fault(by, policy, fault)),
        Ok(opinion) if opinion.verdict == Verdict::Deny => Some(Ruling {
            reason: if opinion.reason.is_empty() {
                format!("policy `{policy}` refused it and gave no reason")
            } else {
                opinion.reason.clone()
            },
            rule: opinion.rule.clone(),
            by: Some(by),
            ..Ruling::default()
        }),
        Ok(_) => None,
    }
}

/// Before the act: any denial or fault, else any grant, else refused.
pub fn before<'a>(said: impl IntoIterator<Item = Said<'a>>) -> Ruling {
    let mut granted = None;
    for (by, said) in said.into_iter().enumerate() {
        if let Some(ruling) = settles(by, said) {
            return ruling;
        }
        if let Ok(Opinion { verdict: Verdict::Allow, rule, .. }) = said.1 {
            granted.get_or_insert_with(|| Ruling {
                allowed: true,
                rule: rule.clone(),
                by: Some(by),
                ..Ruling::default()
            });
        }
    }
    granted.unwrap_or_else(|| Ruling::refused("host:no-grant", "no policy allowed it"))
}

/// After the act: any denial or fault withholds the answer, otherwise it passes.
pub fn after<'a>(said: impl IntoIterator<Item = Said<'a>>) -> Ruling {
    let passed = Ruling { allowed: true, ..Ruling::default() };
    said.into_iter().enumerate().find_map(|(by, said)| settles(by, said)).unwrap_or(passed)
}

/// Edits of several policies: any fault refuses.
///
/// # Errors
/// The first fault.
pub fn edits<'a, T: 'a>(
    said: impl IntoIterator<Item = (&'a str, &'a Result<T, Fault>)>,
) -> Result<Ruling, Ruling> {
    let fault = said.into_iter().enumerate().find_map(|(by, (policy, answer))| {
        answer.as_ref().err().map(|fault| Ruling::fault(by, policy, fault))
    });
    fault.map_or_else(|| Ok(Ruling::listed()), Err)
}

/// What `aws-roles` came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Roles {
    /// Everybody answered.
    Granted {
        /// What may be had, each with the policy that gave it.
        grants: Vec<(usize, Grant)>,
        /// What may not, each with the policy that said so.
        denials: Vec<(usize, Denial)>,
    },
    /// A policy could not answer: nothing is granted.
    Refused(Ruling),
}

/// Name in `extra` of a grant of `aws-roles`: which approved access it is by, or one of the marks [`REQUEST`] and [`APPROVE`].
pub const ACCESS: &str = "access";
/// Purpose of `aws-roles`, and mark of grants that say which roles may be requested.
pub const REQUEST: &str = "request";
/// Purpose of `aws-roles`, and mark of grants that say which requests may be approved.
pub const APPROVE: &str = "approve";

/// The mark of a grant that is about requests for a role. Others are about the role itself.
pub fn access_mark(grant: &Grant) -> Option<&str> {
    let access = grant.extra.iter().find(|(name, _)| name == ACCESS)?;
    Some(access.1.as_str()).filter(|mark| [REQUEST, APPROVE].contains(mark))
}

/// The denials of all policies are applied first; for one account, role and mark the first policy in order supplies
/// every parameter; a fault means that nothing is granted.
pub fn roles<'a>(said: impl IntoIterator<Item = (&'a str, &'a Result<Answer, Fault>)>) -> Roles {
    let mut denials: Vec<(usize, &Denial)> = Vec::new();
    let mut grants: Vec<(usize, &Grant)> = Vec::new();
    // Sets, since a list has as many lines as its policy likes.
    let mut known = HashSet::new();
    for (by, (policy, answer)) in said.into_iter().enumerate() {
        match answer {
            Err(fault) => {
                return Roles::Refused(Ruling::fault(by, policy, fault));
            }
            Ok(answer) => {
                denials.extend(answer.denials.iter().map(|denial| (by, denial)));
                for grant in &answer.grants {
                    if known.insert((&grant.account, &grant.role, access_mark(grant))) {
                        grants.push((by, grant));
                    }
                }
            }
        }
    }
    let denied: HashSet<_> =
        denials.iter().map(|(_, denial)| (denial.account.as_ref(), denial.role.as_ref())).collect();
    let denied = |Grant { account, role, .. }: &Grant| {
        [(Some(account), Some(role)), (Some(account), None), (None, Some(role)), (None, None)]
            .iter()
            .any(|pair| denied.contains(pair))
    };
    grants.retain(|(_, grant)| !denied(grant));
    Roles::Granted {
        grants: grants.into_iter().map(|(by, grant)| (by, grant.clone())).collect(),
        denials: denials.into_iter().map(|(by, denial)| (by, denial.clone())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside faults")]
    fn says(verdict: Verdict) -> Result<Opinion, Fault> {
        Ok(Opinion { verdict, reason: format!("{verdict:?}"), rule: "r".into(), extra: vec![] })
    }

    fn ruled(said: &[Result<Opinion, Fault>], combine: fn(Vec<Said<'_>>) -> Ruling) -> (bool, Option<usize>) {
        let ruling = combine(said.iter().map(|said| ("p", said)).collect());
        (ruling.allowed, ruling.by)
    }

    #[test]
    fn before_the_act() {
        use Verdict::{Abstain, Allow, Deny};
        let fault = || Err(Fault::LogFlood);
        let before = |said: &[_]| ruled(said, |said| super::before(said));
        assert_eq!(before(&[]), (false, None));
        assert_eq!(before(&[says(Abstain)]), (false, None));
        assert_eq!(before(&[says(Abstain), says(Allow)]), (true, Some(1)));
        assert_eq!(before(&[says(Allow), says(Abstain)]), (true, Some(0)));
        assert_eq!(before(&[says(Allow), says(Deny)]), (false, Some(1)));
        assert_eq!(before(&[says(Deny), says(Allow)]), (false, Some(0)));
        assert_eq!(before(&[says(Allow), fault()]), (false, Some(1)));
        assert_eq!(before(&[fault(), says(Deny)]), (false, Some(0)));
    }

    #[test]
    fn after_the_act() {
        use Verdict::{Abstain, Allow, Deny};
        let after = |said: &[_]| ruled(said, |said| super::after(said));
        assert_eq!(after(&[]), (true, None));
        assert_eq!(after(&[says(Abstain)]), (true, None));
        assert_eq!(after(&[says(Allow), says(Deny)]), (false, Some(1)));
        assert_eq!(after(&[says(Allow), Err(Fault::QueueFull)]), (false, Some(1)));
    }

    #[test]
    fn a_denial_always_has_a_reason() {
        let silent = Ok(Opinion { verdict: Verdict::Deny, ..Opinion::default() });
        assert!(before([("guard", &silent)]).reason.contains("`guard`"));
    }

    fn grant(account: &str, role: &str, reason: &str) -> Grant {
        Grant { account: account.into(), role: role.into(), reason: reason.into(), ..Grant::default() }
    }

    #[test]
    fn roles_of_two_policies() {
        let first = Ok(Answer {
            grants: vec![grant("1", "admin", "first"), grant("1", "read", "first")],
            ..Answer::default()
        });
        let second = Ok(Answer {
            grants: vec![grant("1", "read", "second"), grant("2", "read", "second")],
            denials: vec![Denial { role: Some("admin".into()), ..Denial::default() }],
            ..Answer::default()
        });
        let Roles::Granted { grants, denials } = roles([("a", &first), ("b", &second)]) else {
            panic!("refused")
        };
        assert_eq!(grants, [(0, grant("1", "read", "first")), (1, grant("2", "read", "second"))]);
        assert_eq!(denials.iter().map(|(by, _)| *by).collect::<Vec<_>>(), [1]);
        // A policy that does not look at the purpose hides no grant of another that does.
        let marked = |mark: &str, reason: &str| Grant {
            extra: vec![(ACCESS.into(), mark.into())],
            ..grant("1", "read", reason)
        };
        let third = Ok(Answer {
            grants: vec![marked("approve", "third"), marked("request", "third"), marked("7f01", "third")],
            ..Answer::default()
        });
        let Roles::Granted { grants, .. } = roles([("a", &first), ("c", &third)]) else { panic!("refused") };
        let expected = [
            (0, grant("1", "admin", "first")),
            (0, grant("1", "read", "first")),
            (1, marked("approve", "third")),
        ];
        assert_eq!(grants, [&expected[..], &[(1, marked("request", "third"))]].concat());
        let broken = Err(Fault::LogFlood);
        assert!(matches!(roles([("a", &first), ("b", &broken)]), Roles::Refused(_)));
    }
}
