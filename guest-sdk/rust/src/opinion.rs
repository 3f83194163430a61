//! How a policy says what it thinks.

use crate::{Opinion, Verdict};

/// Makes opinions: `Opinion::deny("privileged", "use capabilities instead")`.
///
/// A rule is at most 64 bytes of `a-z 0-9 . _ : -`, a reason at most 1024 bytes; the host cuts what is longer.
pub trait MakeOpinion {
    /// It grants, by this rule.
    fn allow(rule: impl Into<String>) -> Self;
    /// It forbids. The reason is shown to the caller: say what to do instead.
    fn deny(rule: impl Into<String>, reason: impl Into<String>) -> Self;
    /// It has no objection and grants nothing.
    fn abstain() -> Self;
}

impl MakeOpinion for Opinion {
    fn allow(rule: impl Into<String>) -> Self {
        Self { verdict: Verdict::Allow, rule: rule.into(), ..Self::default() }
    }

    fn deny(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Deny, rule: rule.into(), reason: reason.into(), ..Self::default() }
    }

    fn abstain() -> Self {
        Self { verdict: Verdict::Abstain, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_rule_and_reason_are_kept() {
        let denial = Opinion::deny("r", "why");
        assert_eq!(denial.verdict, Verdict::Deny);
        assert_eq!((denial.rule.as_str(), denial.reason.as_str()), ("r", "why"));
        assert_eq!(Opinion::allow("r").verdict, Verdict::Allow);
        assert_eq!(Opinion::abstain().verdict, Verdict::Abstain);
    }
}
